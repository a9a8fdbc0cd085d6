#!/usr/bin/python3
"""Mistakes in scripts: each is found before anything runs, named with its line, and ends with 2."""
import unittest

from sysbuf import Case, PLAIN, run

WORDS = {  # how the text itself can be wrong
    'print "x': 'a " is not closed',
    "print 'x": "a ' is not closed",
    'print "x"y': 'a blank must follow the closing "',
    'print y"x"': 'a blank must stand in front of "',
    "print y'x'": "a blank must stand in front of '",
    r'print "\q"': r"\q means nothing between double quotes: write \\ for a backslash, or use "
                   "single quotes",
    r'print "\x4"': r"\x means nothing between double quotes: write \\ for a backslash, or use "
                    "single quotes",
    "print $": "behind a $ a variable's name must follow",
    "print ${n": "behind a $ a variable's name must follow",
    "print $n": "there is no variable n",
    "print $(1+": "a $( is not closed",
    "print $(1+)": "a number or a variable is missing in $( )",
    "print $(1 2)": "what is 2 in a $( )?",
    "print $((1)": "a $( is not closed",
    "print $(m)": "there is no variable m",
    "print $(1/0)": "a division by zero",
    "print $(5%0)": "a division by zero",
    "print $(99999999999999999999)": "a number does not fit into 64 bits",
    "print $(" + "(" * 40 + "1" + ")" * 41: "more than 32 parentheses in one another",
    "walk": "'walk' is no statement; see 'sysbuf help script'",
    '"open" x': "'open' is no statement; see 'sysbuf help script'",
    "print \x7f": "byte 0x7F: this is no text",
}

LOOPS = {
    "seq\nend": "usage: seq NAME FROM TO [step N] { ... }",
    "{": "a { belongs to seq only",
    "print {": "a { belongs to seq only",
    "}": "there is no seq that this would close",
    "end": "there is no seq that this would close",
    "seq n 0 1 {": "this seq is not closed",
    "seq n 0 1": "this seq is not closed",
    "seq n 0 1 { ; end": "this seq is closed by }, not by end",
    "seq n 0 1 ; }": "this seq is closed by end, not by }",
    "seq n 0 1 }": "this seq has no {",
    "seq n 0 { ; }": "usage: seq NAME FROM TO [step N] { ... }",
    "seq n 0 1 by 2 { ; }": "usage: seq NAME FROM TO [step N] { ... }",
    "seq n 0 1 step 0 { ; }": "the step of a seq is 0",
    "seq n a 1 { ; }": "a is no number",
    "seq n 0 'b' { ; }": "b is no number",
    "seq 1n 0 1 { ; }": "a variable's name is of letters, digits and _",
    "seq n 0 1 { ; seq m 0 1 { ; walk ; } ; }": "'walk' is no statement; see 'sysbuf help script'",
    "seq n 1 0 { ; walk ; }": "'walk' is no statement; see 'sysbuf help script'",
    "seq n 0 1 {;" * 17 + "}" * 17: "more than 16 loops in one another",
    "set": "usage: set NAME NUMBER",
    "set x": "usage: set NAME NUMBER",
    "set x y": "y is no number",
    "set x 1 2": "usage: set NAME NUMBER",
    "set $x 1": "a variable's name is of letters, digits and _",
}

OPEN = "open PATH [as HANDLE] [access WHAT...] [share WHAT...] [disposition HOW] [overlapped]"
IOCTL = "ioctl [HANDLE] CODE [in BUFFER] [out LENGTH] [event EVENT] [async] [as REQUEST]"
READ = "read [HANDLE] LENGTH [at OFFSET] [event EVENT] [async] [as REQUEST]"
WRITE = "write [HANDLE] BUFFER [at OFFSET] [event EVENT] [async] [as REQUEST]"
DUPLICATE = "duplicate [HANDLE] [to PROCESS] [access WHAT...] [close] as NAME"
EXPECT = ("expect [status S] [success] [failure] [information N] [bytes [at N] DATA] "
          "[output [at N] DATA] [log TEXT [within MS]] [no log [TEXT]] [bugcheck CODE]")
BYTES = ("bytes are expected: hex, text, utf16, file, fill, zeros, u8, u16, u32, u64, pointer, "
         "handle or address")

PROCESS = "process NAME [admin|user] [bits 32|64] [quota BYTES]"

