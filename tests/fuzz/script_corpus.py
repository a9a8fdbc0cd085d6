#!/usr/bin/python3
"""Writes seeds for the script fuzzer: script_corpus.py FOLDER SCRIPT..."""
import os
import re
import sys

STATEMENTS = [
    'open \\\\.\\MyDevice as a access read write share all disposition open-if overlapped',
    'ioctl a ctl 0x22 0x800 buffered any in hex 00 1122 text "a\\x41\\0" utf16 \'z\' out same 20',
    'ioctl handle 0x10 0x222000 in null 4 out bad 8 async as r ; wait r for 100',
    'seq n 0 $(3*4) step 2 { read a $n at -1\nwrite a u8 $n u16 1 2 u32 -1 u64 5 fill 3 7 }',
    'seq n 5 1\nseq m 0 1 { print "$n $(n<<2|m&1^7)" }\nend',
    'expect status STATUS_SUCCESS information 1 bytes at 2 hex 00 output u8 1 log "x" within 5 no log',
    'expect bugcheck 0xD1 ; expect success ; expect failure ; expect bytes none',
    'set x 0xFFFFFFFFFFFFFFFF; process p user bits 32; as p; bits 64; exit p; guard on; sleep 1',
    'load x.sys as y; start y; unload y # comment',
]

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
texts = list(STATEMENTS)
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as script:
        texts.append(script.read())
for number, text in enumerate(texts):
    name = re.sub(r"\W+", "-", text[:20]).strip("-")
    with open(os.path.join(folder, f"{number:02}-{name}"), "w", encoding="utf-8") as seed:
        seed.write(text)
