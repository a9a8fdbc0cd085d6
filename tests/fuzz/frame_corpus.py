#!/usr/bin/python3
"""Writes whole, short and wrong frames of the socket channel as seeds: frame_corpus.py FOLDER."""
import os
import struct
import sys

MAGIC = 0x4B534253
TYPES = {"challenge": (1, 40), "answer": (2, 72), "welcome": (3, 48), "refusal": (4, 0),
         "request": (5, 20), "reply": (6, 33)}


def frame(kind, length=None, **fields):
    number, payload = TYPES[kind]
    length = payload if length is None else length
    header = struct.pack("<8I", MAGIC, number, length, fields.get("sequence", 0),
                         fields.get("code", 0), fields.get("capacity", 0),
                         fields.get("status", 0), 0)
    return header + bytes(range(256))[:payload]


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    request = frame("request", sequence=1, code=0x222000, capacity=64)
    seeds = {kind: bytes([1 << number, 60]) + frame(kind) for kind, (number, _) in TYPES.items()}
    seeds["stream"] = bytes([32, 6]) + request * 5
    seeds["long"] = bytes([32, 31]) + frame("request", length=0x100001)
    seeds["longest"] = bytes([32, 31]) + frame("request", length=0xFFFFFFFF)
    seeds["small"] = bytes([33, 31]) + request
    for name, data in seeds.items():
        with open(os.path.join(folder, name), "wb") as output:
            output.write(data)


if __name__ == "__main__":
    main()