DEVICE = "device add [ID] [of DRIVER] [as DEVICE], device ACTION [DEVICE]"
REGISTRY = "registry write KEY NAME TYPE VALUE, registry read KEY NAME"
STATEMENTS = {  # statement: (message, usage)
    "stats 1 2": ("'1' has no place here", "stats [HANDLE]"),
    "device": ("add, start, stop, remove or another of the actions is expected", DEVICE),
    "device fly": ("add, start, stop, remove or another of the actions is expected", DEVICE),
    "device add a b": ("'b' has no place here", DEVICE),
    "device add of 1": ("the driver is expected, not '1'", DEVICE),
    "device stop 1": ("the device is expected, not '1'", DEVICE),
    "registry": ("write or read is expected", REGISTRY),
    "registry read": ("a key is missing", REGISTRY),
    "registry read k": ("a value's name is missing", REGISTRY),
    "registry write k v": ("sz, expand, multi, dword, qword or binary is expected", REGISTRY),
    "registry write k v dword x": ("a number is expected, not 'x'", REGISTRY),
    "registry write k v sz": ("a text is expected", REGISTRY),
    "registry write k v binary pointer 8": ("a pointer has no place in the registry", REGISTRY),
    "registry read k v w": ("'w' has no place here", REGISTRY),
    "port": ("the port's name is missing", "port NAME"),
    "associate p key": ("the key is missing", "associate PORT [key N] [of HANDLE]"),
    "packet p for": ("a number of milliseconds is missing", "packet PORT [for MILLISECONDS]"),
    "post p status X": ("'X' is no status",
                        "post PORT [key N] [context N] [status S] [information N]"),
    "section s": ("the section's size is missing", "section NAME SIZE [named PATH] [read-only]"),
    "map s": ("as and the view's name are expected",
              "map SECTION [at OFFSET] [length N] [read-only] as VIEW"),
    "unmap 1": ("a view is expected, not '1'", "unmap VIEW"),
    "view v handle x": ("pointer, handle and address are for requests",
                        "view VIEW [at OFFSET] LENGTH|DATA"),
    "view v": ("a length or bytes is missing", "view VIEW [at OFFSET] LENGTH|DATA"),
    "query size 8": ("basic, standard, name, disposition, position, mode, alignment, all, "
                     "end-of-file or a number is expected", "query CLASS LENGTH [of HANDLE]"),
    "change mode": (BYTES, "change CLASS DATA [of HANDLE]"),
    "load": ("the driver's file is missing", "load FILE [as NAME]"),
    "load ''": ("the driver's file is empty", "load FILE [as NAME]"),
    'load "a\\0b"': ("the driver's file has a zero byte in it", "load FILE [as NAME]"),
    "load a b": ("'b' has no place here", "load FILE [as NAME]"),
    "load a as 1": ("the driver's name is expected, not '1'", "load FILE [as NAME]"),
    "start 1": ("a name is expected, not '1'", "start [DRIVER]"),
    "start a b": ("'b' has no place here", "start [DRIVER]"),
    "unload 1": ("a name is expected, not '1'", "unload [DRIVER]"),
    "process": ("the process's name is missing", PROCESS),
    "process admin": ("the process's name is expected, not 'admin'", PROCESS),
    "process p q": ("'q' has no place here", PROCESS),
    "process p bits 16": ("a process is of 32 or 64 bits", PROCESS),
    "process p quota much": ("the quota is expected, not 'much'", PROCESS),
    "as": ("admin, user or a process is missing", "as admin|user|PROCESS"),
    "as 5": ("admin, user or a process is expected, not '5'", "as admin|user|PROCESS"),
    "as user admin": ("'admin' has no place here", "as admin|user|PROCESS"),
    "bits": ("32 or 64 is missing", "bits 32|64"),
    "bits 48": ("a process is of 32 or 64 bits", "bits 32|64"),
    "bits 65": ("32 or 64 is at most 64, not 65", "bits 32|64"),
    "exit 5": ("a process is expected, not '5'", "exit [PROCESS]"),
    "guard": ("on or off is expected", "guard on|off"),
    "guard maybe": ("on or off is expected", "guard on|off"),
    "sleep": ("a number of milliseconds is missing", "sleep MILLISECONDS"),
    "sleep -1": ("a number of milliseconds is expected, not '-1'", "sleep MILLISECONDS"),
    "sleep long": ("a number of milliseconds is expected, not 'long'", "sleep MILLISECONDS"),
    "sleep 3600001": ("a number of milliseconds is at most 3600000, not 3600001",
                      "sleep MILLISECONDS"),
    "open": ("a path is missing", OPEN),
    "open x as": ("the handle's name is missing", OPEN),
    "open x as in": ("the handle's name is expected, not 'in'", OPEN),
    "open x as 5": ("the handle's name is expected, not '5'", OPEN),
    "open x as 'y'": ("the handle's name is expected, not 'y'", OPEN),
    "open x access": ("read, write, execute, all, attributes, delete, maximum or a number is "
                      "expected", OPEN),
    "open x access 0x100000000": ("read, write, execute, all, attributes, delete, maximum or a "
                                  "number is at most 4294967295, not 0x100000000", OPEN),
    "open x share much": ("read, write, delete, all, none or a number is expected", OPEN),
    "open x disposition 1": ("open, create, open-if, overwrite, overwrite-if or supersede is "
                             "expected", OPEN),
    "open x later": ("'later' has no place here", OPEN),
    "close 5": ("'5' has no place here", "close [HANDLE]"),
    "close handle": ("the handle's value is missing", "close [HANDLE]"),
    "close handle x": ("the handle's value is expected, not 'x'", "close [HANDLE]"),
    "ioctl": ("a control code is missing", IOCTL),
    "ioctl it": ("a control code is missing", IOCTL),
    "ioctl file": ("a control code is expected, not 'file'", IOCTL),
    "ioctl in": ("a control code is expected, not 'in'", IOCTL),
    "ioctl 0x1222000222": ("a control code is at most 4294967295, not 0x1222000222", IOCTL),
    "ioctl 0x22zz": ("a control code is expected, not '0x22zz'", IOCTL),
    "ioctl ctl": ("a device type is missing", IOCTL),
    "ioctl ctl 0x22 0x1000": ("a function is at most 4095, not 0x1000", IOCTL),
    "ioctl ctl 0x22 0x800 slow any": ("a method (buffered, in_direct, out_direct, neither) is "
                                      "expected, not 'slow'", IOCTL),
    "ioctl ctl 0x22 0x800 buffered": ("an access (any, read, write) is missing", IOCTL),
    "ioctl 1 in": (BYTES, IOCTL),
    "ioctl 1 in 5": (BYTES, IOCTL),
    "ioctl 1 in hex": ("pairs of hexadecimal digits must follow hex", IOCTL),
    "ioctl 1 in hex 0": ("pairs of hexadecimal digits must follow hex", IOCTL),
    "ioctl 1 in hex 00 1": ("'1' has no place here", IOCTL),
    "ioctl 1 in hex 0g": ("pairs of hexadecimal digits must follow hex", IOCTL),
    "ioctl 1 in text": ("a text must follow text", IOCTL),
    "ioctl 1 in utf16": ("a text must follow utf16", IOCTL),
    'ioctl 1 in utf16 "\\xff"': ("the text is no UTF-8", IOCTL),
    "ioctl 1 in fill 3": ("the byte is missing", IOCTL),
    "ioctl 1 in fill 3 256": ("the byte is at most 255, not 256", IOCTL),
    "ioctl 1 in fill 16777217 0": ("how many bytes is at most 16777216, not 16777217", IOCTL),
    "ioctl 1 in zeros 16777216 u8 1": ("more than 16777216 bytes of data", IOCTL),
    "ioctl 1 in u8": ("a number is missing", IOCTL),
    "ioctl 1 in u8 256": ("a number is at most 255, not 256", IOCTL),
    "ioctl 1 in u8 -129": ("a number is at most 255, not -129", IOCTL),
    "ioctl 1 in u64 0x10000000000000000": ("a number is expected, not '0x10000000000000000'",
                                           IOCTL),
    "ioctl 1 in null": ("the buffer's length is missing", IOCTL),
    "ioctl 1 in same 4": (BYTES, IOCTL),
    "ioctl 1 out": ("the output's length is missing", IOCTL),
    "ioctl 1 out 16777217": ("more than 16777216 bytes of output", IOCTL),
    "ioctl 1 as": ("the request's name is missing", IOCTL),
    "ioctl 1 at 5": ("'at' has no place here", IOCTL),
    "ioctl 1 out 4 in zeros 4": ("'in' has no place here", IOCTL),
    "read": ("the output's length is missing", READ),
    "read 5 at": ("an offset is missing", READ),
    "write": (BYTES, WRITE),
    "write 5": (BYTES, WRITE),
    "flush 5": ("'5' has no place here", "flush [HANDLE]"),
    "cancel 5": ("'5' has no place here", "cancel [HANDLE|REQUEST]"),
    "duplicate": ("as and the copy's name are missing", DUPLICATE),
    "duplicate a": ("as and the copy's name are missing", DUPLICATE),
    "duplicate a to": ("a process is missing", DUPLICATE),
    "duplicate a to 5 as b": ("a process is expected, not '5'", DUPLICATE),
    "duplicate a as": ("the copy's name is missing", DUPLICATE),
    "duplicate a as b to user": ("'to' has no place here", DUPLICATE),
    "event": ("the event's name is missing", "event NAME [manual|auto] [signaled]"),
    "event 5": ("the event's name is expected, not '5'", "event NAME [manual|auto] [signaled]"),
    "event e later": ("'later' has no place here", "event NAME [manual|auto] [signaled]"),
    "signal": ("an event is missing", "signal EVENT"),
    "reset": ("an event is missing", "reset EVENT"),
    "shutdown now": ("'now' has no place here", "shutdown"),
    "ioctl 1 event": ("an event is missing", IOCTL),
    "wait": ("a request or an event is missing", "wait REQUEST|EVENT [for MILLISECONDS]"),
    "wait r for": ("a number of milliseconds is missing", "wait REQUEST|EVENT [for MILLISECONDS]"),
    "expect": ("what is expected?", EXPECT),
    "expect nothing": ("what is expected?", EXPECT),
    "expect status": ("a status is missing", EXPECT),
    "expect status STATUS_FINE": ("STATUS_FINE is no known name", EXPECT),
    "expect information": ("a number is missing", EXPECT),
    "expect bytes": (BYTES, EXPECT),
    "expect bytes at": ("an offset is missing", EXPECT),
    "expect output at 1": (BYTES, EXPECT),
    "expect log": ("a text is missing", EXPECT),
    "expect log x within": ("a number of milliseconds is missing", EXPECT),
    "expect no": ("log must follow no", EXPECT),
    "expect bugcheck BUG": ("BUG is no known name", EXPECT),
    "expect success nonsense": ("what is expected?", EXPECT),
}


