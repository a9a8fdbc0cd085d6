#!/usr/bin/python3
"""Drivers' counters: the statement stats, and sysbuf stats."""
import re
import unittest

from sysbuf import Case, MYDEVICE, PLAIN, ROOT, run

DRIVERS = ROOT / "build" / "windows-x64" / "tests" / "drivers"
CALL = "ioctl 0x222000 in u32 1 2 3 4 5 out 14\n"
RING = ("open SbRinger as r\nioctl r ctl 0x22 0xE60 buffered 3 "
        "in u32 32 1 1 0 1024 4096 4096 0 out 80\nexpect success information 80\n")


def counters(text):
    """Those of the last table shown."""
    found = {}
    for name, value in re.findall(r"^([a-z:]+(?: [a-z:]+)*) +(\d+)$", text, re.M):
        found[name] = int(value)
    return found


class Stats(Case):
    def test_the_statement_shows_all_counters_by_name(self):
        answer = run("run", "-q", "--log", "/dev/null", MYDEVICE, "-",
                     text="open MyDevice\n" + 3 * CALL + "ioctl 0x222000\nstats\n"
                     "expect success output at 0 u32 1 0\n")
        self.assertEqual((answer.code, answer.errors), (0, ""))
        found = counters(answer.output)
        self.assertEqual((found["opens"], found["calls"], found["bytes out"]), (1, 3, 42))
        self.assertEqual(found["refused: input length"], 1)
        self.assertEqual(len(found), 35)

    def test_a_driver_without_counters(self):
        answer = run("run", "-q", "--log", "/dev/null", PLAIN, "-",
                     text="open Plain\nstats\nexpect status STATUS_INVALID_DEVICE_REQUEST\n")
        self.check(answer, 0, "")

    def test_the_command_shows_them_after_the_script(self):
        answer = run("stats", "--log", "/dev/null", MYDEVICE, "-e", "open MyDevice;" + CALL)
        self.assertEqual((answer.code, answer.errors), (0, ""))
        found = counters(answer.output)
        self.assertEqual((found["opens"], found["closes"], found["calls"]), (2, 1, 1))

    def test_several_drivers_are_named(self):
        answer = run("stats", "--log", "/dev/null", MYDEVICE, DRIVERS / "ringer.sys")
        self.assertEqual([line for line in answer.output.splitlines() if line.endswith(".sys")],
                         ["mydevice.sys", "ringer.sys"])

    def test_the_command_refuses(self):
        answer = run("stats", "--log", "/dev/null", PLAIN)
        self.check(answer, 2, "", "sysbuf: plain-gcc.sys tells no counters: "
                   "STATUS_INVALID_DEVICE_REQUEST (0xC0000010)\n")
        self.refuses(["stats"], "stats: which driver? See 'sysbuf stats --help'")
        self.refuses(["stats", "--what", MYDEVICE],
                     "there is no option --what; see 'sysbuf stats --help'")
        self.refuses(["stats", "-e", "sleep 1", MYDEVICE, "-"],
                     "stats: a script and --execute exclude each other")

    def test_watching_shows_changes_while_the_script_runs(self):
        post = "ioctl c 0x222408 in u32 1\n"
        answer = run("stats", "--watch", "--log", "/dev/null", DRIVERS / "channels.sys", "-",
                     text=f"open SbChannels as c\n{post}sleep 1300\n{post}sleep 1300\n")
        self.assertEqual((answer.code, answer.errors), (0, ""))
        self.assertIn("--\n", answer.output)
        self.assertRegex(answer.output, r"(?m)^calls +\d+ \(\+\d+\)$")

    def test_what_can_be_open_only_once_is_not_watched(self):
        answer = run("stats", "--watch", "--log", "/dev/null", MYDEVICE, "-",
                     text="open MyDevice\n" + CALL)
        self.assertEqual((answer.code, answer.errors),
                         (0, "sysbuf: --watch: mydevice.sys can be open only once\n"))
        self.assertEqual(counters(answer.output)["calls"], 1)

    def test_rings_are_counted(self):
        answer = run("run", "-q", "--log", "/dev/null", DRIVERS / "ringer.sys", "-", text=RING +
                     "ioctl r ctl 0x22 0xE60 buffered 3 in u32 32 1 1 0 1024 5000 4096 0 out 80\n"
                     "stats\nclose r\n" + RING + "stats\n")
        self.assertEqual((answer.code, answer.errors), (0, ""))
        found = counters(answer.output)
        self.assertEqual((found["rings"], found["rings refused"], found["rings broken"]), (2, 1, 0))
        self.assertEqual(found["ring bytes waiting"], 0)


if __name__ == "__main__":
    unittest.main()
