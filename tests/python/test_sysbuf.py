#!/usr/bin/python3
"""python/sysbuf.py on the host: each call, its errors, and the ends of things."""
import os
import pathlib
import struct
import threading
import time
import unittest

import sysbuf
from sysbuf import Code

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVERS = pathlib.Path(os.environ.get("SYSBUF_DRIVERS",
                                      ROOT / "build" / "windows-x64" / "tests" / "drivers"))
ECHO, FAIL, POST, POST_ALL, FLOOD, TIMER, ASK, OPEN, _, SUM = (
    sysbuf.control_code(0x900 + number) for number in range(10))
SEND = sysbuf.control_code(0x908, 1)
FETCH = sysbuf.control_code(0x90A, 2)
WAIT, RELEASE = sysbuf.control_code(0x90B), sysbuf.control_code(0x90C)
SAY, REVERSE, RING_SUM = (sysbuf.control_code(0x800 + number) for number in range(3))


class Case(unittest.TestCase):
    def fails(self, code, function, *arguments, **options):
        with self.assertRaises(sysbuf.Error) as caught:
            function(*arguments, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception


class Services(Case):
    def test_a_service_from_installation_to_its_end(self):
        path = DRIVERS / "echo.sys"
        self.fails(Code.NOT_INSTALLED, sysbuf.start, "PyEcho")
        sysbuf.install("PyEcho", path)
        self.addCleanup(lambda: self.fails(Code.NOT_INSTALLED, sysbuf.status, "PyEcho"))
        self.fails(Code.ALREADY_INSTALLED, sysbuf.install, "PyEcho", path)
        self.assertEqual(sysbuf.status("PyEcho"), sysbuf.State.STOPPED)
        sysbuf.start("PyEcho")
        self.assertEqual(sysbuf.status("PyEcho"), sysbuf.State.RUNNING)
        self.fails(Code.ALREADY_RUNNING, sysbuf.start, "PyEcho")
        sysbuf.stop("PyEcho")
        self.fails(Code.NOT_RUNNING, sysbuf.stop, "PyEcho")
        sysbuf.uninstall("PyEcho")

    def test_files_that_are_no_drivers(self):
        self.fails(Code.FILE_NOT_FOUND, sysbuf.install, "PyNone", "/nowhere.sys")
        self.fails(Code.BAD_IMAGE, sysbuf.install, "PyNone", __file__)

    def test_an_error_says_the_librarys_sentence(self):
        error = self.fails(Code.NOT_FOUND, sysbuf.open, r"\\.\Nothing")
        self.assertRegex(str(error), r"^[A-Z].*\.$")
        self.fails(Code.ARGUMENT, sysbuf.open, "Nothing")


class Channels(Case):
    @classmethod
    def setUpClass(cls):
        sysbuf.install("SbChannels", DRIVERS / "channels.sys")
        sysbuf.start("SbChannels")

    @classmethod
    def tearDownClass(cls):
        sysbuf.uninstall("SbChannels")

    def setUp(self):
        self.device = sysbuf.open(r"\\.\SbChannels")
        self.addCleanup(self.device.close)

    def test_a_call_and_its_reply(self):
        self.assertEqual(self.device.call(ECHO, b"a\0b", capacity=10), b"a\0b")
        self.assertEqual(self.device.call(ECHO, memoryview(b"abcd")[1:3], capacity=2), b"bc")
        self.assertEqual(self.device.call(ECHO, bytearray(b"x"), capacity=1, timeout=5), b"x")

    def test_what_is_refused(self):
        self.fails(Code.UNKNOWN_COMMAND, self.device.call, sysbuf.control_code(0xABC))
        self.assertNotEqual(self.fails(Code.SYSTEM, self.device.call, FAIL).system, 0)
        with self.assertRaises(sysbuf.Truncated) as caught:
            self.device.call(ECHO, b"12345678", capacity=4)
        self.assertEqual((caught.exception.code, caught.exception.reply),
                         (Code.TRUNCATED, b"1234"))

    def test_a_time_limit(self):
        with self.assertRaises(TimeoutError):
            self.device.call(WAIT, capacity=1, timeout=0.05)

    def test_a_closed_device(self):
        self.device.close()
        self.device.close()
        with self.assertRaises(ValueError):
            self.device.call(ECHO)

    def test_closing_ends_calls_of_other_threads(self):
        ends = []
        before = self.device.statistics()["calls that waited"]

        def wait():
            ends.append(self.fails(Code.CLOSED, self.device.call, WAIT, capacity=1).code)

        thread = threading.Thread(target=wait)
        thread.start()
        while self.device.statistics()["calls that waited"] == before:
            time.sleep(0.01)
        self.device.close()
        thread.join(30)
        self.assertEqual(ends, [Code.CLOSED])

    def test_handshake_and_contract(self):
        protocol = self.device.handshake()
        self.assertEqual((protocol.format, protocol.protocol, protocol.contract), (2, 2, 5))
        self.assertEqual((protocol.notify_capacity, protocol.notify_maximum), (64, 256))
        self.assertTrue(protocol.features & protocol.NOTIFY)
        self.assertFalse(protocol.features & protocol.RING)
        self.assertEqual(self.device.contract(), 5)

    def test_statistics_by_name(self):
        before = self.device.statistics()
        self.device.call(ECHO, b"1234567", capacity=7)
        now = self.device.statistics()
        self.assertGreater(now["calls"], before["calls"])
        self.assertGreaterEqual(now["bytes in"] - before["bytes in"], 7)

    def test_read_and_write(self):
        self.assertEqual(self.device.write(b"through the pipe"), 16)
        self.assertEqual(self.device.read(7), b"through")
        self.assertEqual(self.device.read(100, timeout=5), b" the pipe")
        self.assertRaises(sysbuf.Timeout, self.device.read, 1, timeout=0.05)

    def test_direct(self):
        self.device.send(SEND, b"\1\2\3" * 100)
        self.assertEqual(self.device.call(SUM, capacity=8), struct.pack("<Q", 600))
        self.assertEqual(self.device.call(FETCH, b"\5", capacity=5), bytes([5, 12, 19, 26, 33]))

    def test_notifications(self):
        with self.device.subscribe() as messages:
            self.device.call(POST, b"one")
            self.device.call(POST_ALL, b"")
            first, second = messages.receive(5), messages.receive(5)
            self.assertEqual((first, first.sequence, first.lost, first.question),
                             (b"one", 1, 0, 0))
            self.assertEqual((second, second.sequence), (b"", 2))
            self.assertRaises(TimeoutError, messages.receive, 0)
            self.assertEqual(messages.state()["delivered"], 2)
            self.fails(Code.STATE, self.device.subscribe)

    def test_iterating_over_many(self):
        with self.device.subscribe(pending=16) as messages:
            self.device.call(FLOOD, struct.pack("<Q", 2000))
            for number, message in enumerate(messages):
                self.assertEqual(struct.unpack("<QQ", message)[0], number)
                if number == 1999:
                    break

    def test_a_question_is_answered(self):
        own = self.device.call(OPEN, capacity=8)
        with sysbuf.open(r"\\.\SbChannels") as other, self.device.subscribe() as messages:
            replies = []
            thread = threading.Thread(target=lambda: replies.append(
                other.call(ASK, own + struct.pack("<II", 5000, 0) + b"what?", capacity=20)))
            thread.start()
            question = messages.receive(5)
            self.assertEqual(question, b"what?")
            messages.answer(question, b"that")
            thread.join(30)
            self.assertEqual(replies, [b"that"])
            self.fails(Code.TOO_LATE, messages.answer, question, b"again")

    def test_batches(self):
        with self.device.batch() as batch:
            self.assertEqual(batch.add(ECHO, b"first", 5), 0)
            self.assertEqual(batch.add(FAIL), 1)
            self.assertEqual(batch.add(ECHO, b"third", 2), 2)
            first, second, third = batch.run()
            self.assertEqual((first, second.code, third.reply), (b"first", Code.SYSTEM, b"th"))
            third = batch.run(stop_at_failure=True)[2]
            self.assertEqual(third.code, Code.NOT_RUN)

    def test_parallel_calls(self):
        def work(letter):
            for _ in range(300):
                self.assertEqual(self.device.call(ECHO, letter * 50, capacity=50), letter * 50)
            done.append(letter)

        done = []
        threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(done), [b"a", b"b", b"c"])


