#!/usr/bin/python3
"""The verifier's rules and what they found: verify_table.py OUTCOMES [--check | --update]

OUTCOMES is what test-host-defects --report wrote. Prints the tables of docs/verifier.md; --check
compares them with the page (exit code 1: the page is stale), --update writes them there. The clean
drivers are checked here and now, by $SYSBUF or build/linux/cli/sysbuf.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "verifier.md"
SYSBUF = os.environ.get("SYSBUF", ROOT / "build" / "linux" / "cli" / "sysbuf")
BEGIN, END = "<!-- tables: make verify-table -->\n", "<!-- end of tables -->\n"
WINDOWS = ROOT / "build" / "windows-x64"
CLEAN = ROOT / "tests" / "cli" / "clean_drivers.txt"
# Found by tests that build drivers with the sanitizers.
ELSEWHERE = {"address-sanitizer", "undefined-behaviour"}
RULE = re.compile(r"^([a-z0-9-]+) \(([a-z]+)\)\n    (.*)\n    (?:bug check (0x\w+)|no bug check)",
                  re.M)
SECONDS = 600


def read_rules():
    """(identifier, class, title, bug check or "") in the program's order."""
    text = subprocess.run([SYSBUF, "check", "--rules"], check=True, capture_output=True,
                          text=True).stdout
    return RULE.findall(text)


def read_outcomes(path):
    """rule: {mistake: [outcome of each of its drivers]}"""
    outcomes = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        mistake, rule, _variant, _kind, outcome = line.split()
        outcomes[rule][mistake].append(outcome)
    return outcomes


def share(some, of):
    return f"{some} / {of}"


def describe(rule, mistakes):
    """The cells of a rule: mistakes, found, false alarms."""
    if not mistakes:
        return "in tests/sanitized" if rule in ELSEWHERE else "none planted", "", ""
    count = collections.Counter(outcome for each in mistakes.values() for outcome in each)
    found, clean = count["found"], count["clean"]
    return (str(len(mistakes)), share(found, found + count["missed"]),
            share(count["alarm"], count["alarm"] + clean))


def rules_table(rules, outcomes):
    lines = ["| rule | class | bug check | mistakes | found / planted | alarms / twins |",
             "| --- | --- | --- | --- | --- | --- |"]
    for identifier, kind, _title, bug_check in rules:
        cells = describe(identifier, outcomes.get(identifier))
        lines.append("| " + " | ".join((identifier, kind, bug_check or "none") + cells) + " |")
    return lines


def sum_up(rules, outcomes):
    count = collections.Counter(outcome for each in outcomes.values()
                                for drivers in each.values() for outcome in drivers)
    planted = sum(identifier in outcomes for identifier, *_ in rules)
    return (f"{len(rules)} rules, {planted} of them with planted mistakes; "
            f"{sum(map(len, outcomes.values()))} mistakes in "
            f"{count['found'] + count['missed']} drivers, {count['found']} found; "
            f"{count['alarm'] + count['clean']} twins, {count['alarm']} false alarms.")


def count_findings(path):
    """What `sysbuf check` finds in a driver that has no mistake that we know of."""
    answer = subprocess.run([SYSBUF, "check", "--no-reproducers", "--schedules", "20",
                             WINDOWS / path],
                            capture_output=True, text=True, timeout=SECONDS, check=False)
    found = re.search(r"(\d+) findings?;", answer.stdout)
    if answer.returncode not in (0, 1) or not found:
        raise ValueError(f"{path}: {answer.stdout}{answer.stderr}")
    return int(found.group(1))


def clean_table():
    paths = [line for line in CLEAN.read_text(encoding="utf-8").splitlines()
             if line.endswith(".sys")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(count_findings, paths))
    return ["| clean driver | false alarms |", "| --- | --- |",
            *(f"| {path} | {count} |" for path, count in zip(paths, counts))]


def main():
    arguments = sys.argv[1:]
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], ["--check"], ["--update"]):
        print(__doc__, file=sys.stderr)
        return 2
    rules, outcomes = read_rules(), read_outcomes(arguments[0])
    unknown = outcomes.keys() - {identifier for identifier, *_ in rules}
    if unknown:
        print("no such rule: " + ", ".join(sorted(unknown)), file=sys.stderr)
        return 1
    lines = [sum_up(rules, outcomes), "", *rules_table(rules, outcomes), "", *clean_table()]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    stale, after = rest.split(END)
    if arguments[1:] == ["--update"]:
        PAGE.write_text(before + BEGIN + text + END + after, encoding="utf-8")
    if arguments[1:] == ["--check"] and stale != text:
        print("docs/verifier.md is stale: make verify-table writes it anew", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