class Mistakes(Case):
    def mistake(self, statement, message):
        """On line 3, behind what would print something if it ran."""
        text = f"print started\n\n{statement}\n"
        answer = run("run", PLAIN, "-", text=text)
        self.assertEqual((answer.code, answer.output), (2, ""), statement)
        self.assertEqual(answer.errors, f"standard input:3: {message}\n")

    def test_words(self):
        for statement, message in WORDS.items():
            with self.subTest(statement=statement):
                self.mistake(statement, message)

    def test_loops(self):
        for statement, message in LOOPS.items():
            with self.subTest(statement=statement):
                self.mistake(statement, message)

    def test_statements(self):
        for statement, (message, usage) in STATEMENTS.items():
            with self.subTest(statement=statement):
                self.mistake(statement, f"{message} (usage: {usage})")

    def test_calls_together(self):
        self.mistake("together", "a call must follow together")
        self.mistake("together open MyDevice", "ioctl, read, write, flush, cancel, close or unload "
                     "must follow together")
        self.mistake("expect bytes pointer 8", "a pointer's value cannot be expected (usage: "
                     "expect [status S] [success] [failure] [information N] [bytes [at N] DATA] "
                     "[output [at N] DATA] [log TEXT [within MS]] [no log [TEXT]] "
                     "[bugcheck CODE])")

    def test_files_that_cannot_be_read(self):
        self.mistake("ioctl 1 in file /nowhere", "/nowhere: No such file or directory")
        self.mistake("write file /tmp", "/tmp: it is a directory")
        self.mistake("write file /dev/zero", "/dev/zero: it is no regular file")

    def test_each_verb_has_a_mistake_here(self):
        tried = {statement.split()[0] for statement in STATEMENTS}
        pages = run("help", "script").output
        for line in pages.splitlines():
            if line.startswith("  ") and not line.startswith("   "):
                word = line.split()[0]
                if line.count("[") and word.islower() and word not in ("seq", "set"):
                    self.assertIn(word, tried | {"log", "no", "print", "status", "bytes",
                                                 "output"})


if __name__ == "__main__":
    unittest.main()
