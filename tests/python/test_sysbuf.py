#!/usr/bin/python3
"""python/sysbuf.py on the host: each call, its errors, and the ends of things."""
import gc
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
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


def end_of(source):
    """How a receive without a message and without a limit ends: an error's code; CLOSED as well
    where the closing came before it."""
    try:
        return source.receive()
    except sysbuf.Error as error:
        return error.code
    except ValueError:
        return Code.CLOSED


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


class Callbacks(Case):
    """Subscriptions that call, and the ends of objects that others use."""

    setUpClass = Channels.setUpClass
    tearDownClass = Channels.tearDownClass
    setUp = Channels.setUp

    def test_a_callback_hears_all_in_order(self):
        heard, done = [], threading.Event()

        def receive(message):
            heard.append((struct.unpack("<QQ", message)[0], message.sequence))
            if len(heard) == 2000:
                done.set()

        with self.device.subscribe(receive=receive) as messages:
            self.fails(Code.STATE, messages.receive, 0)
            self.device.call(FLOOD, struct.pack("<Q", 2000))
            self.assertTrue(done.wait(30))
        self.assertEqual(heard, [(number, number + 1) for number in range(2000)])

    def test_a_callback_answers(self):
        own = self.device.call(OPEN, capacity=8)
        with sysbuf.open(r"\\.\SbChannels") as other:
            messages = self.device.subscribe(receive=lambda message: messages.answer(message, b"it"))
            self.assertEqual(other.call(ASK, own + struct.pack("<II", 5000, 0) + b"?", capacity=9),
                             b"it")

    def test_what_a_callback_raises_is_reported_and_ends_nothing(self):
        reported, heard, hook = [], threading.Event(), threading.excepthook

        def receive(message):
            if message == b"bad":
                raise ArithmeticError("on purpose")
            heard.set()

        threading.excepthook = reported.append
        try:
            with self.device.subscribe(receive=receive):
                self.device.call(POST, b"bad")
                self.device.call(POST, b"good")
                self.assertTrue(heard.wait(10))
        finally:
            threading.excepthook = hook
        self.assertEqual([str(report.exc_value) for report in reported], ["on purpose"])

    def test_a_callback_cannot_close_what_it_is_called_by(self):
        raised, done = [], threading.Event()

        def receive(_):
            for close in (messages.close, self.device.close):
                try:
                    close()
                except RuntimeError as error:
                    raised.append(error)
            done.set()

        messages = self.device.subscribe(receive=receive)
        self.device.call(POST, b"x")
        self.assertTrue(done.wait(10))
        self.assertEqual(len(raised), 2)
        messages.close()
        self.assertEqual(self.device.call(ECHO, b"x", capacity=1), b"x")

    def test_closing_waits_for_a_callback(self):
        begun, ended = threading.Event(), []

        def receive(_):
            begun.set()
            time.sleep(0.1)
            ended.append(True)

        messages = self.device.subscribe(receive=receive)
        self.device.call(POST, b"x")
        self.assertTrue(begun.wait(10))
        messages.close()
        self.assertEqual(ended, [True])

    def test_closing_in_a_flood_of_callbacks(self):
        for _ in range(20):
            with sysbuf.open(r"\\.\SbChannels") as device:
                device.subscribe(receive=bytes)
                flood = self.until_taken(device.call, FLOOD, struct.pack("<Q", 1000000000))
                self.assertEqual(flood, b"")

    def until_taken(self, call, *arguments):
        """The last flood's thread may not have noticed yet that its subscriber has gone."""
        for _ in range(5000):
            try:
                return call(*arguments)
            except sysbuf.Error:
                time.sleep(0.001)
        return self.fail("the driver is still busy")

    def test_closing_ends_a_receive_and_an_iteration(self):
        messages = self.device.subscribe()
        ends = []
        threads = [threading.Thread(target=lambda: ends.append(end_of(messages))),
                   threading.Thread(target=lambda: ends.append(list(messages)))]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        messages.close()
        for thread in threads:
            thread.join(30)
        self.assertCountEqual(ends, [Code.CLOSED, []])

    def test_several_threads_close_at_once(self):
        for _ in range(50):
            device = sysbuf.open(r"\\.\SbChannels")
            device.subscribe()
            device.batch()
            threads = [threading.Thread(target=device.close) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
                self.assertFalse(thread.is_alive())

    def test_closing_while_others_call(self):
        """Each call has its answer, or is told that there is none; nothing else."""
        def work(device, ends):
            try:
                while True:
                    if device.call(ECHO, b"abc", capacity=3) != b"abc":
                        ends.append("a wrong reply")
            except (sysbuf.Error, ValueError) as error:
                ends.append(getattr(error, "code", Code.CLOSED))

        for _ in range(30):
            device, ends = sysbuf.open(r"\\.\SbChannels"), []
            threads = [threading.Thread(target=work, args=(device, ends)) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.003)
            device.close()
            for thread in threads:
                thread.join(30)
            self.assertEqual(ends, [Code.CLOSED] * 4)

    def test_what_is_closed_says_so(self):
        messages, batch = self.device.subscribe(), self.device.batch()
        self.device.close()
        for call in (self.device.subscribe, self.device.ring, self.device.statistics,
                     self.device.handshake, messages.receive, messages.state, batch.run,
                     lambda: self.device.read(1), lambda: self.device.write(b"x"),
                     lambda: batch.add(ECHO), messages.__enter__, self.device.__enter__):
            self.assertRaises(ValueError, call)
        self.assertEqual(list(messages), [])
        for thing in (messages, batch, self.device):
            thing.close()

    def test_what_nobody_has_any_more_is_closed(self):
        closed = self.device.statistics()["opens"]
        device = sysbuf.open(r"\\.\SbChannels")
        device.subscribe()
        del device
        gc.collect()
        self.assertEqual(self.device.statistics()["opens"], closed + 1)
        self.assertEqual(self.fails(Code.TOO_LATE, self.device.call, POST, b"x").code,
                         Code.TOO_LATE)  # nobody is subscribed


EXIT = """
import struct, sys, threading, sysbuf
sysbuf.install("SbChannels", sys.argv[1])
sysbuf.start("SbChannels")
device, heard = sysbuf.open(r"\\\\.\\SbChannels"), threading.Event()
device.subscribe(receive=lambda message: heard.set())
device.call(0x222410, struct.pack("<Q", 1000000000))
waiting = sysbuf.open(r"\\\\.\\SbChannels")
threading.Thread(target=lambda: waiting.call(0x22242C, capacity=1), daemon=True).start()
threading.Thread(target=lambda: waiting.subscribe().receive(), daemon=True).start()
heard.wait()
print("heard")
"""


class Programs(unittest.TestCase):
    def run_program(self, text, *arguments):
        return subprocess.run([sys.executable, "-c", text, *arguments], capture_output=True,
                              text=True, timeout=60, check=False)

    def test_an_exit_with_everything_under_way(self):
        """A callback in a flood, a thread that waits in a call and one that receives."""
        for _ in range(5):
            ended = self.run_program(EXIT, str(DRIVERS / "channels.sys"))
            self.assertEqual((ended.returncode, ended.stdout), (0, "heard\n"), ended.stderr)

    def test_a_trace(self):
        text = ("import sys, sysbuf; sysbuf.trace(sys.argv[1]); sysbuf.install('E', sys.argv[2]); "
                "sysbuf.start('E'); sysbuf.trace(None)")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "trace.json"
            ended = self.run_program(text, str(path), str(DRIVERS / "echo.sys"))
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn("traceEvents", json.loads(path.read_text()))


class Completeness(unittest.TestCase):
    def test_every_call_of_the_library_is_used(self):
        """What C programs can call, Python programs can."""
        for header in ("client.h", "ring_client.h"):
            text = (ROOT / "include" / "sysbuf" / header).read_text()
            text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
            declared = set(re.findall(r"^[a-z].*?\b(sb_\w+)\(", text, re.M))
            self.assertGreater(len(declared), 10)
            self.assertEqual(declared - set(sysbuf._PROTOTYPES), set(), header)
        module = pathlib.Path(sysbuf.__file__).read_text()
        for name in sysbuf._PROTOTYPES:
            self.assertIn(f"_library.{name}", module)

    def test_the_codes_that_it_knows(self):
        text = (ROOT / "include" / "sysbuf" / "protocol.h").read_text()
        self.assertIn("#define SB_NOTIFY_UNSUBSCRIBE SB_STANDARD_CODE(0xE63)", text)
        self.assertEqual(sysbuf._NOTIFY_UNSUBSCRIBE, sysbuf.control_code(0xE63))
        self.assertEqual(sysbuf._RING_CLOSE, sysbuf.control_code(0xE62, access=3))
        errors = (ROOT / "include" / "sysbuf" / "client.h").read_text()
        known = {name: int(value) for name, value in
                 re.findall(r"^    SB_(?:ERROR_)?([A-Z_]+) = (\d+)", errors, re.M)}
        self.assertEqual(known, {code.name: int(code) for code in Code})


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

    def test_many_messages_at_once(self):
        with sysbuf.open(r"\\.\SbRinger") as device:
            ring = device.ring()
            sent = [struct.pack("<II", 1, number) for number in range(500)]
            ring.send_many(sent, 5)
            received = []
            for _ in range(5000):
                received += ring.receive_many(64)
                if len(received) >= len(sent):
                    break
                time.sleep(0.001)
            self.assertEqual(received, sent)
            self.assertEqual(ring.receive_many(64), [])
            self.fails(Code.ARGUMENT, ring.send_many, [b"ok.." * 2, b""])

    def test_closing_ends_a_receive_of_another_thread(self):
        for _ in range(20):
            with sysbuf.open(r"\\.\SbRinger") as device:
                ring, ends = device.ring(), []
                thread = threading.Thread(target=lambda ring=ring, ends=ends:
                                          ends.append(end_of(ring)))
                thread.start()
                time.sleep(0.005)
                ring.close()
                thread.join(30)
                self.assertEqual(ends, [Code.CLOSED])
                self.assertRaises(ValueError, ring.send, b"x")

    def test_sizes_are_refused(self):
        with sysbuf.open(r"\\.\SbRinger") as device:
            self.fails(Code.RING_SIZES, device.ring, to_driver_capacity=5000)
            self.fails(Code.RING_LIMIT, device.ring, to_driver_capacity=1 << 26)
            device.ring().close()
            device.ring()  # closed with the device


if __name__ == "__main__":
    unittest.main()
