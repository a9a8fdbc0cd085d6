#!/usr/bin/python3
"""Are the built drivers fit for Windows, does image.py find each fault, do the signatures hold?

The files are those of build/windows-x64 and build/windows-x64-clang. Each rule is asserted here
without image.py, and then image.py must refuse a copy that breaks this rule and no other.
"""
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import pefile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDS = [ROOT / "build" / preset for preset in ("windows-x64", "windows-x64-clang")]
EXPORTS = ROOT / "cmake" / "wine-8.0-exports.txt"
VERSION = (ROOT / "VERSION").read_text(encoding="utf-8").split()[0]

WRITE = 0x80000000
EXECUTE = 0x20000000
DYNAMIC_BASE = 0x0040
HIGH_ENTROPY_VA = 0x0020
NX_COMPAT = 0x0100
RELOCS_STRIPPED = 0x0001


def drivers(build):
    # Those with sanitizers are for the host alone.
    found = sorted(path for path in build.rglob("*.sys") if path.parent.name != "sanitized")
    if build / "mydevice" / "mydevice.sys" not in found:
        raise FileNotFoundError(f"{build} has no mydevice.sys; run 'make test'")
    return found


def certificate_of(build):
    """The certificate that signs the build's drivers: its own, or one the user has named."""
    for line in (build / "CMakeCache.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("SYSBUF_CERTIFICATE:INTERNAL="):
            return pathlib.Path(line.split("=", 1)[1])
    raise ValueError(f"{build} does not sign drivers; configure it with SYSBUF_SIGN=ON")


def checksum(data):
    """The PE checksum: 16-bit words with carry, the checksum's own field as zero, and the length."""
    length = len(data)
    field = struct.unpack_from("<I", data, 0x3C)[0] + 24 + 64
    data = data[:field] + bytes(4) + data[field + 4 :] + bytes(len(data) % 2)
    total = sum(struct.unpack(f"<{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total + length


def stored_checksum(data):
    return struct.unpack_from("<I", data, struct.unpack_from("<I", data, 0x3C)[0] + 24 + 64)[0]


class BuiltImages(unittest.TestCase):
    """Each rule on each driver of each build."""

    @classmethod
    def setUpClass(cls):
        cls.files = [path for build in BUILDS for path in drivers(build)]
        cls.images = {path: pefile.PE(data=path.read_bytes()) for path in cls.files}

    def each(self, assertion):
        for path in self.files:
            with self.subTest(driver=str(path.relative_to(ROOT))):
                assertion(self.images[path])

    def test_machine_is_x64(self):
        self.each(lambda image: self.assertEqual(image.FILE_HEADER.Machine, 0x8664))

    def test_subsystem_is_native(self):
        self.each(lambda image: self.assertEqual(image.OPTIONAL_HEADER.Subsystem, 1))

    def has_characteristic(self, flag):
        self.each(lambda image: self.assertTrue(image.OPTIONAL_HEADER.DllCharacteristics & flag))

    def test_dynamic_base_is_set(self):
        self.has_characteristic(DYNAMIC_BASE)

    def test_nx_compat_is_set(self):
        self.has_characteristic(NX_COMPAT)

    def test_high_entropy_va_is_set(self):
        self.has_characteristic(HIGH_ENTROPY_VA)

    def test_relocations_are_there(self):
        def assertion(image):
            self.assertIn(b".reloc", [section.Name.rstrip(b"\0") for section in image.sections])
            self.assertFalse(image.FILE_HEADER.Characteristics & RELOCS_STRIPPED)
            entries = [entry for block in image.DIRECTORY_ENTRY_BASERELOC for entry in block.entries]
            self.assertTrue(entries)

        self.each(assertion)

    def test_no_section_is_writable_and_executable(self):
        def assertion(image):
            for section in image.sections:
                self.assertNotEqual(section.Characteristics & (WRITE | EXECUTE), WRITE | EXECUTE)

        self.each(assertion)

    def test_sections_are_aligned_to_4_kib(self):
        def assertion(image):
            self.assertEqual(image.OPTIONAL_HEADER.SectionAlignment, 4096)
            for section in image.sections:
                self.assertEqual(section.VirtualAddress % 4096, 0)

        self.each(assertion)

    def test_checksum_is_right(self):
        for path in self.files:
            with self.subTest(driver=str(path.relative_to(ROOT))):
                data = path.read_bytes()
                self.assertEqual(stored_checksum(data), checksum(data))

    def test_version_resource_says_the_version(self):
        def assertion(image):
            fixed = image.VS_FIXEDFILEINFO[0]
            numbers = [int(number) for number in (VERSION + ".0.0.0").split(".")[:4]]
            self.assertEqual(fixed.FileVersionMS, numbers[0] << 16 | numbers[1])
            self.assertEqual(fixed.FileVersionLS, numbers[2] << 16 | numbers[3])
            strings = image.FileInfo[0][0].StringTable[0].entries
            self.assertEqual(strings[b"FileVersion"].decode(), VERSION)

        self.each(assertion)

    def test_imports_come_from_the_kernel_alone(self):
        def assertion(image):
            for library in image.DIRECTORY_ENTRY_IMPORT:
                self.assertIn(library.dll.lower(), (b"ntoskrnl.exe", b"hal.dll", b"netio.sys"))

        self.each(assertion)

    def test_imports_are_all_in_wine(self):
        implemented = set(EXPORTS.read_text(encoding="utf-8").splitlines())

        def assertion(image):
            for library in image.DIRECTORY_ENTRY_IMPORT:
                for symbol in library.imports:
                    name = f"{library.dll.decode().lower()} {symbol.name.decode()}"
                    self.assertIn(name, implemented)

        self.each(assertion)

    def test_image_tool_agrees(self):
        for path in self.files:
            with self.subTest(driver=str(path.relative_to(ROOT))):
                self.assertEqual(check(path), (0, []))


def check(path):
    """image.py's verdict: exit code and the faults, without the file's name."""
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "image.py", "check", "--exports", EXPORTS,
         "--version", VERSION, path],
        capture_output=True, text=True, check=False,
    )
    lines = result.stderr.splitlines()
    return result.returncode, [line.split(": ", 1)[1] for line in lines if ": " in line]


class Scratch(unittest.TestCase):
    """A test with a folder of its own and the sample driver."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.driver = BUILDS[0] / "mydevice" / "mydevice.sys"
        drivers(BUILDS[0])


class DamagedImages(Scratch):
    """A copy of the sample driver with one rule broken, and the checksum right again."""

    def refused(self, data, *faults):
        data = bytearray(data)
        field = struct.unpack_from("<I", data, 0x3C)[0] + 24 + 64
        struct.pack_into("<I", data, field, checksum(bytes(data)))
        self.refused_as_it_is(data, *faults)

    def refused_as_it_is(self, data, *faults):
        damaged = self.folder / "damaged.sys"
        damaged.write_bytes(data)
        self.assertEqual(check(damaged), (1, list(faults)))

    def image(self):
        """The intact driver, parsed; for changes of its headers."""
        return pefile.PE(data=self.driver.read_bytes())

    def replaced(self, old, new):
        """The driver's bytes with all names old, of which there is one or more, made new."""
        data = self.driver.read_bytes()
        image = pefile.PE(data=data)
        start = image.sections[0].PointerToRawData
        self.assertGreaterEqual(data.find(old, start), 0)
        self.assertEqual(len(old), len(new))
        return data[:start] + data[start:].replace(old, new)

    def test_another_machine(self):
        image = self.image()
        image.FILE_HEADER.Machine = 0xAA64
        self.refused(image.write(), "it must hold that the machine is AMD64")

    def test_another_subsystem(self):
        image = self.image()
        image.OPTIONAL_HEADER.Subsystem = 3
        self.refused(image.write(), "it must hold that the subsystem is native")

    def test_missing_characteristics(self):
        for flag, name in (
            (DYNAMIC_BASE, "DYNAMIC_BASE"),
            (NX_COMPAT, "NX_COMPAT"),
            (HIGH_ENTROPY_VA, "HIGH_ENTROPY_VA"),
        ):
            with self.subTest(flag=name):
                image = self.image()
                image.OPTIONAL_HEADER.DllCharacteristics &= ~flag
                self.refused(image.write(), f"it must hold that {name} is set")

    def test_no_relocations(self):
        image = self.image()
        image.OPTIONAL_HEADER.DATA_DIRECTORY[5].VirtualAddress = 0
        image.OPTIONAL_HEADER.DATA_DIRECTORY[5].Size = 0
        self.refused(image.write(), "it must hold that there are base relocations")

    def test_relocations_marked_as_stripped(self):
        image = self.image()
        image.FILE_HEADER.Characteristics |= RELOCS_STRIPPED
        self.refused(image.write(), "it must hold that relocations are not stripped")

    def test_writable_code(self):
        image = self.image()
        image.sections[0].Characteristics |= WRITE
        self.refused(image.write(), "section .text is both writable and executable")

    def test_another_alignment(self):
        image = self.image()
        image.OPTIONAL_HEADER.SectionAlignment = 2048
        self.refused(image.write(), "it must hold that sections are aligned to 4096 bytes")

    def test_wrong_checksum(self):
        image = self.image()
        image.OPTIONAL_HEADER.CheckSum ^= 1
        self.refused_as_it_is(image.write(), "it must hold that the checksum is right")

    def test_no_version_resource(self):
        image = self.image()
        image.OPTIONAL_HEADER.DATA_DIRECTORY[2].VirtualAddress = 0
        image.OPTIONAL_HEADER.DATA_DIRECTORY[2].Size = 0
        self.refused(image.write(), "it must hold that there is a version resource")

    def test_another_version(self):
        image = self.image()
        image.VS_FIXEDFILEINFO[0].FileVersionMS = 9 << 16 | 8
        image.VS_FIXEDFILEINFO[0].FileVersionLS = 7 << 16 | 6
        self.refused(image.write(), f"its version resource says 9.8.7.6, not {VERSION}")

    def test_entry_point_in_data(self):
        image = self.image()
        data = next(section for section in image.sections if section.Name.startswith(b".rdata"))
        image.OPTIONAL_HEADER.AddressOfEntryPoint = data.VirtualAddress
        self.refused(image.write(), "it must hold that the entry point is in an executable section")

    def test_import_from_the_c_runtime(self):
        data = self.replaced(b"ntoskrnl.exe\0", b"msvcrt.dll\0\0\0")
        self.refused(data, "it imports from msvcrt.dll, which is not part of the kernel")

    def test_import_that_wine_lacks(self):
        data = self.replaced(b"IoDeleteDevice\0", b"IoDeleteDevicf\0")
        self.refused(data, "it imports IoDeleteDevicf, which not every runtime has")

    def test_import_by_ordinal(self):
        image = self.image()
        library = image.DIRECTORY_ENTRY_IMPORT[0].struct
        data = bytearray(self.driver.read_bytes())
        for table in (library.OriginalFirstThunk, library.FirstThunk):
            struct.pack_into("<Q", data, image.get_offset_from_rva(table), 1 << 63 | 77)
        self.refused(data, "it imports ordinal 77 of ntoskrnl.exe; import by name")

    def test_delayed_imports(self):
        image = self.image()
        image.OPTIONAL_HEADER.DATA_DIRECTORY[13].VirtualAddress = image.sections[1].VirtualAddress
        image.OPTIONAL_HEADER.DATA_DIRECTORY[13].Size = 32
        self.refused(image.write(), "it has delayed imports, which the kernel does not resolve")

    def test_files_that_are_no_images(self):
        whole = self.driver.read_bytes()
        for name, data in (("empty", b""), ("text", b"no image\n"), ("cut", whole[:200])):
            with self.subTest(file=name):
                path = self.folder / name
                path.write_bytes(data)
                self.assertEqual(check(path)[0], 2)
        self.assertEqual(check(self.folder / "missing")[0], 2)


class Signatures(Scratch):
    """osslsigncode's word on the drivers, against the certificate of their build."""

    def verify(self, path, certificate=None):
        return subprocess.run(
            ["osslsigncode", "verify", "-CAfile", certificate or self.certificate, "-in", path],
            capture_output=True, text=True, check=False,
        )

    def setUp(self):
        super().setUp()
        self.certificate = certificate_of(BUILDS[0])

    def test_each_driver_is_signed_with_page_hashes(self):
        for build in BUILDS:
            certificate = certificate_of(build)
            for path in drivers(build):
                with self.subTest(driver=str(path.relative_to(ROOT))):
                    result = self.verify(path, certificate)
                    self.assertEqual(result.returncode, 0, result.stdout)
                    self.assertIn("Page hash algorithm  : SHA256", result.stdout)
                    self.assertIn("Message digest algorithm  : SHA256", result.stdout)

    def test_another_certificate_does_not_verify_it(self):
        other = certificate_of(BUILDS[1])
        self.assertNotEqual(other.read_bytes(), self.certificate.read_bytes())
        self.assertNotEqual(self.verify(self.driver, other).returncode, 0)

    def test_a_changed_byte_breaks_it(self):
        whole = self.driver.read_bytes()
        image = pefile.PE(data=whole)
        places = [("header", 0x4E)]  # in the old DOS program
        places += [
            (section.Name.rstrip(b"\0").decode(), section.PointerToRawData)
            for section in image.sections
        ]
        places.append(("signature", image.OPTIONAL_HEADER.DATA_DIRECTORY[4].VirtualAddress + 600))
        for name, offset in places:
            with self.subTest(place=name):
                changed = self.folder / "changed.sys"
                shutil.copy(self.driver, changed)
                with open(changed, "r+b") as file:
                    file.seek(offset)
                    file.write(bytes([whole[offset] ^ 1]))
                self.assertNotEqual(self.verify(changed).returncode, 0)

    def test_certificate_is_for_code_signing_and_for_years(self):
        if self.certificate.parent != BUILDS[0] / "sysbuf-signing":
            self.skipTest("the certificate is not the build's own")
        der = BUILDS[0] / "sysbuf-signing" / "certificate.cer"
        text = subprocess.run(
            ["openssl", "x509", "-inform", "DER", "-in", der, "-noout", "-ext",
             "extendedKeyUsage,basicConstraints", "-subject", "-checkend", str(5 * 365 * 86400)],
            capture_output=True, text=True, check=True,
        ).stdout
        self.assertIn("Code Signing", text)
        self.assertIn("CA:FALSE", text)
        self.assertIn("sysbuf test certificate", text)
        self.assertIn("Certificate will not expire", text)


if __name__ == "__main__":
    unittest.main()
