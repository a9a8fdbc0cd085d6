#!/usr/bin/python3
"""Runs on the plain test driver: what is shown, what is expected, how a run ends."""
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from sysbuf import COMMAND, Case, DRIVERS, PLAIN, ROOT, run

ECHO, EVENT, CRASH, PEND, HANG = (0x220000 + (function << 2)
                                  for function in (0x800, 0x801, 0x802, 0x803, 0x806))
START = ("driver: plain: started from \\Registry\\Machine\\System\\CurrentControlSet\\Services\\"
         "plain-gcc\nload plain-gcc.sys: STATUS_SUCCESS (0x00000000)\n")
END = "unload plain-gcc.sys: STATUS_SUCCESS (0x00000000)\n"
OPEN = "   1  open \\\\.\\Plain as it: STATUS_SUCCESS (0x00000000)\n"


def script(text, *options):
    return run("run", *options, PLAIN, "-", text=text)


class Shown(Case):
    def test_without_a_script_the_driver_starts_and_ends(self):
        self.check(run("run", PLAIN), 0, START + END)

    def test_two_drivers_start_in_order_and_end_in_reverse(self):
        answer = run("run", "--log", "/dev/null", PLAIN, DRIVERS / "rtl-gcc.sys")
        lines = [line.split(":")[0] for line in answer.output.splitlines()]
        self.assertEqual(answer.errors, "")
        self.assertEqual(lines, ["load plain-gcc.sys", "load rtl-gcc.sys", "unload rtl-gcc.sys",
                                 "unload plain-gcc.sys"])

    def test_a_call_is_a_line_and_its_reply(self):
        answer = script(f'open Plain\nioctl {ECHO} in text "0123456789" out 16\n')
        self.check(answer, 0, START + OPEN +
                   "   2  ioctl it 0x00222000 in 10 out 16: STATUS_SUCCESS (0x00000000), "
                   "information 10\n"
                   "      30 31 32 33 34 35 36 37 38 39  |0123456789|\n" + END)

    def test_a_long_reply_is_shortened(self):
        answer = script(f"open Plain\nioctl {ECHO} in fill 25 0x41 out 30\n")
        self.assertIn("      " + "41 " * 24 + "... |" + "A" * 24 + "|...\n", answer.output)

    def test_full_shows_all_of_a_reply(self):
        answer = script(f"open Plain\nioctl {ECHO} in fill 17 0x1 u8 0x42 out 30\n", "--full")
        self.assertIn("      0000  " + "01 " * 15 + "01  |................|\n"
                      "      0010  01 42" + "   " * 14 + "  |.B|\n", answer.output)

    def test_quiet_shows_prints_and_the_log_alone(self):
        answer = script("open Plain\nprint a  'b c'\n", "-q")
        self.check(answer, 0, START.splitlines()[0] + "\na b c\n")

    def test_log_prefix(self):
        answer = script("", "-q", "--log-prefix", "[k] ")
        self.assertTrue(answer.output.startswith("[k] plain: started"))

    def test_log_file(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            self.check(script("open Plain", "--log", log), 0,
                       START.splitlines()[1] + "\n" + OPEN + END)
            self.assertEqual(log.read_text(), START.splitlines()[0][len("driver: "):] + "\n")

    def test_a_status_without_a_name(self):
        self.check(script("open Plain\nclose handle 0x9999"), 0, START + OPEN +
                   "   2  close handle: STATUS_INVALID_HANDLE (0xC0000008)\n" + END)


class Values(Case):
    def echoes(self, data, reply):
        """The driver sends the input back: expect compares it with bytes written otherwise."""
        answer = script(f"open Plain ; ioctl {ECHO} in {data} out 64\n"
                        f"expect success bytes hex {reply}", "-q")
        self.assertEqual((answer.code, answer.errors), (0, ""), data)

    def test_forms_of_data(self):
        for data, reply in {
                "hex 00 1122 FF": "001122ff",
                "hex '00 11  22'": "001122",
                'text "a\\x41\\0\\n\\\\\\"\\$"': "6141000a5c2224",
                "text 'a\\x'": "615c78",
                'text "中"': "e4b8ad",
                'utf16 "a中😀"': "61002d4e3dd800de",
                "u8 1 2 -1": "0102ff",
                "u16 1 0x8000 -2": "01000080feff",
                "u32 0x401234 -1": "34124000ffffffff",
                "u64 1 -1": "0100000000000000ffffffffffffffff",
                "fill 3 7": "070707",
                "zeros 2 u8 1": "000001",
                "text a u8 0 hex ff": "6100ff",
        }.items():
            self.echoes(data, reply)

    def test_file_is_beside_the_script(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "data.bin").write_bytes(b"\0abc")
            (path / "a.script").write_text(
                f'open Plain ; ioctl {ECHO} in file data.bin out 9 ; expect bytes text "\\0abc"\n'
                f'ioctl {ECHO} in file {path}/data.bin out 9 ; expect bytes hex 00616263\n')
            self.check(run("run", "-q", "--log", "/dev/null", PLAIN, path / "a.script"), 0, "")

    def test_expressions(self):
        for expression, value in {
                "1+2*3": 7, "(1+2)*3": 9, "7-2-1": 4, "1<<4|1": 17, "0xF0>>4&3": 3, "6^3": 5,
                "7%4": 3, "9/2": 4, "-1": 2**64 - 1, "--2": 2, "1<<64": 0, "n*n+$n": 30,
                " 2 * ( n + 1 ) ": 12}.items():
            answer = script(f"set n 5\nprint $({expression})", "-q", "--log", "/dev/null")
            self.check(answer, 0, f"{value}\n")

    def test_variables_in_words(self):
        answer = script('set n 12\nprint a$n ${n}b "[$n]" \'$n\' "\\$n" $(n)c x$(n+1)y', "-q",
                        "--log", "/dev/null")
        self.check(answer, 0, "a12 12b [12] $n $n 12c x13y\n")

    def test_loops(self):
        for text, output in {
                "seq n 1 3 { print $n }": "1\n2\n3\n",
                "seq n 1 3\nprint $n\nend": "1\n2\n3\n",
                "seq n 0 10 step 4 { print $n }": "0\n4\n8\n",
                "seq n 3 1 { print $n }": "",
                "seq n 5 5 { print $n } print x": None,
                "seq n 0 1 { seq m 0 1 { print $n$m } }": "00\n01\n10\n11\n",
                "seq n 0xFFFFFFFFFFFFFFFE -1 { print $n }":
                    "18446744073709551614\n18446744073709551615\n",
                "seq n 1 2 { set x $(n*10) }; print $x $n": "20 2\n",
        }.items():
            if output is not None:
                self.check(script(text, "-q", "--log", "/dev/null"), 0, output)

    def test_a_later_round_may_be_wrong(self):
        answer = script("seq n 254 256 { print $n\nwrite u8 $n }", "-q", "--log", "/dev/null")
        self.assertEqual(answer.code, 2)
        answer = script(f"open Plain\nseq n 254 257 {{\nioctl {ECHO} in u8 $n\n}}", "-q", "--log",
                        "/dev/null")
        self.check(answer, 2, "", "standard input:3: a number is at most 255, not 256 (usage: "
                   "ioctl [HANDLE] CODE [in BUFFER] [out LENGTH] [event EVENT] [async] [as REQUEST])\n")


class Expectations(Case):
    def unmet(self, expectation, message):
        answer = script(f'open Plain\nioctl {ECHO} in text "abc" out 8\n\nexpect {expectation}\n'
                        "print not reached", "-q", "--log", "/dev/null")
        self.check(answer, 1, "", f"standard input:4: {message}\n")

    def met(self, expectation):
        answer = script(f'open Plain\nioctl {ECHO} in text "abc" out 8\nexpect {expectation}',
                        "-q", "--log", "/dev/null")
        self.assertEqual((answer.code, answer.errors), (0, ""), expectation)

    def test_met(self):
        for expectation in ("success", "status STATUS_SUCCESS", "status 0", "information 3",
                            "bytes text abc", "bytes at 1 text b", "bytes at 3 text ''",
                            "output text abc zeros 5", "output at 2 hex 63 00", "no log",
                            "success information 3 bytes text abc no log",
                            'no log "x"'):
            self.met(expectation)

    def test_status(self):
        self.unmet("status STATUS_PENDING", "expected STATUS_PENDING (0x00000103), got "
                   "STATUS_SUCCESS (0x00000000)")
        self.unmet("status 0xE1234567",
                   "expected status 0xE1234567, got STATUS_SUCCESS (0x00000000)")
        self.unmet("failure", "expected a failure, got STATUS_SUCCESS (0x00000000)")

    def test_information(self):
        self.unmet("information 4", "expected information 4, got 3")

    def test_bytes(self):
        self.unmet("bytes text abd", "bytes: the first difference is at byte 2\n"
                   "  expected 3: 61 62 64  |abd|\n  got      3: 61 62 63  |abc|")
        self.unmet("bytes text ab", "bytes: the first difference is at byte 2\n"
                   "  expected 2: 61 62  |ab|\n  got      3: 61 62 63  |abc|")
        self.unmet("bytes none", "bytes: the first difference is at byte 0\n"
                   "  expected 0:  ||\n  got      3: 61 62 63  |abc|")
        self.unmet("bytes at 2 text cd", "bytes: the first difference is at byte 3\n"
                   "  expected 2: 63 64  |cd|\n  got      1: 63  |c|")
        self.unmet("bytes at 9 text c", "bytes: the first difference is at byte 3\n"
                   "  expected 1: 63  |c|\n  got      0:  ||")
        self.unmet("output text abc", "output: the first difference is at byte 3\n"
                   "  expected 3: 61 62 63  |abc|\n"
                   "  got      8: 61 62 63 00 00 00 00 00  |abc.....|")

    def test_log(self):
        self.unmet("log hello", "expected in the log: hello\n  got: nothing more")
        answer = script("unload\nstart\nexpect log 'plain: started' log plain-gcc\n"
                        "expect no log started", "-q", "--log", "/dev/null")
        self.check(answer, 0, "")
        answer = script("unload\nstart\nexpect log 'plain-gcc' log started", "-q", "--log",
                        "/dev/null")
        self.check(answer, 1, "", "standard input:3: expected in the log: started\n  got: \n\n")
        answer = script("unload\nstart\nexpect no log started", "-q", "--log", "/dev/null")
        self.assertEqual(answer.code, 1)
        self.assertTrue(answer.errors.startswith(
            "standard input:3: not expected in the log: started\n  got: plain: started from"))

    def test_log_within(self):
        before = time.monotonic()
        self.unmet("log hello within 300", "expected in the log: hello\n  got: nothing more")
        self.assertGreater(time.monotonic() - before, 0.3)

    def test_before_any_call(self):
        self.check(run("run", "--no-start", PLAIN, "-e", "expect success"), 2, "",
                   "--execute:1: nothing was called yet that could be expected from\n")

    def test_all_clauses_of_a_statement_are_looked_at(self):
        answer = script(f"open Plain\nioctl {ECHO} in u8 1 out 1\n"
                        "expect failure information 2 bytes u8 2", "-q")
        self.assertEqual(answer.errors.count("standard input:3: "), 3)

    def test_keep_going(self):
        answer = script(f"open Plain\nioctl {ECHO}\nexpect failure\nexpect information 9\n"
                        "print reached", "--keep-going", "--log", "/dev/null")
        self.assertEqual(answer.code, 1)
        self.assertEqual(answer.output.splitlines()[-3:],
                         ["reached", END.strip(), "0 of 2 expectations met"])

    def test_count(self):
        answer = script("open Plain\nexpect success no log\nseq n 1 3 { expect success }")
        self.assertEqual(answer.output.splitlines()[-1], "5 of 5 expectations met")


class Names(Case):
    def wrong(self, text, message, code=2):
        answer = script(text, "-q", "--log", "/dev/null")
        self.check(answer, code, "", f"standard input:{message}\n")

    def test_what_was_never_named(self):
        self.wrong(f"ioctl {ECHO}", "1: process admin has opened nothing yet")
        self.wrong("close a", "1: there is no handle a")
        self.wrong("wait a", "1: there is no request or event a")
        self.wrong("signal e", "1: there is no event e")
        self.wrong("event e\nreset it", "2: there is no event it")
        self.wrong(f"open Plain as a\nioctl a {ECHO} event a", "2: there is no event a")
        self.wrong("open Plain\nduplicate to p as c", "2: there is no process p")
        self.wrong("as p", "1: there is no process p")
        self.wrong("exit p", "1: there is no process p")
        self.wrong("unload p", "1: there is no driver p")
        self.wrong("start p", "1: there is no driver p")

    def test_what_is_gone(self):
        self.wrong("open Plain as a\nclose a\nread a 1", "3: there is no handle a")
        self.wrong("open Plain as a\nexit\nread a 1", "3: there is no handle a")
        self.wrong("process p\nexit p\nas p", "3: there is no process p")
        self.wrong("unload\nunload", "2: plain-gcc.sys is not loaded")

    def test_a_name_twice(self):
        self.wrong("process p\nprocess p", "2: there is a process p already")
        self.wrong("load /elsewhere/plain-gcc.sys", "1: there is another driver plain-gcc.sys: "
                   "give this one a name with as")

    def test_bits_of_a_named_process_are_for_life(self):
        self.wrong("process p bits 32\nbits 64", "2: process p is of 32 bits for its whole life")
        self.check(script("process p bits 32\nbits 32\nas admin\nbits 64", "-q", "--log",
                          "/dev/null"), 0, "")

    def test_use_of_what_did_not_open(self):
        self.wrong(f"open Missing as a\nioctl a {ECHO}", "2: a is not open: the open in line 1 "
                   "gave STATUS_OBJECT_NAME_NOT_FOUND (0xC0000034)", code=1)

    def test_calls_are_made_by_the_handles_process(self):
        answer = script("process one\nopen Plain as a\nprocess two\nopen Plain as b\n"
                        f"ioctl a {ECHO} in u8 1 out 1 ; expect success\n"
                        f"exit two\nioctl a {ECHO} in u8 1 out 1 ; expect success", "-q", "--log",
                        "/dev/null")
        self.check(answer, 0, "")


class Requests(Case):
    def test_a_pending_request_is_waited_for(self):
        answer = script(f"open Plain overlapped\nioctl {PEND} out 4 as r\n"
                        "expect status STATUS_PENDING information 0 bytes none\n"
                        "wait r\nexpect success information 4 bytes u32 2")
        self.assertEqual((answer.code, answer.errors), (0, ""))
        self.assertIn("   2  ioctl it 0x0022200C in 0 out 4: STATUS_PENDING (0x00000103), as r\n",
                      answer.output)
        self.assertIn("   4  wait: ioctl it 0x0022200C in 0 out 4: STATUS_SUCCESS (0x00000000), "
                      "information 4\n", answer.output)

    def test_a_synchronous_call_on_its_own_thread(self):
        answer = script(f"open Plain\nioctl {PEND} out 4 async as r\n"
                        "expect status STATUS_PENDING\nwait r for 5000\n"
                        "expect success information 4 bytes u32 2", "-q", "--log", "/dev/null")
        self.check(answer, 0, "")

    def test_a_name_in_use(self):
        answer = script(f"open Plain overlapped\nioctl {PEND} out 4 as r\nioctl {PEND} out 4 as r",
                        "-q", "--log", "/dev/null")
        self.check(answer, 2, "",
                   "standard input:3: there is a request r already: wait for it first\n")

    def test_bad_pointers_are_refused(self):
        answer = script(f"open Plain\n"
                        f"ioctl {ECHO} in bad 8 out 8\nexpect status STATUS_ACCESS_VIOLATION\n"
                        f"ioctl {ECHO} in kernel 8\nexpect status STATUS_ACCESS_VIOLATION\n"
                        f"ioctl {ECHO} in null 8\nexpect success information 0\n" # no pointer, no length
                        f"ioctl {ECHO} in u8 1 out bad 8\nexpect status STATUS_ACCESS_VIOLATION\n",
                        "-q", "--log", "/dev/null")
        self.check(answer, 0, "")

    def test_a_claimed_length_is_what_the_driver_is_told(self):
        answer = script(f'open Plain\n'
                        f'ioctl {ECHO} in text "abc" claim 64\nexpect status STATUS_ACCESS_VIOLATION\n'
                        f'ioctl {ECHO} in text "abc" out 16 claim 2\nexpect information 2\n',
                        "-q", "--log", "/dev/null")
        self.check(answer, 0, "")

    def test_output_in_the_inputs_memory(self):
        answer = script(f'open Plain\nioctl {ECHO} in text "abc" out same 8\n'
                        'expect bytes text "abc" output text "abc" zeros 5', "-q", "--log",
                        "/dev/null")
        self.check(answer, 0, "")

    def test_the_room_keeps_what_the_driver_did_not_write(self):
        answer = script(f'open Plain\nguard on\nioctl {ECHO} in text "abc" out fill 5 0xEE\n'
                        'expect output text "abc" hex eeee', "-q", "--log", "/dev/null")
        self.check(answer, 0, "")


class Files(Case):
    """Drive C: of the machine is a folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        (self.path / "data.txt").write_bytes(b"0123456789")

    def tearDown(self):
        self.folder.cleanup()

    def test_reading_goes_on_where_it_is(self):
        answer = script("open C:\\data.txt access read as f\nexpect success\n"
                        "read f 4\nexpect information 4 bytes text 0123\n"
                        "read f 4\nexpect information 4 bytes text 4567\n"
                        "read f 4 at 1\nexpect information 4 bytes text 1234\n"
                        "read f 9\nexpect information 5 bytes text 56789\n"
                        "read f 9\nexpect status STATUS_END_OF_FILE\n", "-q", "--log", "/dev/null",
                        "--root", self.path)
        self.check(answer, 0, "")

    def test_writing(self):
        answer = script("open C:\\new.txt disposition create as f\nexpect success\n"
                        "write f text abc\nwrite f text def\nwrite f text X at 1\nflush f\n"
                        "expect success", "-q", "--log", "/dev/null", "--root", self.path)
        self.check(answer, 0, "")
        self.assertEqual((self.path / "new.txt").read_bytes(), b"aXcdef")

    def test_without_a_root_there_is_no_drive(self):
        answer = script("open C:\\data.txt\nexpect failure", "-q", "--log", "/dev/null")
        self.check(answer, 0, "")


class Cancelling(Case):
    def test_the_script_of_pending_requests(self):
        script_path = pathlib.Path(__file__).with_name("pend.script")
        answer = run("run", ROOT / "build/windows-x64/tests/drivers/pend.sys", script_path)
        self.assertEqual(answer.errors, "")
        self.assertRegex(answer.output.splitlines()[-1], r"^(\d+) of \1 expectations met$")
        self.assertEqual(answer.code, 0)


class Objects(Case):
    def test_the_script_of_ports_sections_and_file_information(self):
        answer = run("run", PLAIN, pathlib.Path(__file__).with_name("objects.script"))
        self.assertEqual(answer.errors, "")
        self.assertRegex(answer.output.splitlines()[-1], r"^(\d+) of \1 expectations met$")
        self.assertEqual(answer.code, 0)

    def test_what_is_not_there_is_said(self):
        for line, said in {
                "packet none": "there is no completion port none",
                "event e; packet e": "there is no completion port e",
                "open Plain; associate it": "there is no completion port it",
                "map none as v": "there is no section none",
                "unmap none": "there is no view none",
                "view none 4": "there is no view none",
                "open Plain; ioctl 0 in handle none": "there is no handle none",
                "open Plain; ioctl 0 in address none": "there is no view none",
                "section s 9; map s as v; view v at 4095 2": "view v has 4096 bytes, not 4097",
                "section s 9; map s read-only as v; view v u8 1": "view v is read-only",
                "section s 9; map s as v; map s as v": "there is a view v already",
        }.items():
            answer = script(line, "-q")
            self.assertIn(said, answer.errors)
            self.assertEqual(answer.code, 2, line)


class Ends(Case):
    def test_a_bug_check_ends_the_run(self):
        answer = script(f"open Plain\nioctl {CRASH}\nprint here\nopen Plain\nprint not here")
        self.assertEqual(answer.code, 3)
        self.assertIn("ioctl it 0x00222008 in 0 out 0: MACHINE_STOPPED (0xE0530001)",
                      answer.output)
        self.assertIn("driver: *** STOP 0x0000003b", answer.output)
        self.assertRegex(answer.output, r"driver:   plain-gcc\.sys\+0x\w+ control\+0x\w+ "
                                        r"\(driver\.c:\d+\)")
        self.assertTrue(answer.output.endswith("here\n"))
        self.assertRegex(answer.errors, r"""(?x)
            ^sysbuf:\ the\ machine\ stopped:\ SYSTEM_SERVICE_EXCEPTION\ \(0x0000003B\)\n
            \ \ at\ plain-gcc\.sys\+0x[0-9a-f]+\ control\+0x[0-9a-f]+\ \(driver\.c:\d+\)\n
            \ \ parameters\ 0x00000000C0000005\ 0x[0-9A-F]{16}\n
            \ {13}0x[0-9A-F]{16}\ 0x0{16}\n$""")

    def test_with_the_log_in_a_file_the_whole_report_is_an_error(self):
        answer = script(f"open Plain\nioctl {CRASH}", "-q", "--log", "/dev/null")
        self.assertEqual((answer.code, answer.output), (3, ""))
        self.assertIn("\n*** STOP 0x0000003b", answer.errors)
        self.assertRegex(answer.errors, r"\n  plain-gcc\.sys\+0x\w+ control\+")

    def test_a_missing_import_may_be_trapped(self):
        answer = run("run", "--missing-imports=trap", "-q", "--log", "/dev/null",
                     DRIVERS / "lacking.sys")
        self.assertEqual(answer.code, 3)
        self.assertIn("DRIVER_ENTRYPOINT_NOT_FOUND (0xC0000263)\n  lacking.sys calls "
                      "ntoskrnl.exe!HalpNoSuchRoutine, which the host does not have\n",
                      answer.errors)

    def test_an_expected_bug_check_is_no_failure(self):
        for name in ("SYSTEM_SERVICE_EXCEPTION", "0x3B"):
            answer = script(f"open Plain\nioctl {CRASH}\nexpect status MACHINE_STOPPED "
                            f"bugcheck {name} log STOP")
            self.assertEqual(answer.code, 0)
            self.assertTrue(answer.output.endswith("3 of 3 expectations met\n"))

    def test_another_bug_check_than_expected(self):
        answer = script(f"open Plain\nioctl {CRASH}\nexpect bugcheck 0xD1")
        self.assertEqual(answer.code, 1)
        self.assertIn("standard input:3: expected bug check DRIVER_IRQL_NOT_LESS_OR_EQUAL "
                      "(0x000000D1), got SYSTEM_SERVICE_EXCEPTION (0x0000003B)\n", answer.errors)

    def test_no_bug_check(self):
        answer = script("open Plain\nexpect bugcheck 0xD1", "-q")
        self.assertEqual((answer.code, answer.errors),
                         (1, "standard input:2: expected bug check DRIVER_IRQL_NOT_LESS_OR_EQUAL "
                             "(0x000000D1), but the machine runs\n"))

    def test_a_call_that_never_comes_back(self):
        answer = script(f"open Plain\nioctl {HANG}", "--timeout", "1")
        self.check(answer, 124, START + OPEN,
                   "standard input:2: ioctl: it did not come back within --timeout\n")

    def test_a_thread_that_never_comes_back(self):
        answer = script(f"open Plain\nioctl {HANG} async as r\nwait r for 10\n"
                        "expect status STATUS_TIMEOUT", "-q", "--log", "/dev/null")
        self.check(answer, 124, "", "standard input:2: ioctl it 0x00222018 in 0 out 0 never came "
                   "back from the driver\n")

    def interrupt(self, text, number):
        with subprocess.Popen([COMMAND, "run", PLAIN, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(text.encode())
            process.stdin.close()
            while b"as it" not in process.stdout.readline():
                pass
            time.sleep(0.1)
            process.send_signal(number)
            output, errors = process.stdout.read(), process.stderr.read()
            process.wait(timeout=20)
        return process.returncode, output.decode(), errors.decode()

    def test_interrupted_between_steps_all_is_taken_apart(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            code, output, errors = self.interrupt("open Plain\nsleep 30000\nprint x", number)
            self.assertEqual((code, output, errors), (130, END, "sysbuf: interrupted\n"))

    def test_interrupted_inside_a_driver(self):
        code, _, errors = self.interrupt(f"open Plain\nioctl {HANG}", signal.SIGINT)
        self.assertEqual((code, errors), (130, "standard input:2: ioctl: interrupted; it did not "
                                               "come back\n"))

    def test_missing_imports_are_all_named(self):
        answer = run("run", DRIVERS / "lacking.sys")
        self.assertEqual(answer.code, 4)
        self.assertEqual(answer.output,
                         "load lacking.sys: STATUS_DRIVER_ENTRYPOINT_NOT_FOUND (0xC0000263): "
                         "missing imports: ntoskrnl.exe!HalpNoSuchRoutine, "
                         "ntoskrnl.exe!KeNoSuchRoutine\n")
        self.assertEqual(answer.errors, "sysbuf: lacking.sys did not start\n")

    def test_a_driver_of_a_framework_is_told_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "kmdf.sys"
            image = (DRIVERS / "lacking.sys").read_bytes()
            path.write_bytes(image.replace(b"ntoskrnl.exe\0", b"WDFLDR.SYS\0\0\0"))
            answer = run("run", path)
        self.assertEqual(answer.code, 4)
        self.assertIn("wdfldr.sys!KeNoSuchRoutine", answer.output)
        self.assertTrue(answer.output.endswith(
            "; neither the host nor a driver: WDFLDR.SYS; this is a driver of the Kernel-Mode "
            "Driver Framework, which the host does not have\n"), answer.output)

    def test_no_start_leaves_it_to_the_script(self):
        answer = run("run", "--no-start", "--log", "/dev/null", PLAIN, "-e",
                     "open Plain; expect failure; start plain-gcc; open Plain; expect success")
        self.assertEqual((answer.code, answer.errors), (0, ""))

    def test_load_from_the_scripts_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "other.sys").write_bytes(pathlib.Path(PLAIN).read_bytes())
            (path / "a.script").write_text("unload ; load other.sys as mine\nexpect success\n"
                                           "open Plain ; expect success ; exit\n"
                                           "load other.sys as mine\n"
                                           "expect status STATUS_IMAGE_ALREADY_LOADED\n"
                                           "unload mine ; expect success\n"
                                           "load missing.sys\n"
                                           "expect status STATUS_OBJECT_NAME_NOT_FOUND\n")
            answer = run("run", "-q", "--log", "/dev/null", PLAIN, path / "a.script")
            self.check(answer, 0, "")


if __name__ == "__main__":
    unittest.main()
