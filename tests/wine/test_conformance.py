#!/usr/bin/python3
"""conformance.py by itself: what it takes for a difference that is not as listed."""
import os
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "conformance.py")
TABLE = """
group ke one
differs a == b
wine Never equal.
windows Equal: a book
group ke two
lacks KeSomething
group ke three
differs-clang raised()
wine Does not raise.
windows Raises: a book
"""
GCC = "ke one: line 3: a == b\nke: skips two\nke: 9 checks, 1 failed\n"
CLANG = GCC.replace("9 checks, 1", "9 checks, 2") + "ke three: line 8: raised(): 0x00000000, not 0xc0000005\n"


class Compare(unittest.TestCase):
    def compare(self, log, compiler="gcc", version="8.0", table=TABLE):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("table", table), ("log", log)):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            return subprocess.run(
                [sys.executable, TOOL, "compare", f"{folder}/table", "ke", compiler, f"{folder}/log", version],
                capture_output=True, text=True, check=False,
            )

    def refused(self, log, what, **options):
        result = self.compare(log, **options)
        self.assertEqual(1, result.returncode, result.stdout)
        self.assertIn(what, result.stdout)
        self.assertNotIn("not shown by Wine", result.stdout)

    def test_as_listed(self):
        for compiler, log in (("gcc", GCC), ("clang", CLANG)):
            result = self.compare(log, compiler)
            self.assertEqual(0, result.returncode, result.stdout)
            self.assertIn("not shown by Wine: ke: one: Never equal.\n", result.stdout)
            self.assertIn("not shown by Wine: ke: two (routines that Wine lacks)\n", result.stdout)

    def test_one_more(self):
        more = GCC.replace("1 failed", "2 failed") + "ke four: line 5: c\n"
        self.refused(more, "four: differs, and is not listed: c")

    def test_one_less(self):
        less = "ke: skips two\nke: 9 checks, 0 failed\n"
        self.refused(less, "one: is listed, but holds under this Wine: a == b")
        self.refused(GCC, "three: is listed, but holds", compiler="clang")
        self.assertEqual(0, self.compare(less, version="9.0").returncode)

    def test_the_other_compiler(self):
        self.refused(CLANG, "three: differs, and is not listed: raised()", compiler="gcc")

    def test_left_out_or_not(self):
        self.refused(GCC.replace("ke: skips two\n", ""), "two was not left out")
        self.refused("ke: skips one\n" + GCC, "one was left out")

    def test_lost_lines(self):
        self.refused("ke one: line 3: a == b\nke: skips two\n", "it did not come to its end")
        self.refused(GCC.replace("1 failed", "2 failed"), "it counts 9 checks, 2 failed; 1 were told")

    def test_unreadable_table(self):
        for bad in ("differs a\n", "group ke one\nunknown x\n", "group ke one\ndiffers a\nwine x\n"):
            self.assertEqual(2, self.compare(GCC, table=bad).returncode, bad)


if __name__ == "__main__":
    unittest.main()
