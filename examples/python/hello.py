#!/usr/bin/python3
"""MyDevice from Python: PYTHONPATH=python examples/python/hello.py mydevice.sys"""
import struct
import sys

import sysbuf

HELLO = sysbuf.control_code(0x800)

sysbuf.install("MyDevice", sys.argv[1])
sysbuf.start("MyDevice")
with sysbuf.open(r"\\.\MyDevice") as device:
    print("contract", device.contract())
    reply = device.call(HELLO, struct.pack("<5I", 1, 0x1000, 0x2000, 20, 42), capacity=14)
    print(reply.rstrip(b"\0").decode())
    try:
        device.call(HELLO, b"too short", capacity=14)
    except sysbuf.Error as error:
        print(error.code.name, error)
    for name, value in device.statistics().items():
        if value:
            print(f"{name:26} {value}")
sysbuf.stop("MyDevice")
sysbuf.uninstall("MyDevice")
