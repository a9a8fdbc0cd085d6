#!/usr/bin/python3
"""Write the Rtl component's character tables as a C header.

usage: make_tables.py OUTPUT.h

Case mapping: Unicode's simple mappings inside the BMP, kept only where a letter and its
counterpart map to each other (one to one), plus final sigma, which NT also raises to capital
sigma.  So dotless i, long s and the micro sign stay as they are, as in NT's own table.
Code pages: 1252 (ANSI) and 437 (OEM), the pair of an English (United States) Windows.  Bytes that
1252 leaves undefined are the C1 control of the same number, as in Windows.
"""

import sys

BMP = 0x10000
PAGE = 256
SURROGATES = range(0xD800, 0xE000)
FINAL_SIGMA, CAPITAL_SIGMA = 0x03C2, 0x03A3


def simple_upper(code):
    """The simple upper-case mapping of one BMP code point, itself where there is none."""
    for mapped in (chr(code).upper(), chr(code).title()):
        if len(mapped) == 1:
            return ord(mapped) if ord(mapped) < BMP else code
    return code


def simple_lower(code):
    """The simple lower-case mapping of one BMP code point, itself where there is none."""
    mapped = chr(code).lower()
    return ord(mapped) if len(mapped) == 1 and ord(mapped) < BMP else code


def case_maps():
    """(upcase, downcase): full BMP lists, one to one but for final sigma."""
    upcase, downcase = list(range(BMP)), list(range(BMP))
    for code in range(BMP):
        if code in SURROGATES:
            continue
        upper = simple_upper(code)
        if upper != code and simple_lower(upper) == code:
            upcase[code], downcase[upper] = upper, code
    upcase[FINAL_SIGMA] = CAPITAL_SIGMA
    return upcase, downcase


def emit(out, kind, name, values):
    """One const array, sixteen values a line."""
    out.write(f"static const {kind} {name}[{len(values)}] = {{\n")
    for start in range(0, len(values), 16):
        row = ", ".join(f"0x{value:04x}" for value in values[start : start + 16])
        out.write(f"    {row},\n")
    out.write("};\n\n")


def emit_case(out, name, mapping):
    """Two levels: the page of a character, then what to add to it modulo 65536."""
    pages, index = [], []
    for start in range(0, BMP, PAGE):
        deltas = [(mapping[code] - code) % BMP for code in range(start, start + PAGE)]
        if deltas not in pages:
            pages.append(deltas)
        index.append(pages.index(deltas))
    emit(out, "unsigned char", f"{name}_page", index)
    emit(out, "unsigned short", f"{name}_delta", [delta for page in pages for delta in page])


def code_page(name):
    """The 256 UTF-16 units of an 8-bit code page."""
    units = []
    for byte in range(256):
        try:
            units.append(ord(bytes([byte]).decode(name)))
        except UnicodeDecodeError:
            units.append(byte)
    return units


def emit_code_page(out, name, codec):
    """Both directions; the way back is sorted by character for a binary search."""
    units = code_page(codec)
    emit(out, "unsigned short", f"{name}_to_unicode", units)
    high = sorted((unit, byte) for byte, unit in enumerate(units) if byte >= 128)
    emit(out, "unsigned short", f"{name}_units", [unit for unit, _ in high])
    emit(out, "unsigned char", f"{name}_bytes", [byte for _, byte in high])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_tables.py OUTPUT.h")
    upcase, downcase = case_maps()
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Made by host/rtl/make_tables.py. */\n\n")
        emit_case(out, "upcase", upcase)
        emit_case(out, "downcase", downcase)
        emit_code_page(out, "ansi", "cp1252")
        emit_code_page(out, "oem", "cp437")


main()
