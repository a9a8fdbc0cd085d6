#!/usr/bin/python3
"""The manual says all there is: options, statements, exit codes; and its pages are well formed."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from sysbuf import Case, ROOT, run

CLI = ROOT / "cli"
MAN = ROOT / "man"
PAGES = pathlib.Path(os.environ.get("SYSBUF_MAN", ROOT / "build" / "linux" / "cli" / "man"))


def source(name):
    return (CLI / name).read_text(encoding="utf-8")


class Manual(Case):
    def test_each_option_is_documented_on_its_page(self):
        for name, page in (("run/options.c", "run"), ("check/options.c", "check"),
                           ("fuzz/options.c", "fuzz"), ("stats.c", "stats"),
                           ("info/info.c", "info"),
                           ("exports.c", "exports")):
            options = re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', source(name))
            self.assertGreater(len(options), 1)
            text = (MAN / f"sysbuf-{page}.txt").read_text(encoding="utf-8")
            terms = [line for line in text.splitlines() if line.startswith("* ")]
            for option in options:
                self.assertTrue(any(re.search(rf"--{option}\b", term) for term in terms), option)

    def test_each_statement_is_documented(self):
        verbs = re.findall(r'\{"([a-z]+)",\s+ACTION_', source("script/action.c"))
        self.assertGreater(len(verbs), 15)
        text = (MAN / "sysbuf-script.txt").read_text(encoding="utf-8")
        terms = [line[2:] for line in text.splitlines() if line.startswith("* ")]
        for verb in verbs + ["seq", "set"]:
            self.assertTrue(any(re.match(rf"{verb}\b", term) for term in terms), verb)

    def test_each_usage_is_the_manuals(self):
        """What a mistake shows is what the page has; its clauses apart."""
        text = (MAN / "sysbuf-script.txt").read_text(encoding="utf-8")
        for usage in re.findall(r'\{"(?!expect)[a-z]+",\s+ACTION_\w+,\s+\w+,\s+"([^"]+)"\}',
                                source("script/action.c")):
            self.assertIn(f"* {usage}\n", text)

    def test_each_exit_code_is_documented(self):
        codes = re.findall(r"= (\d+)", source("exit_codes.h"))
        text = (MAN / "sysbuf.txt").read_text(encoding="utf-8")
        self.assertEqual(sorted(map(int, re.findall(r"^\* (\d+)$", text, re.M))),
                         sorted(set(map(int, codes))))

    def test_help_fits_a_terminal(self):
        for topic in ("sysbuf", "run", "check", "fuzz", "stats", "info", "exports",
                      "script"):
            for line in run("help", topic).output.splitlines():
                self.assertLessEqual(len(line), 100, line)

    @unittest.skipUnless(shutil.which("groff"), "needs groff")
    def test_pages_have_no_mistakes_for_groff(self):
        pages = sorted(PAGES.glob("*.[15]"))
        self.assertEqual(len(pages), 8)
        for page in pages:
            done = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z", str(page)],
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""), page)

    def test_the_list_of_exports_is_current(self):
        text = (ROOT / "docs" / "host-exports.md").read_text(encoding="utf-8")
        self.assertTrue(text == run("exports", "--markdown").output,
                        "make it anew: build/sysbuf exports --markdown >docs/host-exports.md")


if __name__ == "__main__":
    unittest.main()
