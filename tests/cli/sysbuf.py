"""The sysbuf command under test: run() and what the tests share."""
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("SYSBUF", str(ROOT / "build" / "linux" / "cli" / "sysbuf"))
DRIVERS = pathlib.Path(os.environ.get("SYSBUF_DRIVERS", ROOT / "build" / "linux" / "drivers"))
PLAIN = str(DRIVERS / "plain-gcc.sys")
MYDEVICE = ROOT / "build" / "windows-x64" / "mydevice" / "mydevice.sys"


class Answer:
    def __init__(self, done):
        self.code = done.returncode
        self.output = done.stdout.decode()
        self.errors = done.stderr.decode()


def run(*arguments, text=b"", folder=None):
    """Runs sysbuf; a signal or a sanitizer's report shows in the code and the errors."""
    if isinstance(text, str):
        text = text.encode()
    return Answer(subprocess.run([COMMAND, *map(str, arguments)], input=text, cwd=folder,
                                 capture_output=True, timeout=60, check=False))


class Case(unittest.TestCase):
    maxDiff = None

    def check(self, answer, code, output=None, errors=""):
        """The exact exit code and texts; output None: not looked at."""
        self.assertEqual(answer.errors, errors)
        if output is not None:
            self.assertEqual(answer.output, output)
        self.assertEqual(answer.code, code)

    def refuses(self, arguments, message, **options):
        """Exit code 2, nothing on standard output, one line on standard error."""
        self.check(run(*arguments, **options), 2, "", f"sysbuf: {message}\n")
