#!/usr/bin/python3
"""Wrong use of the command line: each mistake has its own sentence and exit code 2."""
import os
import pathlib
import tempfile
import unittest

from sysbuf import Case, PLAIN, ROOT, run


class Commands(Case):
    def test_no_command(self):
        self.refuses([], "which command? See 'sysbuf help'")

    def test_unknown_command(self):
        self.refuses(["walk"], "there is no command walk; see 'sysbuf help'")
        self.refuses([""], "there is no command ; see 'sysbuf help'")
        self.refuses(["--walk"], "there is no option --walk; see 'sysbuf help'")

    def test_version(self):
        version = (ROOT / "VERSION").read_text(encoding="utf-8").split()[0]
        self.check(run("--version"), 0, f"sysbuf {version}\n")

    def test_help_of_each_command_is_its_page(self):
        for command in ("run", "fuzz", "info", "exports"):
            for option in ("--help", "-h"):
                with self.subTest(command=command, option=option):
                    answer = run(command, option)
                    self.check(answer, 0)
                    self.assertTrue(answer.output.startswith(f"sysbuf-{command}: "))
                    self.assertEqual(answer.output, run("help", command).output)
        self.assertEqual(run("--help").output, run("help", "sysbuf").output)

    def test_help_topics(self):
        answer = run("help")
        self.check(answer, 0)
        topics = [line.split()[0] for line in answer.output.splitlines()[3:]]
        self.assertEqual(topics, ["sysbuf", "run", "check", "fuzz", "info", "stats", "exports", "script", "statuses",
                                  "bugchecks"])
        for topic in topics:
            answer = run("help", topic)
            self.check(answer, 0)
            self.assertGreater(len(answer.output.splitlines()), 10)

    def test_wrong_help(self):
        self.refuses(["help", "walking"],
                     "there is no help on walking; 'sysbuf help' lists the topics")
        self.refuses(["help", "run", "info"], "help takes one topic; 'sysbuf help' lists them")
        self.refuses(["help", "-x"], "there is no option -x; see 'sysbuf help --help'")

    def test_codes_are_named(self):
        self.assertIn("0xC0000022  STATUS_ACCESS_DENIED\n", run("help", "statuses").output)
        self.assertIn("0x00000103  STATUS_PENDING\n", run("help", "statuses").output)
        self.assertIn("0x000000D1  DRIVER_IRQL_NOT_LESS_OR_EQUAL\n",
                      run("help", "bugchecks").output)


class RunOptions(Case):
    def test_unknown_options(self):
        for option in ("--nothing", "-x", "--processor-count=3"):
            self.refuses(["run", option, PLAIN],
                         f"there is no option {option}; see 'sysbuf run --help'")

    def test_missing_values(self):
        for option in ("processors", "memory", "root", "timeout", "log", "log-prefix"):
            self.refuses(["run", PLAIN, f"--{option}"],
                         f"--{option} needs a value; see 'sysbuf run --help'")
        self.refuses(["run", PLAIN, "-e"], "-e needs a value; see 'sysbuf run --help'")

    def test_values_that_are_not_taken(self):
        for option in ("no-start", "keep-going", "full"):
            self.refuses(["run", f"--{option}=1", PLAIN],
                         f"--{option}=1 takes no value; see 'sysbuf run --help'")

    def test_numbers_out_of_range(self):
        for value in ("0", "65", "-1", "two", "", "1.5", "0x", "99999999999999999999"):
            self.refuses(["run", "--processors", value, PLAIN],
                         f"--processors is a number from 1 to 64, not '{value}'")
        self.refuses(["run", "--timeout", "soon", PLAIN],
                     "--timeout is a number from 0 to 1000000, not 'soon'")

    def test_sizes(self):
        for value in ("", "K", "12X", "-1", "1MM", "99999999999999999999G", "0x1FFFFFFFFFFFFFFFK"):
            self.refuses(["run", "--memory", value, PLAIN],
                         "--memory is a number of bytes as in 65536, 64K, 16M or 1G, "
                         f"not '{value}'")
        self.check(run("run", "--memory", "64M", "-q", "--log", "/dev/null", PLAIN), 0, "")

    def test_missing_imports(self):
        for value in ("", "no", "trapped"):
            self.refuses(["run", "--missing-imports", value, PLAIN],
                         f"--missing-imports is refuse or trap, not '{value}'")

    def test_root_that_is_no_directory(self):
        self.refuses(["run", "--root", "/nowhere", PLAIN], "--root: /nowhere is no directory")
        self.refuses(["run", "--root", PLAIN, PLAIN], f"--root: {PLAIN} is no directory")

    def test_log_that_cannot_be_written(self):
        self.refuses(["run", "--log", "/nowhere/log", PLAIN],
                     "--log: /nowhere/log cannot be written")


