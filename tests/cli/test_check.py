#!/usr/bin/python3
"""sysbuf check: the reports, the reproducers, the misuses."""
import json
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

from sysbuf import COMMAND, Case, DRIVERS, MYDEVICE, ROOT, run

DEFECTS = DRIVERS.parent / "defects"
ZERO = DEFECTS / "pool_zero_bytes-bad-gcc-O2.sys"


class WithFolder(Case):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def check_driver(self, *arguments):
        return run("check", *arguments, folder=self.folder)


class Check(WithFolder):
    def test_clean_driver(self):
        answer = self.check_driver(MYDEVICE)
        self.check(answer, 0)
        self.assertRegex(answer.output, r"mydevice\.sys: 0 findings; 1 device, \d+ kinds of call, ")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_cancelling_in_a_cancel_safe_queue_is_no_mistake(self):
        script = self.folder / "script"
        script.write_text("open ReqLower as it overlapped\nioctl 0x22200B\ncancel\nclose\n")
        answer = self.check_driver(DRIVERS / "requests-gcc.sys", script)
        self.assertNotIn("spin-lock", answer.output)

    def test_quiet_and_clean(self):
        self.check(self.check_driver("-q", MYDEVICE), 0, "")

    def test_same_report_every_time(self):
        self.assertEqual(self.check_driver(ZERO).output, self.check_driver(ZERO).output)

    def test_finding_in_words(self):
        answer = self.check_driver(ZERO)
        self.check(answer, 1)
        self.assertIn("1. pool-zero-bytes: The driver allocated zero bytes of pool\n", answer.output)
        self.assertIn("(pool_zero_bytes.c:", answer.output)
        self.assertIn("bug check 0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION", answer.output)

    def test_reproducer_is_short_and_works(self):
        self.check_driver("--reproducers", self.folder / "scripts", ZERO)
        script, = (self.folder / "scripts").iterdir()
        self.assertEqual(script.name, "1-pool-zero-bytes.script")
        statements = [line for line in script.read_text().splitlines() if line[0] != "#"]
        self.assertEqual(len(statements), 2)
        answer = self.check_driver(ZERO, script)
        self.check(answer, 1)
        self.assertIn("pool-zero-bytes", answer.output)

    def test_script_without_mistake(self):
        script = self.folder / "open.script"
        script.write_text("open Defect\nclose\n")
        self.check(self.check_driver(ZERO, script), 0)

    def test_sarif(self):
        report = self.folder / "report.sarif"
        self.check(self.check_driver("--no-reproducers", "--report", report, ZERO), 1)
        document = json.loads(report.read_text())
        self.assertEqual(document["version"], "2.1.0")
        one, = document["runs"]
        rules = one["tool"]["driver"]["rules"]
        result, = one["results"]
        self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
        self.assertEqual(result["ruleId"], "pool-zero-bytes")
        place = result["locations"][0]["physicalLocation"]
        self.assertTrue(place["artifactLocation"]["uri"].endswith("pool_zero_bytes.c"))
        self.assertGreater(place["region"]["startLine"], 1)

    def test_sarif_of_a_clean_driver(self):
        report = self.folder / "report.sarif"
        self.check(self.check_driver("--report", report, MYDEVICE), 0)
        self.assertEqual(json.loads(report.read_text())["runs"][0]["results"], [])

    def test_junit(self):
        report = self.folder / "report.xml"
        self.check(self.check_driver("--no-reproducers", "--report", report, ZERO), 1)
        suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("1", "1"))
        self.assertEqual(suite.find("testcase/failure").get("type"), "pool-zero-bytes")

    def test_rules_are_listed(self):
        answer = self.check_driver("--rules")
        self.check(answer, 0)
        rules = answer.output.split("\n    https://")
        self.assertGreater(len(rules), 100)
        self.assertIn("pool-zero-bytes (pool)\n    The driver allocated zero bytes of pool\n"
                      "    bug check 0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION, parameter 1: 0x0\n",
                      answer.output)
        self.assertNotIn("(other)", answer.output)

    def test_driver_that_does_not_start(self):
        answer = self.check_driver(DRIVERS / "lacking.sys")
        self.assertEqual(answer.code, 2)
        self.assertIn("lacking.sys did not start", answer.errors)


class SecondLook(WithFolder):
    """tests/drivers/second_look: what shows only with another layout or filling of memory."""
    def results(self, driver, *script):
        report = self.folder / "report.sarif"
        self.check(self.check_driver("--reproducers", self.folder / "scripts", "--report", report,
                                     driver, *script), 1)
        return json.loads(report.read_text())["runs"][0]["results"]

    def check_lines(self, results):
        source = (ROOT / "tests" / "drivers" / "second_look" / "driver.c").read_text().splitlines()
        for result in results:
            place = result["locations"][0]["physicalLocation"]
            line = source[place["region"]["startLine"] - 1]
            self.assertIn("MISTAKE: " + result["ruleId"], line)

    def test_what_one_look_misses_is_found(self):
        for compiler in ("gcc", "clang"):
            results = self.results(DRIVERS / f"second_look-{compiler}.sys")
            self.assertEqual(sorted(each["ruleId"] for each in results),
                             ["pool-underrun", "pool-underrun", "reply-unwritten", "reply-unwritten"])
            self.check_lines(results)

    def test_scripts_show_it_again(self):
        driver = DRIVERS / "second_look-gcc.sys"
        self.results(driver)
        scripts = sorted((self.folder / "scripts").iterdir())
        self.assertEqual(len(scripts), 4)
        for script in scripts:
            result, = self.results(driver, script)
            self.assertIn(result["ruleId"], script.name)


class Misuse(Case):
    def test_arguments(self):
        self.refuses(["check"], "check: which driver? See 'sysbuf check --help'")
        self.refuses(["check", "--report", "x.txt", MYDEVICE],
                     "--report: x.txt ends neither with .sarif nor with .xml (JUnit)")
        self.refuses(["check", "--timeout", "0", MYDEVICE],
                     "--timeout is a number from 1 to 86400, not '0'")
        self.refuses(["check", "--root", "/nowhere", MYDEVICE], "--root: /nowhere is no directory")

    def test_files(self):
        answer = run("check", "/nowhere.sys")
        self.assertEqual(answer.code, 2)
        self.assertIn("/nowhere.sys", answer.errors)
        answer = run("check", MYDEVICE, "/nowhere.script")
        self.assertEqual(answer.code, 2)
        self.assertEqual(answer.errors,
                         "sysbuf: /nowhere.script: No such file or directory\n")

    def test_script_with_a_mistake(self):
        answer = run("check", MYDEVICE, "-", text="open MyDevice\nfly\n")
        self.assertEqual(answer.code, 2)
        self.assertIn("standard input:2: ", answer.errors)


if __name__ == "__main__":
    assert COMMAND
    unittest.main()
