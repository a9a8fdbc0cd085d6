"""Every mistake that a driver's source marks is found by check, under its rule and at its line.

usage: test_vulnerable.py DRIVER SOURCES; a mark is a comment "MISTAKE: rule|rule".
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def marks(folder, compiler):
    for path in sorted(pathlib.Path(folder).glob("*.c")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            mark = re.search(r"MISTAKE(?: \((\w+)\))?: ([\w|-]+)", line)
            if mark and mark[1] in (None, compiler):
                yield path.name, number, set(mark[2].split("|"))


def find(driver):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "findings.sarif")
        run = subprocess.run(
            [os.environ["SYSBUF"], "check", "--no-reproducers", "--no-low-resources",
             "--schedules", "0", "--report", report, driver],
            capture_output=True, text=True)
        print(run.stdout, run.stderr)
        assert run.returncode == 1, f"exit code {run.returncode}"
        with open(report, encoding="utf-8") as file:
            return json.load(file)["runs"][0]["results"]


def place(result):
    physical = result["locations"][0].get("physicalLocation", {})
    uri = physical.get("artifactLocation", {}).get("uri", "")
    return uri.rsplit("/", 1)[-1], physical.get("region", {}).get("startLine", 0)


def main():
    driver, sources = sys.argv[1:]
    found = {(*place(each), each["ruleId"]) for each in find(driver)}
    compiler = "gcc" if "-gcc" in driver else "clang"
    expected = list(marks(sources, compiler))
    assert expected, "no marks"
    missing = [mark for mark in expected
               if not any((mark[0], mark[1], rule) in found for rule in mark[2])]
    for file, line, rules in missing:
        print(f"{file}:{line}: not found: {' or '.join(sorted(rules))}")
    crashes = [each for each in found if each[2] in ("host-crash", "stuck")]
    assert not crashes, crashes
    print(f"{len(expected) - len(missing)} of {len(expected)} found")
    sys.exit(1 if missing else 0)


main()
