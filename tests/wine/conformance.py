#!/usr/bin/python3
"""The checks of drivers that run on the host and under Wine alike, and where Wine differs.

    conformance.py plan TABLE DRIVER FILE.sys EXPORTS
        prints the groups of the driver's checks that are left out under Wine, a line each; an
        error where a row says that Wine lacks a routine which it has, or which the driver does not
        use. EXPORTS is cmake/wine-8.0-exports.txt.
    conformance.py compare TABLE DRIVER BUILD LOG VERSION
        compares what the driver said (LOG) with the table: what differs must be exactly what is
        listed. Prints what Wine does not show. With another VERSION than 8.* a listed difference
        may be gone. BUILD is gcc, clang or what else the file is called after the driver.

TABLE is differences.txt, whose head describes it. Exit code 1 if something does not fit, with a line
each on what; 2 for a table that cannot be read.
"""
import re
import sys

import pefile

FAILURE = re.compile(r"(\w+) (\w+): line \d+: (.*)")
VALUES = re.compile(r": 0x[0-9a-f]{8}, not 0x[0-9a-f]{8}$")
SUMMARY = re.compile(r"(\w+): (\d+) checks, (\d+) failed")
KINDS = ("lacks", "stops", "differs", "wine", "windows")


class Group:
    def __init__(self, driver, name):
        self.driver = driver
        self.name = name
        self.rows = {kind: [] for kind in KINDS}
        self.builds = {}  # what differs in one build alone

    def add(self, kind, text):
        if kind.startswith("differs-"):
            self.builds.setdefault(kind.removeprefix("differs-"), []).append(text)
        elif kind in KINDS:
            self.rows[kind].append(text)
        else:
            return False
        return True

    def left_out(self):
        return bool(self.rows["lacks"] or self.rows["stops"])

    def missing(self):
        return [routine for row in self.rows["lacks"] for routine in row.split()]

    def differences(self, build):
        return set(self.rows["differs"] + self.builds.get(build, []))

    def problem(self):
        """What makes the group's rows no account of a difference, or None."""
        differs = self.rows["differs"] or self.builds
        if self.left_out() and differs:
            return "is left out, so nothing in it can differ"
        if not self.left_out() and not differs:
            return "says nothing"
        if not self.rows["lacks"] and not (self.rows["wine"] and self.rows["windows"]):
            return "must say what Wine does and what Windows' rule is"
        return None


def table(path):
    groups = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "group" and len(rest.split()) == 2:
            groups.append(Group(*rest.split()))
        elif not (rest and groups and groups[-1].add(word, rest)):
            print(f"{path}:{number}: no row: {line.strip()}", file=sys.stderr)
            sys.exit(2)
    for group in groups:
        if group.problem():
            print(f"{path}: {group.driver} {group.name} {group.problem()}", file=sys.stderr)
            sys.exit(2)
    return groups


def uses(image, data, routine):
    """By import, or by the name that MmGetSystemRoutineAddress is given."""
    imports = (
        entry.name
        for library in getattr(image, "DIRECTORY_ENTRY_IMPORT", [])
        for entry in library.imports
    )
    return routine.encode() in imports or routine.encode("utf-16-le") + b"\0\0" in data


def plan(path, driver, file, exports):
    data = open(file, "rb").read()
    image = pefile.PE(data=data)
    has = {line.split()[1] for line in open(exports, encoding="ascii") if line[0] != "#"}
    problems = 0
    for group in table(path):
        if group.driver != driver or not group.left_out():
            continue
        for routine in group.missing():
            if routine in has or not uses(image, data, routine):
                why = "Wine has it" if routine in has else "the driver does not use it"
                print(f"{driver} {group.name}: {routine}: {why}", file=sys.stderr)
                problems += 1
        print(group.name)
    return 1 if problems else 0


def heard(lines, driver):
    """What the driver said: the failed checks by group, the groups left out, the sum of its loads."""
    failed, skipped, summary, count = {}, set(), None, 0
    for line in lines:
        failure, end = FAILURE.fullmatch(line), SUMMARY.fullmatch(line)
        if failure and failure[1] == driver:
            failed.setdefault(failure[2], set()).add(VALUES.sub("", failure[3]))
            count += 1
        elif line.startswith(f"{driver}: skips "):
            skipped.add(line.split()[2])
        elif end and end[1] == driver:
            before = summary or (0, 0)
            summary = (before[0] + int(end[2]), before[1] + int(end[3]))
        elif line.startswith(f"{driver}: "):
            failed.setdefault("driver", set()).add(line)
    return failed, skipped, summary, count


def compare(path, driver, build, log, version):
    groups = {group.name: group for group in table(path) if group.driver == driver}
    lines = open(log, encoding="utf-8", errors="replace").read().splitlines()
    failed, skipped, summary, count = heard(lines, driver)
    problems = []
    if summary is None:
        problems.append("it did not come to its end")
    elif summary[1] != count or summary[0] <= count:
        problems.append(f"it counts {summary[0]} checks, {summary[1]} failed; {count} were told")
    planned = {name for name, group in groups.items() if group.left_out()}
    for name in sorted(planned ^ skipped):
        problems.append(f"{name} was {'left out' if name in skipped else 'not left out'}")
    for name in sorted(set(failed) | set(groups)):
        listed = groups[name].differences(build) if name in groups else set()
        for text in sorted(failed.get(name, set()) - listed):
            problems.append(f"{name}: differs, and is not listed: {text}")
        for text in sorted(listed - failed.get(name, set())):
            if version.startswith("8."):
                problems.append(f"{name}: is listed, but holds under this Wine: {text}")
            else:
                print(f"shown by this Wine, though not by 8: {driver} {name}: {text}")
    for problem in problems:
        print(f"{driver}-{build}: {problem}")
    if not problems:
        tell(driver, build, groups)
        print(f"{driver}-{build}: {summary[0]} checks, {count} differ as listed")
    return 1 if problems else 0


def tell(driver, build, groups):
    lacking = [name for name, group in groups.items() if group.rows["lacks"]]
    if lacking:
        print(f"not shown by Wine: {driver}: {', '.join(lacking)} (routines that Wine lacks)")
    for name, group in groups.items():
        if not group.rows["lacks"] and (group.left_out() or group.differences(build)):
            print(f"not shown by Wine: {driver}: {name}: {' '.join(group.rows['wine'])}")


def main():
    commands = {"plan": (plan, 4), "compare": (compare, 5)}
    command, count = commands.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if command is None or len(sys.argv) != 2 + count:
        print(__doc__, file=sys.stderr)
        return 2
    return command(*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
