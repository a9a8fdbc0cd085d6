#!/usr/bin/python3
"""Writes seeds for tests/fuzz/loader.c: small images of each kind. Arguments: a folder, then drivers
to copy there too."""
import os
import shutil
import struct
import sys

BASE = 0x1C0000000
PAGE = 0x1000
CODE, DATA, INIT = 0x60000020, 0xC0000040, 0x62000020
EXPORT, IMPORT, EXCEPTION, RELOCATION, CONFIG = 0, 1, 3, 5, 10


def padded(contents, alignment):
    return contents.ljust(-(-len(contents) // alignment) * alignment, b"\0")


def image(sections, directories, packed=0, flags=0x22, base=BASE):
    """sections: (name, contents, characteristics), one after the other."""
    table, body = b"", b""
    file_alignment = packed or 0x200
    alignment = packed or PAGE
    headers_size = len(padded(b"x" * (0x40 + 264 + 40 * len(sections)), file_alignment))
    address = -(-headers_size // alignment) * alignment
    for name, contents, characteristics in sections:
        raw = padded(contents, file_alignment)
        table += struct.pack("<8sIIIIIIHHI", name, len(contents), address, len(raw),
                             headers_size + len(body), 0, 0, 0, 0, characteristics)
        body += raw
        address += -(-len(contents) // alignment) * alignment
    entries = b"".join(struct.pack("<II", *directories.get(i, (0, 0))) for i in range(16))
    headers = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    headers += struct.pack("<4sHHIIIHH", b"PE", 0x8664, len(sections), 0, 0, 0, 240, flags)
    headers += struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, 0, 0, PAGE, PAGE)
    headers += struct.pack("<QIIHHHHHHI", base, alignment, file_alignment, 6, 0, 0, 0, 6, 0, 0)
    headers += struct.pack("<IIIHHQQQQII", address, headers_size, 0, 1, 0x160, 1 << 20, PAGE,
                           1 << 20, PAGE, 0, 16)
    return padded(headers + entries + table, file_alignment) + body


def importing(at, modules):
    """An import directory at an address: {module: [name or ordinal, ...]}."""
    count = len(modules)
    parts, descriptors = b"", b""
    start = at + 20 * (count + 1)
    for module, names in modules.items():
        thunks, texts = [], b""
        tables = start + len(parts)
        texts_at = tables + 16 * (len(names) + 1)
        for name in names:
            if isinstance(name, int):
                thunks.append(1 << 63 | name)
            else:
                thunks.append(texts_at + len(texts))
                texts += b"\0\0" + name + b"\0"
        module_at = texts_at + len(texts)
        texts = padded(texts + module + b"\0", 8)
        table = struct.pack(f"<{len(thunks) + 1}Q", *thunks, 0)
        parts += table + table + texts
        descriptors += struct.pack("<5I", tables, 0, 0, module_at, tables + len(table))
    return descriptors + bytes(20) + parts


def exporting(at, module, names, target):
    """An export directory; a text in names' values forwards."""
    count = len(names)
    functions = at + 40
    name_table = functions + 4 * count
    ordinals = name_table + 4 * count
    text = ordinals + 2 * count
    texts, addresses, name_addresses = module + b"\0", [], []
    for name, forward in names.items():
        name_addresses.append(text + len(texts))
        texts += name + b"\0"
        addresses.append(text + len(texts) if forward else target)
        if forward:
            texts += forward + b"\0"
    return (struct.pack("<10I", 0, 0, 0, text, 1, count, count, functions, name_table, ordinals) +
            struct.pack(f"<{2 * count}I", *addresses, *name_addresses) +
            struct.pack(f"<{count}H", *range(count)) + texts)


def relocating(page, entries):
    block = struct.pack(f"<{len(entries)}H", *entries)
    return struct.pack("<II", page, 8 + len(block)) + block


code = b"\x31\xc0\xc3".ljust(16, b"\x90") + struct.pack("<Q", BASE + PAGE)
text = (b".text", code, CODE)
imports = importing(0x2000, {b"first.sys": [b"Exported", b"Forwarded"],
                             b"ntoskrnl.exe": [b"RtlImageNtHeader", b"Missing", 5]})
exports = exporting(0x2000, b"first.sys",
                    {b"Exported": None, b"Forwarded": b"ntoskrnl.RtlImageNtHeader",
                     b"Loop": b"first.Loop"}, PAGE)
both = padded(exports, 16)
both_imports = importing(0x2000 + len(both), {b"first.sys": [b"Exported", b"Loop", b"Forwarded"]})
config = struct.pack("<I", 0x140).ljust(0x58, b"\0") + struct.pack(
    "<QQQQQ", BASE + 0x2200, 0, 0, BASE + 0x2208, BASE + 0x2210)
config = config.ljust(0x90, b"\0") + struct.pack("<I", 0x500)
config = config.ljust(0x200, b"\0") + struct.pack("<QQQ", 0x2B992DDFA232, 0, 0)
functions = struct.pack("<6I", PAGE, PAGE + 4, 0x2000, PAGE + 4, PAGE + 16, 0x2001)

SEEDS = {
    "plain": image([text], {}),
    "imports": image([text, (b".idata", imports, DATA)], {IMPORT: (0x2000, len(imports))}),
    "exports": image([text, (b".edata", exports, DATA)], {EXPORT: (0x2000, len(exports))}),
    "both": image([text, (b"INIT", both + both_imports, INIT)],
                  {EXPORT: (0x2000, len(exports)), IMPORT: (0x2000 + len(both), 40)}),
    "relocations": image([text, (b".reloc", relocating(PAGE, [0xA010, 0]), 0x42000040)],
                         {RELOCATION: (0x2000, 12)}),
    "config": image([text, (b".rdata", config, DATA)], {CONFIG: (0x2000, 0x140)}),
    "functions": image([text, (b".pdata", functions, 0x42000040)], {EXCEPTION: (0x2000, 24)}),
    "packed": image([text, (b".data", b"data" * 8, DATA)], {}, packed=32),
    "fixed": image([text], {}, flags=0x23),
    "empty": image([text, (b".bss", b"", DATA), (b".data", b"x", DATA)], {}),
}

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for name, contents in SEEDS.items():
    for parity in b"", b"\0":  # the length's last bit turns traps on
        with open(os.path.join(folder, f"{name}{len(parity)}"), "wb") as seed:
            seed.write(contents + parity)
for driver in sys.argv[2:]:
    shutil.copy(driver, folder)
