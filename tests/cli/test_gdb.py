#!/usr/bin/python3
"""gdb with tools/gdb.py: breakpoints in drivers, their source lines, stacks through them."""
import shutil
import subprocess
import tempfile
import unittest

from sysbuf import COMMAND, Case, DRIVERS, PLAIN, ROOT

CALL = "open Plain; ioctl 0x222000 in hex 0011 out 4"


def gdb(driver, statements, *commands):
    words = ["gdb", "-nx", "-batch", "-x", str(ROOT / "tools" / "gdb.py"), "-ex",
             "set pagination off", "-ex", "set debuginfod enabled off"]
    for command in commands:
        words += ["-ex", command]
    words += ["--args", COMMAND, "run", str(driver), "-e", statements]
    done = subprocess.run(words, capture_output=True, timeout=110, check=False,
                          stdin=subprocess.DEVNULL)
    return done.stdout.decode() + done.stderr.decode()


def usable():
    if not shutil.which("gdb"):
        return False
    done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "run", "--args", "/bin/true"],
                          capture_output=True, timeout=60, check=False)
    return b"exited normally" in done.stdout


@unittest.skipUnless(usable(), "needs gdb, and the right to trace")
class Debugging(Case):
    def test_a_breakpoint_shows_the_source_and_the_stack(self):
        for driver in (PLAIN, DRIVERS / "plain-clang.sys"):
            text = gdb(driver, CALL, "break plain/driver.c:control", "run", "bt", "continue")
            self.assertRegex(text, r"#0  control \(device=0x7e\w+, irp=0x7e\w+\) at .*plain/"
                                   r"driver\.c:\d+\n#1 .*io_request_send|send")
            self.assertRegex(text, r"#\d+ +0x\w+ in sb_process_ioctl")
            self.assertIn("exited normally", text)

    def test_from_the_first_instruction_step_by_step(self):
        text = gdb(PLAIN, CALL, "break plain/driver.c:DriverEntry", "run", "stepi", "stepi", "bt 2",
                   "finish", "continue")
        self.assertRegex(text, r"#0  0x\w+ in DriverEntry \(.*\n#1  0x\w+ in call_entry")
        self.assertIn("Value returned is $1 = 0", text)
        self.assertIn("exited normally", text)

    def test_a_driver_that_goes_and_comes_back(self):
        text = gdb(PLAIN, f"{CALL}; close; unload; start; {CALL}",
                   "break plain/driver.c:control", "run", "continue", "sysbuf-drivers", "continue")
        self.assertEqual(text.count("hit Breakpoint 1, control"), 2)
        self.assertRegex(text, r"0x7e\w+ +0x\w+  plain-gcc\.sys\n")
        self.assertIn("exited normally", text)

    def test_a_stack_through_a_driver_without_debug_information(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = f"{folder}/plain.sys"
            subprocess.run(["x86_64-w64-mingw32-strip", "-o", stripped, PLAIN], check=True)
            text = gdb(stripped, CALL, "break IofCompleteRequest", "run", "bt")
        self.assertRegex(text, r"#1  0x00007e\w+ in \?\? \(\)\n#2 .*\n(#\d.*\n)*#\d+ +0x\w+ in "
                               r"sb_process_open")

    def test_where_a_driver_faults(self):
        text = gdb(PLAIN, "open Plain; ioctl 0x222008", "handle SIGSEGV stop", "run", "bt 1")
        self.assertRegex(text, r"#0  control \(.*\) at .*plain/driver\.c:\d+")


if __name__ == "__main__":
    unittest.main()
