#!/usr/bin/python3
"""sysbuf fuzz: what it finds, writes and repeats, on drivers whose mistakes are known."""
import pathlib
import re
import tempfile
import unittest

from sysbuf import Case, DRIVERS, MYDEVICE, PLAIN, run

MAZE = str(DRIVERS / "maze-gcc.sys")
PEND = MYDEVICE.parents[1] / "tests" / "drivers" / "pend.sys"
DOOR = str(DRIVERS / "door-gcc.sys")


class Fuzz(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fuzz(self, *arguments):
        return run("fuzz", *arguments, folder=self.folder)

    def crashes(self):
        return sorted(path.name for path in (self.folder / "crashes").glob("*.script"))

    def test_wrong_use_is_refused(self):
        hint = "see 'sysbuf fuzz --help'"
        self.refuses(["fuzz"], f"which driver?; {hint}")
        self.refuses(["fuzz", PLAIN, PLAIN], f"one driver at a time; {hint}")
        self.refuses(["fuzz", "--runs", "0", PLAIN],
                     "--runs is a number from 1 to 18446744073709551615, not '0'")
        self.refuses(["fuzz", "--verify", "pool,magic", PLAIN],
                     f"--verify: there are no rules 'magic'; {hint}")
        self.refuses(["fuzz", "--walk", PLAIN], f"there is no option --walk; {hint}")
        self.refuses(["fuzz", "nothing.sys"], "nothing.sys: the file cannot be read",
                     folder=self.folder)
        self.refuses(["fuzz", "--corpus", PLAIN, PLAIN],
                     f"--corpus: {PLAIN} is no folder and cannot be made one")

    def test_a_driver_without_the_device_is_refused(self):
        self.refuses(["fuzz", "--device", r"\\.\Nothing", PLAIN],
                     PLAIN + r": \\.\Nothing cannot be opened: status 0xc0000034")

    def test_a_mistake_behind_nested_numbers_is_found_and_replayed(self):
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler=compiler):
                driver = str(DRIVERS / f"door-{compiler}.sys")
                answer = self.fuzz("-q", "--runs", 3000000, "--stop-at-crash", "--verify", "none",
                                   "--crashes", compiler, driver)
                self.check(answer, 1)
                script, = (self.folder / compiler).glob("*.script")
                self.assertEqual(run("run", "-q", driver, script).code, 3)
                text = script.read_text(encoding="utf-8")
                # the least that does it: one open, one request of 23 bytes
                self.assertEqual(len(re.findall("^ioctl", text, re.M)), 1)
                self.assertIn("in hex 706c6174 dec08877 66554433 22116c61 62797269 6e7468\n", text)

    def test_order_hangs_and_breakpoints_are_found(self):
        answer = self.fuzz("-q", "--runs", 20000, "--timeout", 100, "--verify", "none", MAZE)
        self.check(answer, 1)
        names = " ".join(self.crashes())
        self.assertIn("hang-maze-gcc.sys-ioctl-222080.script", names)
        self.assertRegex(names, "stop-3b-80000003-maze-gcc.sys-")  # the driver's own int3
        wall, = [name for name in self.crashes() if name.startswith("stop-3b-c0000005")]
        text = (self.folder / "crashes" / wall).read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^(ioctl h\d) (0x\w+)", text, re.M)[0][1], "0x222044")
        self.assertEqual(re.findall(r"^(ioctl h\d) (0x\w+)", text, re.M)[1][1], "0x222048")
        self.assertEqual(run("run", "-q", MAZE, self.folder / "crashes" / wall).code, 3)

    def test_a_request_that_is_kept_for_ever_is_found(self):
        answer = self.fuzz("-q", "--runs", 100, "--timeout", 200, "--verify", "none", PEND)
        self.check(answer, 1)
        self.assertEqual(self.crashes(), ["kept-pend.sys-ioctl-222804.script"])

    def test_the_same_seed_does_the_same(self):
        options = ["-q", "--runs", 5000, "--verify", "none"]
        for name in ("one", "two"):
            self.check(self.fuzz(*options, "--corpus", name, MYDEVICE), 0, "")
        names = [sorted(path.name for path in (self.folder / name).iterdir())
                 for name in ("one", "two")]
        self.assertGreater(len(names[0]), 5)
        self.assertEqual(names[0], names[1])

    def test_a_corpus_is_read_again(self):
        self.fuzz("-q", "--runs", 5000, "--verify", "none", "--corpus", "corpus", MYDEVICE)
        count = len(list((self.folder / "corpus").iterdir()))
        answer = self.fuzz("--runs", 1, "--verify", "none", "--corpus", "corpus", MYDEVICE)
        self.check(answer, 0)
        self.assertIn(f"corpus {count} ", answer.output)

    def test_a_script_is_an_input_and_an_input_is_a_script(self):
        script = self.folder / "seed"
        script.write_text('open Door as m\nioctl m 0x222000 in u32 1 2 out 8\n'
                          'read m 16 at 3\nwrite m hex 0102 at 5\n'
                          'ioctl m 0x222003 in null 9 out bad 7\n'
                          'cancel m\nflush m\nclose m\n', encoding="utf-8")
        answer = self.fuzz("-q", "--runs", 1, "--verify", "none", "--corpus", "corpus", "--script",
                           script, DOOR)
        self.check(answer, 0)
        shown = [self.fuzz("--show", path, DOOR).output
                 for path in (self.folder / "corpus").iterdir()]
        expected = ('open "\\\\\\\\.\\\\Door" as h0 overlapped\n'
                    'ioctl h0 0x222000 in hex 01000000 02000000 out 8\n'
                    'read h0 16 at 3\nwrite h0 hex 0102 at 5\n'
                    'ioctl h0 0x222003 in null 9 out bad 7\n'
                    'cancel h0\nflush h0\nclose h0\n')
        self.assertTrue(any(text.endswith("guard on\n" + expected) for text in shown), shown)

    def test_jobs_share_a_corpus(self):
        answer = self.fuzz("-q", "--jobs", 2, "--runs", 20000, "--verify", "none", "--corpus",
                           "corpus", MYDEVICE)
        self.check(answer, 0)
        self.assertGreater(len(list((self.folder / "corpus").iterdir())), 5)


if __name__ == "__main__":
    unittest.main()
