#!/usr/bin/python3
"""Drivers built with the sanitizers: each mistake is found at its line, the twin is clean, and the
toolkit's drivers answer as the .sys files do."""
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from sysbuf import Case, run  # noqa: E402

FOLDER = pathlib.Path(os.environ["SYSBUF_SANITIZED"])
SOURCE = ROOT / "tests" / "sanitized" / "mistakes.c"
# In the order of their control codes: what the finding says of the place.
SAYS = [
    "1 byte was written .*: offset 13 of the local variable 'text' of 13 bytes",
    "4 bytes were read .*: offset 16 of the local variable 'numbers' of 16 bytes",
    "1 byte was written .*: offset 13 of the global variable 'global_text' of 13 bytes",
    "1 byte was written .*: offset 13 of a block of 13 bytes, tag 'Stak'",
    "1 byte was read .*: offset 5 of a block of 13 bytes, tag 'Stak', freed before",
    "1 byte was read .*: offset 3 of the local variable 'local' of 16 bytes, whose function has returned",
    "1 byte was read .*: offset 3 of the local variable 'inner' of 16 bytes, out of its scope",
    "14 bytes were written .*: offset 13 of the local variable 'text' of 13 bytes",
    r"2147483647 \+ 1 does not fit into 'long'",
    r"1 \('unsigned int'\) is shifted by 32",
    "a member access by a pointer to 'struct pair' that is not aligned to 4 bytes",
    "a member access by a null pointer to 'struct pair'",
    "index 13 is outside of .*4]",
    "14 bytes were written .*: offset 13 of the local variable 'text' of 13 bytes",
    "a member access by a null pointer to 'struct pair'",
]


def planted():
    """[(rule, line)], in the order of the source, which is that of the codes."""
    found = []
    for number, line in enumerate(SOURCE.read_text().splitlines(), 1):
        if match := re.search(r"; /\* MISTAKE: ([\w-]+) \*/", line):
            found.append((match.group(1), number))
    return found


class Sanitized(Case):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def script(self, index):
        script = self.folder / "script"
        script.write_text(f"open Mistakes\nioctl 0x{0x222000 + 4 * index:X} in zeros 64 out 64\nclose\n")
        return script

    def test_each_mistake_is_found_once_at_its_line(self):
        self.assertEqual(len(planted()), len(SAYS))
        for index, (rule, line) in enumerate(planted()):
            with self.subTest(rule=rule, line=line):
                report = self.folder / "report.sarif"
                answer = run("check", "--no-reproducers", "--no-low-resources", "--report", report,
                             FOLDER / "mistakes.sys", self.script(index))
                self.check(answer, 1)
                self.assertRegex(answer.output, SAYS[index])
                result, = json.loads(report.read_text())["runs"][0]["results"]
                self.assertEqual(result["ruleId"], rule)
                place = result["locations"][0]["physicalLocation"]
                self.assertEqual(place["region"]["startLine"], line)
                self.assertTrue(place["artifactLocation"]["uri"].endswith("mistakes.c"))

    def test_all_are_found_without_a_script(self):
        answer = run("check", "--no-reproducers", "--no-low-resources", "--schedules", 0,
                     FOLDER / "few.sys")
        self.check(answer, 1)
        self.assertIn("bug check 0x1F2 KASAN_ILLEGAL_ACCESS", answer.output)
        self.assertRegex(answer.output, "few.sys: 2 findings")

    def test_twin_is_clean(self):
        for index in range(len(SAYS)):
            answer = run("check", "-q", "--no-reproducers", FOLDER / "twin.sys", self.script(index))
            self.check(answer, 0, "")

    def test_run_stops_at_the_byte(self):
        answer = run("run", FOLDER / "mistakes.sys", self.script(2))
        self.assertNotEqual(answer.code, 0)
        self.assertRegex(answer.output + answer.errors, SAYS[2])
        self.assertIn("KASAN_ILLEGAL_ACCESS", answer.output + answer.errors)

    def test_run_goes_on_after_undefined_behaviour(self):
        answer = run("run", FOLDER / "mistakes.sys", self.script(8))
        self.assertEqual(answer.code, 0)
        self.assertRegex(answer.output + answer.errors, r"mistakes\.c:\d+:\d+: undefined behaviour: ")

    def test_mydevice_answers_as_the_real_one(self):
        answer = run("run", FOLDER / "mydevice.sys", ROOT / "tests" / "cli" / "mydevice.script")
        self.assertEqual(answer.code, 0, answer.output + answer.errors)

    def test_mydevice_and_echo_are_clean(self):
        script = ROOT / "tests" / "cli" / "mydevice.script"
        self.check(run("check", "-q", "--no-reproducers", FOLDER / "mydevice.sys", script), 0, "")
        for name in ("mydevice", "echo"):
            answer = run("check", "-q", "--no-reproducers", "--schedules", 0, FOLDER / f"{name}.sys")
            self.check(answer, 0, "")


if __name__ == "__main__":
    unittest.main()
