"""Two checks of a driver give the same report and the same scripts, byte for byte; each script shows
its finding again with the options that it names, and `sysbuf run` can play it.

usage: test_reproducers.py DRIVER COUNT [OPTION...] (of check); at least COUNT findings are expected
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SYSBUF = os.environ["SYSBUF"]


def sysbuf(folder, *arguments):
    return subprocess.run([SYSBUF, *arguments], cwd=folder, capture_output=True, text=True,
                          check=False)


def check(folder, driver, options):
    """The report, and the scripts by name."""
    run = sysbuf(folder, "check", "--budget", "0", "--reproducers", "scripts", *options, driver)
    assert run.returncode == 1, f"exit code {run.returncode}: {run.stderr}"
    scripts = {each.name: each.read_text() for each in (folder / "scripts").iterdir()}
    return run.stdout, scripts


def replay(folder, driver, name, text):
    """What the script's heading says is done; the rule must be found at the place it names."""
    rule = re.match(r"# ([\w-]+): ", text)[1]
    place = re.search(r"^# at (\S+)", text, re.M)
    options = re.search(r"^# sysbuf check (.*?)\S+\.sys THIS_FILE", text, re.M)[1].split()
    again = sysbuf(folder, "check", "--no-reproducers", "--no-low-resources", *options, driver,
                   f"scripts/{name}")
    found = re.findall(r"^\d+\. ([\w-]+): .*?^   at (\S+)", again.stdout, re.M | re.S)
    assert any(each[0] == rule and (not place or each[1] == place[1]) for each in found), (
        f"{name} does not show {rule}:\n{text}\n{again.stdout}{again.stderr}")
    played = sysbuf(folder, "run", "--keep-going", driver, f"scripts/{name}")
    assert played.returncode in (0, 1, 3), f"{name}: run ends with {played.returncode}\n{played.stderr}"


def main():
    driver, count, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        report, scripts = check(pathlib.Path(first), driver, options)
        assert len(scripts) >= int(count)
        for name, text in scripts.items():
            replay(first, driver, name, text)
        assert (report, scripts) == check(pathlib.Path(second), driver, options), (
            "the runs differ")


main()
