#!/usr/bin/python3
"""The driver library's LogLevel parameter: what a driver of the toolkit prints."""
import unittest

from sysbuf import Case, MYDEVICE, ROOT, run

SOCK = ROOT / "build" / "windows-x64" / "tests" / "drivers" / "sock.sys"
CALL = "open MyDevice\nioctl 0x222000 in u32 1 2 3 4 5 out 14\nexpect success\n"
WRONG = "sysbuf: the registry value LogLevel is none of error, warning, trace, info"


class LogLevel(Case):
    def lines(self, parameter, driver=MYDEVICE, calls=CALL):
        """What the driver prints with that parameter."""
        write = f"registry write Parameters LogLevel {parameter}\n" if parameter else ""
        answer = run("run", "-q", "--no-start", driver, "-", text=write + "start\n" + calls)
        self.assertEqual((answer.code, answer.errors), (0, ""))
        return [line.removeprefix("driver: ") for line in answer.output.splitlines()]

    def test_everything_without_the_parameter_and_with_info(self):
        for parameter in ("", "sz info", "sz INFO"):
            self.assertEqual(len(self.lines(parameter)), 5, parameter)

    def test_lower_levels_hide_information(self):
        for level in ("error", "Warning", "trace"):
            self.assertEqual(self.lines(f"sz {level}"), [], level)

    def test_errors_are_always_printed(self):
        wrong = "registry write Parameters SocketPort dword 70000\n"
        answer = run("run", "-q", "--no-start", SOCK, "-", text=wrong +
                     "registry write Parameters LogLevel sz error\nstart\n"
                     "expect status STATUS_INVALID_PARAMETER\n")
        self.check(answer, 0, "driver: sysbuf: the registry value SocketPort is out of range\n"
                   "driver: sysbuf: the driver did not start, status 0xc000000d\n")

    def test_a_value_that_is_none_is_said_and_everything_printed(self):
        for parameter in ("sz loud", "sz infos", 'sz ""', "dword 1", "sz " + 300 * "x"):
            lines = self.lines(parameter)
            self.assertEqual(lines[0], WRONG, parameter)
            self.assertEqual(len(lines), 6)

    def test_the_parameter_counts_at_the_next_start(self):
        lines = self.lines("", calls=CALL + "close\nregistry write Parameters LogLevel sz error\n" +
                           CALL + "close\nunload\nstart\n" + CALL)
        self.assertEqual(len(lines), 10)


if __name__ == "__main__":
    unittest.main()
