#!/usr/bin/python3
"""Writes seeds for tests/fuzz/unwind.c: one valid function of each shape. Argument: a folder."""
import os
import struct
import sys

CODE, INFO = 0x100, 0x200


def image(codes, version=1, flags=0, prologue=16, frame=0, tail=b"", code=b"\x90" * 32):
    """An image with one function of 64 bytes and its unwind information."""
    if len(codes) % 2:
        padding = b"\0\0"
    else:
        padding = b""
    info = struct.pack("<BBBB", version | flags << 3, prologue, len(codes), frame)
    info += b"".join(codes) + padding + tail
    table = struct.pack("<III", CODE, CODE + 64, INFO)
    return table.ljust(CODE, b"\0") + code.ljust(INFO - CODE, b"\xcc") + info


def code(offset, operation, info):
    return bytes([offset, operation | info << 4])


def slot(value):
    return struct.pack("<H", value)


SEEDS = {
    "push": image([code(12, 2, 3), code(8, 0, 3), code(4, 0, 5)]),
    "large": image([code(12, 1, 0), slot(100)]),
    "huge": image([code(12, 1, 1), slot(0x80), slot(0)]),
    "frame": image([code(12, 3, 0), code(8, 2, 3), code(4, 0, 5)], frame=0x25),
    "save": image([code(14, 8, 6), slot(2), code(12, 4, 3), slot(6), code(8, 2, 15)]),
    "far": image([code(14, 9, 6), slot(32), slot(0), code(12, 5, 3), slot(64), slot(0)]),
    "handler": image([code(4, 2, 3)], flags=1, tail=struct.pack("<II", 0x180, 0)),
    "chained": image([code(4, 4, 3), slot(1)], flags=4,
                     tail=struct.pack("<III", CODE, CODE + 64, INFO)),
    "machine": image([code(0, 10, 1)]),
    "version2": image([code(6, 6, 1), code(20, 6, 0), code(4, 2, 3), code(1, 0, 3)], version=2),
    "epilogue": image([code(4, 2, 3), code(1, 0, 3)], prologue=4,
                      code=b"\x90" * 16 + bytes.fromhex("4883c4205bc3")),
    "tailcall": image([code(4, 2, 3), code(1, 0, 3)], prologue=4,
                      code=b"\x90" * 16 + bytes.fromhex("4883c4205be9f0ffff7f")),
}

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for name, contents in SEEDS.items():
    for pc in (CODE + 2, CODE + 16, CODE + 40):
        with open(os.path.join(folder, f"{name}-{pc:x}"), "wb") as seed:
            seed.write(struct.pack("<HHHH", pc, 3, 0, 0) + contents)