class RunFiles(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def script(self, content):
        path = self.path / "a.script"
        path.write_bytes(content)
        return str(path)

    def not_started(self, path, reason):
        name = os.path.basename(path)
        answer = run("run", path)
        self.assertEqual(answer.errors, f"sysbuf: {name} did not start\n")
        self.assertIn(reason, answer.output)
        self.assertEqual(answer.code, 4)

    def test_no_driver(self):
        self.refuses(["run"], "run: which driver? See 'sysbuf run --help'")

    def test_driver_files_that_are_none(self):
        self.not_started("/nowhere.sys", "/nowhere.sys: No such file or directory")
        self.not_started("/tmp", "/tmp: it is a directory")
        self.not_started("/dev/null", "/dev/null: it is no regular file")
        (self.path / "empty.sys").write_bytes(b"")
        self.not_started(str(self.path / "empty.sys"), "not a PE image: shorter than a DOS header")
        (self.path / "text.sys").write_bytes(b"no image" * 20)
        self.not_started(str(self.path / "text.sys"), "not a PE image: no MZ at its start")

    @unittest.skipIf(os.geteuid() == 0, "root may read any file")
    def test_unreadable_driver(self):
        path = self.path / "secret.sys"
        path.write_bytes(b"MZ")
        path.chmod(0)
        self.not_started(str(path), "Permission denied")

    def test_two_drivers_of_one_name(self):
        copy = self.path / "plain-gcc.sys"
        copy.write_bytes(pathlib.Path(PLAIN).read_bytes())
        answer = run("run", "-q", "--log", "/dev/null", PLAIN, copy)
        self.check(answer, 2, "", "sysbuf: two drivers are called plain-gcc.sys\n")

    def test_files_behind_the_script(self):
        script = self.script(b"")
        self.refuses(["run", PLAIN, script, "another"],
                     f"run: {script} is no driver, and a script must come last")

    def test_script_and_statements(self):
        self.refuses(["run", "-e", "print x", PLAIN, self.script(b"")],
                     "run: a script and --execute exclude each other")

    def test_script_files_that_are_none(self):
        self.refuses(["run", PLAIN, "/nowhere"], "/nowhere: No such file or directory")
        self.refuses(["run", PLAIN, "/tmp"], "/tmp: it is a directory")
        self.refuses(["run", PLAIN, "/dev/zero"], "/dev/zero: it is no regular file")

    def test_empty_scripts(self):
        for content in (b"", b"\n\n", b"# only a comment", b" ; ; \r\n"):
            with self.subTest(content=content):
                self.check(run("run", "-q", "--log", "/dev/null", PLAIN, self.script(content)), 0,
                           "")

    def test_garbage_as_script(self):
        script = self.script(b"open Plain\n\0\x01\x02")
        self.check(run("run", PLAIN, script), 2, "", f"{script}:2: byte 0x00: this is no text\n")
        script = self.script(bytes(range(256)))
        self.check(run("run", PLAIN, script), 2, "", f"{script}:1: byte 0x00: this is no text\n")

    def test_a_line_of_a_megabyte(self):
        script = self.script(b"open " + b"x" * 1000000)
        self.check(run("run", "-q", "--log", "/dev/null", PLAIN, script), 0, "")
        script = self.script(b"y" * 1000000)
        self.check(run("run", PLAIN, script), 2, "",
                   f"{script}:1: '{'y' * 60}' is no statement; see 'sysbuf help script'\n")

    def test_standard_input_is_a_script(self):
        answer = run("run", "-q", "--log", "/dev/null", PLAIN, "-", text="print hello\n")
        self.check(answer, 0, "hello\n")
        self.check(run("run", PLAIN, "-", text="walk\n"), 2, "",
                   "standard input:1: 'walk' is no statement; see 'sysbuf help script'\n")


if __name__ == "__main__":
    unittest.main()
