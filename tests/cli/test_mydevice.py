#!/usr/bin/python3
"""MyDevice on the host: all its answers, and many times over."""
import pathlib
import unittest

from sysbuf import Case, MYDEVICE, run

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


if __name__ == "__main__":
    unittest.main()
