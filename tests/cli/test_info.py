#!/usr/bin/python3
"""sysbuf info: compared with what pefile reads, on the drivers that were built; and on damaged ones."""
import json
import os
import pathlib
import struct
import tempfile
import unittest

import pefile

from sysbuf import Case, DRIVERS, MYDEVICE, ROOT, run

LACKING = DRIVERS / "lacking.sys"
IMPORTS = "IMAGE_DIRECTORY_ENTRY_IMPORT"


def built():
    return sorted(DRIVERS.glob("*.sys")) + sorted((ROOT / "build" / "windows-x64").rglob("*.sys"))


class Right(Case):
    def info(self, path):
        answer = run("info", "--json", path)
        self.check(answer, 0)
        return json.loads(answer.output)

    def test_header_and_sections(self):
        for path in built():
            with self.subTest(path=path):
                info, image = self.info(path), pefile.PE(path)
                header, optional = info["header"], image.OPTIONAL_HEADER
                self.assertEqual(int(header["image_base"], 16), optional.ImageBase)
                self.assertEqual(header["entry_point"], optional.AddressOfEntryPoint)
                self.assertEqual(header["image_size"], optional.SizeOfImage)
                self.assertEqual(header["checksum"], optional.CheckSum)
                self.assertEqual(header["right_checksum"], image.generate_checksum())
                self.assertEqual(header["time_stamp"], image.FILE_HEADER.TimeDateStamp)
                self.assertEqual(header["dll_characteristics"], optional.DllCharacteristics)
                self.assertEqual(
                    [(s["address"], s["size"], s["file_offset"], s["file_size"],
                      s["characteristics"]) for s in info["sections"]],
                    [(s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData, s.SizeOfRawData,
                      s.Characteristics) for s in image.sections])
                image.close()

    def test_imports_and_exports(self):
        for path in built():
            with self.subTest(path=path):
                info, image = self.info(path), pefile.PE(path)
                wanted = [(library.dll.decode(), symbol.name and symbol.name.decode())
                          for library in getattr(image, "DIRECTORY_ENTRY_IMPORT", [])
                          for symbol in library.imports]
                modules = list(dict.fromkeys(module for module, _ in wanted))
                wanted.sort(key=lambda one: (modules.index(one[0]), one[1] is None, one[1] or ""))
                self.assertEqual([(i["module"], i["name"]) for i in info["imports"]], wanted)
                exports = getattr(image, "DIRECTORY_ENTRY_EXPORT", None)
                self.assertEqual(
                    [(e["name"], e["address"]) for e in info["exports"]],
                    [(s.name.decode(), s.address) for s in (exports.symbols if exports else [])
                     if s.name])
                self.assertTrue(info["imports_are_whole"] and info["exports_are_whole"])
                relocations = sum(entry.type != 0
                                  for block in getattr(image, "DIRECTORY_ENTRY_BASERELOC", [])
                                  for entry in block.entries)
                self.assertEqual(info["relocations"], relocations)
                image.close()

    def test_presence_is_what_the_lists_say(self):
        host = {tuple(line.split()[1:3]) for line in run("exports").output.splitlines()}
        wine = {tuple(line.split()) for line in
                (ROOT / "cmake" / "wine-8.0-exports.txt").read_text().splitlines()
                if not line.startswith("#")}
        for path in built():
            for item in self.info(path)["imports"]:
                key = (item["module"].lower().replace("hal.dll", "ntoskrnl.exe"), item["name"])
                self.assertEqual(item["in_host"], key in host, key)
                self.assertEqual(item["in_wine_8"],
                                 (item["module"].lower(), item["name"]) in wine, key)

    def test_mydevice(self):
        info = self.info(MYDEVICE)
        self.assertTrue(info["header"]["checksum_is_right"])
        self.assertEqual(info["signature"]["subject"], "CN=sysbuf test certificate")
        self.assertEqual(info["signature"]["digest"], "SHA256")
        self.assertTrue(info["signature"]["digest_matches"])
        self.assertEqual(info["hardening"], {
            "nx": True, "aslr": True, "high_entropy": True, "cfg": False,
            "force_integrity": False, "stack_cookie": False, "write_xor_execute": True})
        version = (ROOT / "VERSION").read_text(encoding="utf-8").split()[0]
        self.assertEqual(info["version"]["file_version"], version + ".0")
        self.assertEqual(info["version"]["strings"]["OriginalFilename"], "mydevice.sys")
        self.assertEqual(info["debugging"], {"dwarf": True, "pdb": None})

    def test_text(self):
        image = pefile.PE(LACKING)
        header = image.OPTIONAL_HEADER
        sections = ""
        for section in image.sections:
            name = section.Name.rstrip(b"\0").decode()
            access = "".join((
                "r" if section.IMAGE_SCN_MEM_READ else "-",
                "w" if section.IMAGE_SCN_MEM_WRITE else "-",
                "x" if section.IMAGE_SCN_MEM_EXECUTE else "-"))
            sections += (f"    {name:<9} 0x{section.VirtualAddress:08X} "
                         f"0x{section.Misc_VirtualSize:08X} 0x{section.SizeOfRawData:08X} {access}\n")
        self.check(run("info", LACKING), 0, f"""\
{LACKING}: x64 driver, {LACKING.stat().st_size} bytes
  image       base 0x{header.ImageBase:X}, size 0x{header.SizeOfImage:X}, \
entry point 0x{header.AddressOfEntryPoint:X}
  needs       Windows {header.MajorOperatingSystemVersion}.{header.MinorOperatingSystemVersion}; \
linked by version {header.MajorLinkerVersion}.{header.MinorLinkerVersion}, \
time stamp 0x{image.FILE_HEADER.TimeDateStamp:08X}
  checksum    0x{header.CheckSum:08X}, right
  signature   none
  hardening   NX yes, ASLR yes, high entropy yes, CFG no, integrity check no
              stack cookie no, W^X yes
  relocations 0
  debugging   none
  sections    address    size       in file    access
{sections}\
  imports     3; the host lacks 2, Wine 8.0 lacks 2
    ntoskrnl.exe
      DbgPrint
      HalpNoSuchRoutine  missing in the host and in Wine 8.0
      KeNoSuchRoutine  missing in the host and in Wine 8.0
  exports     2
    0x00001000  LackingCall
    0x00005054  LackingStop -> ntoskrnl.KeBugCheckEx
""")


