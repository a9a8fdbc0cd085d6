"""Every mistake that a driver's source marks is found by check, under its rule and at its line.

usage: test_vulnerable.py DRIVER SOURCES [OPTION...] (of check); a mark is a comment "MISTAKE: rule|rule" (one of them) or
"MISTAKE: rule&rule" (all of them), at the line's end or on the line before.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# What the host itself did wrong.
OURS = ("host-crash", "stuck")


def lines_of(folder):
    for path in sorted(pathlib.Path(folder).glob("*.c")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield path.name, number, line


def marks(folder):
    for file, number, line in lines_of(folder):
        mark = re.search(r"MISTAKE: ([\w|&-]+)", line)
        number += line.strip().startswith("/*") and line.strip().endswith("*/")
        for rules in mark[1].split("&") if mark else ():
            yield file, number, set(rules.split("|"))


def replies(folder):
    """Rules whose findings are all in one place, and how many they are."""
    for path in pathlib.Path(folder).glob("*.h"):
        for text in re.findall(r"REPLIES: (.*)", path.read_text()):
            yield from re.findall(r"([\w-]+) (\d+)", text)


def find(driver, options):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "findings.sarif")
        run = subprocess.run(
            [os.environ["SYSBUF"], "check", "--no-reproducers", "--no-low-resources",
             *options, "--budget", "0", "--report", report, driver],
            capture_output=True, text=True, check=False)
        print(run.stdout, run.stderr)
        assert run.returncode == 1, f"exit code {run.returncode}"
        with open(report, encoding="utf-8") as file:
            return json.load(file)["runs"][0]["results"]


def place(result):
    physical = result["locations"][0].get("physicalLocation", {})
    uri = physical.get("artifactLocation", {}).get("uri", "")
    return uri.rsplit("/", 1)[-1], physical.get("region", {}).get("startLine", 0)


def main():
    driver, sources, *options = sys.argv[1:]
    results = find(driver, options)
    found = {(*place(each), each["ruleId"]) for each in results}
    expected = list(marks(sources))
    missing = [mark for mark in expected
               if not any((mark[0], mark[1], rule) in found for rule in mark[2])]
    for file, line, rules in missing:
        print(f"{file}:{line}: not found: {' or '.join(sorted(rules))}")
    print(f"{len(expected) - len(missing)} of {len(expected)} found")
    assert len(expected) > 8 and not missing
    for rule, count in replies(sources):
        assert sum(each["ruleId"] == rule for each in results) == int(count), rule
    assert not [each for each in results if each["ruleId"] in OURS]


main()