class Rings(Case):
    @classmethod
    def setUpClass(cls):
        sysbuf.install("SbRinger", DRIVERS / "ringer.sys")
        sysbuf.start("SbRinger")

    @classmethod
    def tearDownClass(cls):
        sysbuf.uninstall("SbRinger")

    def test_messages_both_ways_and_calls(self):
        with sysbuf.open(r"\\.\SbRinger") as device:
            ring = device.ring(message_maximum=4096)
            self.assertEqual(ring.message_maximum, 4096)
            for number in range(100):
                message = struct.pack("<II", 1, number) + b"x" * number
                ring.send(message, 5)
                self.assertEqual(ring.receive(5), message)
            self.assertEqual(ring.call(REVERSE, b"abc", 3, timeout=5), b"cba")
            self.fails(Code.RING_EMPTY, ring.receive, 0)
            self.fails(Code.ARGUMENT, ring.send, b"x" * 4097)
            self.fails(Code.RING_OPEN, device.ring)
            self.assertEqual(ring.statistics()["sent"], 101)
            self.assertEqual(device.ring_report()["to_driver"]["messages"], 101)
            ring.send(struct.pack("<II", 5, 0))
            self.fails(Code.CLOSED, ring.receive, 5)
            self.assertEqual(device.ring_report()["reason"], 2)

    def test_sizes_are_refused(self):
        with sysbuf.open(r"\\.\SbRinger") as device:
            self.fails(Code.RING_SIZES, device.ring, to_driver_capacity=5000)
            self.fails(Code.RING_LIMIT, device.ring, to_driver_capacity=1 << 26)
            device.ring().close()
            device.ring()  # closed with the device


if __name__ == "__main__":
    unittest.main()