class Wrong(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "a.sys"

    def tearDown(self):
        self.folder.cleanup()

    def test_arguments(self):
        self.refuses(["info"], "info: which one driver? See 'sysbuf info --help'")
        self.refuses(["info", LACKING, LACKING],
                     "info: which one driver? See 'sysbuf info --help'")
        self.refuses(["info", "--xml", LACKING],
                     "there is no option --xml; see 'sysbuf info --help'")
        self.refuses(["exports", "all"], "exports takes no arguments; see 'sysbuf exports --help'")
        self.refuses(["exports", "--all"], "there is no option --all; see 'sysbuf exports --help'")

    def test_files_that_cannot_be_read(self):
        self.refuses(["info", "/nowhere"], "/nowhere: No such file or directory")
        self.refuses(["info", "/tmp"], "/tmp: it is a directory")
        self.refuses(["info", "/dev/zero"], "/dev/zero: it is no regular file")

    def refused(self, content, reason):
        self.path.write_bytes(content)
        self.refuses(["info", self.path], f"{self.path}: {reason}")

    def test_files_that_are_no_drivers(self):
        image = bytearray(LACKING.read_bytes())
        header = struct.unpack_from("<I", image, 0x3C)[0]

        def changed(offset, form, value):
            copy = bytearray(image)
            struct.pack_into(form, copy, offset, value)
            return copy

        self.refused(b"", "not a PE image: shorter than a DOS header")
        self.refused(b"#!/bin/sh\n" * 10, "not a PE image: no MZ at its start")
        self.refused(changed(0x3C, "<I", 0xFFFFFFF0), "PE headers lie outside the file (truncated?)")
        self.refused(changed(header, "<I", 0x4551), "not a PE image: no PE signature")
        self.refused(changed(header + 4, "<H", 0x14C),
                     "built for x86 (32 bits) (machine 0x14c); the host runs x64 (0x8664) drivers "
                     "only")
        self.refused(changed(header + 24, "<H", 0x10B), "a 32-bit (PE32) image; drivers for x64 are PE32+")
        self.refused(changed(header + 24 + 68, "<H", 3), "not a driver: it is a console program (subsystem 3; a driver's is 1, native)")
        self.refused(image[:header + 0x400], "section .text has data outside the file (truncated?)")

    def test_a_changed_byte_breaks_checksum_and_digest(self):
        image = bytearray(MYDEVICE.read_bytes())
        parsed = pefile.PE(data=bytes(image), fast_load=True)
        image[parsed.sections[0].PointerToRawData + 8] ^= 1
        self.path.write_bytes(image)
        info = json.loads(run("info", "--json", self.path).output)
        self.assertFalse(info["header"]["checksum_is_right"])
        self.assertTrue(info["signature"]["present"])
        self.assertFalse(info["signature"]["digest_matches"])
        self.assertIn("SHA256 digest is NOT that of the file", run("info", self.path).output)

    def test_a_broken_signature(self):
        image = bytearray(MYDEVICE.read_bytes())
        offset = pefile.PE(data=bytes(image), fast_load=True).OPTIONAL_HEADER.DATA_DIRECTORY[
            4].VirtualAddress
        image[offset + 8:offset + 12] = b"\xff\xff\xff\xff"
        self.path.write_bytes(image)
        self.assertIn("  signature   present, but it cannot be read\n",
                      run("info", self.path).output)

    def test_tables_that_leave_the_image(self):
        for index, text in ((1, "the table is malformed"), (0, "the table is malformed"),
                            (5, "relocations malformed")):
            image = pefile.PE(data=LACKING.read_bytes(), fast_load=True)
            image.OPTIONAL_HEADER.DATA_DIRECTORY[index].VirtualAddress = 0x00FFFFF0
            image.OPTIONAL_HEADER.DATA_DIRECTORY[index].Size = 64
            self.path.write_bytes(image.write())
            answer = run("info", self.path)
            self.check(answer, 0)
            self.assertIn(text, answer.output)

    def test_no_damage_crashes_it(self):
        """Cut short, and with single bytes changed: an answer or a refusal in words."""
        image = MYDEVICE.read_bytes()
        headers = range(0, 0x300)
        damaged = [image[:length] for length in (*range(0, 0x400, 48), *range(0x400, len(image),
                                                                             9973))]
        damaged += [image[:at] + bytes([image[at] ^ 0xFF]) + image[at + 1:] for at in headers
                    if at % 3 == 0]
        for content in damaged:
            self.path.write_bytes(content)
            answer = run("info", self.path)
            self.assertIn(answer.code, (0, 2))
            self.assertEqual(answer.code == 2, answer.errors.startswith(f"sysbuf: {self.path}: "))
            self.assertLessEqual(len(answer.errors.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
