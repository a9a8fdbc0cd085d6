#!/usr/bin/python3
"""The host's benchmarks with tiny counts: all must be answered rightly, and every figure that a
goal names must come out. Says nothing about time."""
import json
import os
import shutil
import sys
import tempfile
import unittest

import goals
import run

# Wine is not started here, and these packages need not be installed.
ABSENT = [("wine", lambda: True), ("dispatch", lambda: not shutil.which("valgrind")),
          ("ck-ring", lambda: not os.path.exists(os.path.join(run.BENCH, "ring_baselines"))),
          ("memcpy", lambda: not os.path.exists(os.path.join(run.BENCH, "ring_baselines")))]


def may_lack(name):
    return any(word in name and absent() for word, absent in ABSENT)


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.file = os.path.join(cls.folder, "results.json")
        run.OUTPUT = cls.folder
        run.SCRIPT = os.path.join(cls.folder, "fuzz.script")
        run.main(["tiny", "host", cls.file])
        with open(cls.file, encoding="utf-8") as file:
            cls.results = json.load(file)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_nothing_fails(self):
        failures = {label: words for label, words in self.results["failures"].items()
                    if not (may_lack(label) or label == "ring baselines" and may_lack("ck-ring"))}
        self.assertEqual(failures, {})

    def test_every_goal_has_its_figures(self):
        names = {name for goal in goals.GOALS for name in (goal.of, goal.beside) if name}
        tiny = int(run.SIZES["tiny"]["waiting"])  # counts beyond it are not run
        for name in sorted(names):
            beyond = name.startswith("scaling-") and int(name.rsplit("/", 1)[1]) > tiny
            if not beyond and not may_lack(name):
                self.assertIn(name, self.results["figures"])

    def test_a_goal_without_a_figure_is_missing_and_not_met(self):
        for goal in goals.GOALS:
            self.assertEqual(goals.judge(goal, {})[1], "missing")

    def test_goals_are_judged_by_medians(self):
        goal = goals.at_least("", "", "a", 2, "b")
        figures = {"a": {"values": [9, 4, 1]}, "b": {"values": [2, 2, 8]}}
        self.assertEqual(goals.judge(goal, figures), (2, "met", None))
        figures["a"]["values"] = [9, 3, 1]
        self.assertEqual(goals.judge(goal, figures)[1], "missed")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
