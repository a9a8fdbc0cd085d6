#!/usr/bin/python3
"""MyDevice on the host: all its answers, and many times over."""
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

from sysbuf import Case, MYDEVICE, run

# The client is built beside the command.
CLIENT = pathlib.Path(__file__).parents[2] / "build" / "linux" / "mydevice" / "mydevice"
PROTOCOL = pathlib.Path(__file__).parents[2] / "include" / "sysbuf" / "protocol.h"
COUNTERS = [name for name in re.findall(r"^    SB_COUNTER_([A-Z_]+),", PROTOCOL.read_text(), re.M)
            if name != "COUNT"]
SCRIPT = pathlib.Path(__file__).with_name("mydevice.script")


class MyDevice(Case):
    def test_every_row_of_its_answers(self):
        answer = run("run", MYDEVICE, SCRIPT)
        self.assertEqual(answer.errors, "")
        self.assertRegex(answer.output.splitlines()[-1], r"^(\d+) of \1 expectations met$")
        self.assertEqual(answer.code, 0)

    def test_the_log_is_five_lines(self):
        answer = run("run", "-q", MYDEVICE, "-e", "open MyDevice; "
                     "ioctl 0x222000 in u32 2 0x401234 1024 100 2566 out 20; expect success")
        self.check(answer, 0, "driver: 读取文件标志: 2\n"
                              "driver: 读取写入地址: 401234\n"
                              "driver: 读取缓冲区大小: 1024\n"
                              "driver: 读取当前大小: 100\n"
                              "driver: 要操作进程PID: 2566\n")

    def test_a_hundred_reloads(self):
        answer = run("run", "-q", MYDEVICE, "-e",
                     "seq n 1 100 { open MyDevice; expect success; close; unload; "
                     "expect success; start; expect success }")
        self.check(answer, 0, "")

    def test_what_it_has_counted(self):
        answer = subprocess.run([CLIENT, "--host", MYDEVICE, "stats"], capture_output=True,
                                text=True, timeout=60)
        self.assertEqual(answer.stderr, "")
        self.assertEqual(answer.returncode, 0)
        counted = dict(line.rsplit(None, 1) for line in answer.stdout.splitlines())
        self.assertEqual(counted["opens"], "1")
        self.assertEqual(counted["calls"], "0")
        self.assertEqual(counted["notifications lost"], "0")

    def test_what_it_counts_meanwhile(self):
        """Each look at the counters opens the device, asks and closes it: that is what changes."""
        with subprocess.Popen([CLIENT, "--host", MYDEVICE, "stats", "--watch"],
                              stdout=subprocess.PIPE, text=True) as watch:
            lines = [watch.stdout.readline() for _ in range(len(COUNTERS) + 1)]
            watch.send_signal(signal.SIGINT)
        self.assertRegex(lines[-1], r"^opens +2 \(\+1\)$")

    def test_a_trace_of_its_requests(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "demo.json"
            answer = subprocess.run([CLIENT, "--host", MYDEVICE, "--trace", path, "demo"],
                                    capture_output=True, timeout=60)
            self.assertEqual(answer.returncode, 0)
            events = json.loads(path.read_text())["traceEvents"]
        hello = [event for event in events if event.get("name") == "DEVICE_CONTROL 0x00222000"]
        self.assertEqual([event["ph"] for event in hello], ["b", "B", "e"])
        self.assertEqual(hello[0]["args"]["input"], 20)
        self.assertEqual(hello[2]["args"]["information"], 14)

    def test_a_trace_that_cannot_be_written(self):
        for path, reason in (("/", "Is a directory"), ("/dev/full", "No space left on device")):
            answer = subprocess.run([CLIENT, "--host", MYDEVICE, "--trace", path, "demo"],
                                    capture_output=True, text=True, timeout=60)
            self.assertEqual(answer.returncode, 1)
            self.assertIn(f"mydevice: --trace: {path}: {reason}\n", answer.stderr)


if __name__ == "__main__":
    unittest.main()
