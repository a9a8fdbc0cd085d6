#!/usr/bin/python3
"""The checks of drivers that run on the host and under Wine alike, and where Wine differs.

    conformance.py plan TABLE DRIVER FILE.sys EXPORTS
        prints the groups of the driver's checks that are left out under Wine, a line each; an
        error where a row says that Wine lacks a routine which it has, or which the driver does not
        use. EXPORTS is cmake/wine-8.0-exports.txt.
    conformance.py stops TABLE DRIVER
        prints the groups in which Wine crashes or waits for ever, a line each.
    conformance.py unrun TABLE FOLDER BUILT EXPORTS DRIVER...
        prints which drivers of the folder (tests/drivers) are not run under Wine, and why; an error
        if one is neither among the DRIVERs, which are, nor has a row, or if a row says that Wine
        lacks what it has or what the driver does not use. BUILT has the .sys files.
    conformance.py compare TABLE DRIVER BUILD LOG VERSION
        compares what the driver said (LOG) with the table: what differs must be exactly what is
        listed. Prints what Wine does not show. With another VERSION than 8.* a listed difference
        may be gone. BUILD is gcc, clang or what else the file is called after the driver.

TABLE is differences.txt, whose head describes it. Exit code 1 if something does not fit, with a line
each on what; 2 for a table that cannot be read.
"""
import os
import re
import sys

import pefile

FAILURE = re.compile(r"(\w+) (\w+): line \d+: (.*)")
VALUES = re.compile(r": 0x[0-9a-f]{8}, not 0x[0-9a-f]{8}$")
SUMMARY = re.compile(r"(\w+): (\d+) checks, (\d+) failed")
KINDS = ("lacks", "stops", "chance", "host", "differs", "wine", "windows")


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
        return any(self.rows[kind] for kind in KINDS[:4])

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
        is_plain = self.rows["lacks"] or self.rows["host"]
        if not is_plain and not (self.rows["wine"] and self.rows["windows"]):
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


def exports_of_wine(path):
    return {line.split()[1] for line in open(path, encoding="ascii") if line[0] != "#"}


def mistaken(group, file, has):
    """Says which routines the group's rows are wrong about: how many."""
    data = open(file, "rb").read()
    image = pefile.PE(data=data)
    problems = 0
    for routine in group.missing():
        if routine in has or not uses(image, data, routine):
            why = "Wine has it" if routine in has else "the driver does not use it"
            print(f"{group.driver} {group.name}: {routine}: {why}", file=sys.stderr)
            problems += 1
    return problems


def plan(path, driver, file, exports):
    has = exports_of_wine(exports)
    problems = 0
    for group in table(path):
        if group.driver == driver and group.left_out():
            problems += mistaken(group, file, has)
            print(group.name)
    return 1 if problems else 0


def unrun(path, folder, built, exports, *run):
    has = exports_of_wine(exports)
    rows = {group.driver: group for group in table(path) if group.name == "*"}
    names = {name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name))}
    problems = 0
    for name in sorted(rows.keys() & set(run) | rows.keys() - names):
        print(f"{name} has a row, though it is run or is no driver", file=sys.stderr)
        problems += 1
    for name in sorted(names - set(run)):
        if name not in rows:
            print(f"{name} is not run under Wine, and no row says why", file=sys.stderr)
            problems += 1
        else:
            problems += tell_unrun(rows[name], os.path.join(built, f"{name}-gcc.sys"), has)
    return 1 if problems else 0


def tell_unrun(group, file, has):
    if group.rows["host"]:
        why = f"it is there for {group.rows['host'][0]}, and asks nothing of Windows"
    elif group.missing():
        why = f"Wine lacks {', '.join(group.missing())}"
    else:
        why = f"{group.rows['stops'][0]}: {' '.join(group.rows['wine'])}"
    print(f"not run under Wine: {group.driver}: {why}")
    return mistaken(group, file, has) if group.missing() else 0


def stops(path, driver):
    for group in table(path):
        if group.driver == driver and group.rows["stops"] and group.name != "*":
            print(group.name)
    return 0


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
    commands = {"plan": (plan, 4), "stops": (stops, 2), "compare": (compare, 5), "unrun": (unrun, 0)}
    command, count = commands.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    fits = len(sys.argv) > 6 if command is unrun else len(sys.argv) == 2 + count
    if command is None or not fits:
        print(__doc__, file=sys.stderr)
        return 2
    return command(*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
