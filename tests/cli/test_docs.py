#!/usr/bin/python3
"""docs/host.md says what happens: its example is run, and its table is the manual's."""
import re
import unittest

from sysbuf import Case, ROOT, run

TEXT = (ROOT / "docs" / "host.md").read_text(encoding="utf-8")


class HostPage(Case):
    def test_the_example(self):
        example = re.search(r"    build/sysbuf run (\S+) - <<'END'\n(.*?)    END\n\nprints\n\n"
                            r"((?:    [^\n]*\n)+)", TEXT, re.S)
        script = re.sub("^    ", "", example.group(2), flags=re.M)
        output = re.sub("^    ", "", example.group(3), flags=re.M)
        self.check(run("run", ROOT / example.group(1), "-", text=script), 0, output)

    def test_the_exit_codes(self):
        manual = (ROOT / "man" / "sysbuf.txt").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^\| (\d+) \|", TEXT, re.M),
                         re.findall(r"^\* (\d+)$", manual, re.M))

    def test_links_lead_somewhere(self):
        for link in re.findall(r"\]\(([^)]+)\)", TEXT):
            self.assertTrue((ROOT / "docs" / link).exists(), link)


if __name__ == "__main__":
    unittest.main()
