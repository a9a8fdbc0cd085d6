#!/usr/bin/python3
"""Sums up a ctest run from its JUnit file: test_summary.py FILE

Prints the gaps of a runtime that the tests name ("not shown by ..."), each once, and as its last
line "N passed, N failed". Exit code 1 if a test failed or none ran, 2 if the file is unusable.
"""
import sys
import xml.etree.ElementTree

GAP = "not shown by "


def main():
    try:
        suite = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
    except (IndexError, OSError, xml.etree.ElementTree.ParseError) as error:
        print(f"test_summary.py: no results: {error}", file=sys.stderr)
        return 2

    cases = suite.findall("testcase")
    passed = sum(case.get("status") == "run" for case in cases)
    skipped = sum(case.get("status") in ("notrun", "disabled") for case in cases)
    failed = len(cases) - passed - skipped
    lines = (line for case in cases for line in (case.findtext("system-out") or "").splitlines())
    gaps = dict.fromkeys(line.strip() for line in lines if line.strip().startswith(GAP))
    for gap in gaps:
        print(gap)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed and not skipped else 1


if __name__ == "__main__":
    sys.exit(main())
