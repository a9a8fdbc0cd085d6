#!/usr/bin/python3
"""socket_notify.py PORT SECRET: subscribes to the channels driver over its socket, hears what a flood
and a timer's DPC post, and answers a question of the driver's."""
import struct
import sys
import threading

import sysbuf

FLOOD, TIMER, ASK, OPEN = (sysbuf.control_code(0x900 + number) for number in (4, 5, 6, 7))
COUNT = 2000


def connect():
    return sysbuf.open_socket(f"tcp://127.0.0.1:{sys.argv[1]}", sys.argv[2].encode(), timeout=20)


with connect() as device, connect() as other, device.subscribe() as messages:
    device.call(FLOOD, struct.pack("<Q", COUNT), timeout=20)
    for number in range(COUNT):
        message = messages.receive(20)
        assert struct.unpack("<QQ", message)[0] == number, (number, message)
        assert (message.sequence, message.lost) == (number + 1, 0)
    device.call(TIMER, struct.pack("<I", 20), timeout=20)
    assert messages.receive(20) == b"t"
    own, replies = device.call(OPEN, capacity=8, timeout=20), []
    thread = threading.Thread(target=lambda: replies.append(
        other.call(ASK, own + struct.pack("<II", 10000, 0) + b"why", capacity=20, timeout=20)))
    thread.start()
    messages.answer(messages.receive(20), b"because")
    thread.join()
    assert replies == [b"because"], replies
    print(f"heard {COUNT} and answered")
