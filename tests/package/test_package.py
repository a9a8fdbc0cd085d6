#!/usr/bin/python3
"""Is the archive complete, and can a project of its own be built with it?

Makes the archive from build/windows-x64 and build/windows-x86, unpacks it into a fresh folder and
works there. CMake runs as a user's would: with the package's prefix and toolchain files.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import pefile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
VERSION = (ROOT / "VERSION").read_text(encoding="utf-8").split()[0]
NAME = f"sysbuf-{VERSION}-windows-x64"

FILES = """
LICENSE
README-windows.md
bin/x64/mydevice.cer
bin/x64/mydevice.exe
bin/x64/mydevice.sys
bin/x86/mydevice.exe
cmake/toolchains/windows-x64.cmake
cmake/toolchains/windows-x86.cmake
cmake/toolchains/windows.cmake
include/mydevice/contract.h
include/sysbuf/client.h
include/sysbuf/contract.h
include/sysbuf/driver.h
include/sysbuf/notify.h
include/sysbuf/pend.h
include/sysbuf/protocol.h
include/sysbuf/ring.h
include/sysbuf/ring_client.h
include/sysbuf/ring_driver.h
include/sysbuf/socket.h
include/sysbuf/wsk.h
install.cmd
lib/cmake/sysbuf/SysbufFinish.cmake
lib/cmake/sysbuf/SysbufSanitized.cmake
lib/cmake/sysbuf/SysbufSigning.cmake
lib/cmake/sysbuf/SysbufTargets.cmake
lib/cmake/sysbuf/relocation.c
lib/cmake/sysbuf/sanitizer/sanitizer.def
lib/cmake/sysbuf/sanitizer/start.c
lib/cmake/sysbuf/sysbuf-config-version.cmake
lib/cmake/sysbuf/sysbuf-config.cmake
lib/cmake/sysbuf/sysbuf-targets-x64-relwithdebinfo.cmake
lib/cmake/sysbuf/sysbuf-targets-x64.cmake
lib/cmake/sysbuf/sysbuf-targets-x86-relwithdebinfo.cmake
lib/cmake/sysbuf/sysbuf-targets-x86.cmake
lib/cmake/sysbuf/test-certificate.cnf
lib/cmake/sysbuf/version.rc.in
lib/cmake/sysbuf/wine-8.0-exports.txt
lib/x64/libsysbuf_client.a
lib/x64/libsysbuf_driver.a
lib/x86/libsysbuf_client.a
tools/image.py
uninstall.cmd
""".split()


def run(*command, **environment):
    """Runs a command; gives its exit code and all it said."""
    result = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**os.environ, **environment},
    )
    return result.returncode, result.stdout


class Unpacked(unittest.TestCase):
    """Tests with the archive, unpacked at self.package, and a folder for builds, self.folder."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        # A folder that needs quoting, as users have them.
        cls.folder = pathlib.Path(scratch.name) / "a folder"
        cls.folder.mkdir()
        code, output = run(ROOT / "scripts" / "package.sh", cls.folder)
        if code != 0:
            raise RuntimeError(f"scripts/package.sh failed; run 'make build' first?\n{output}")
        cls.archive = cls.folder / f"{NAME}.zip"
        run("unzip", "-q", cls.archive, "-d", cls.folder)
        cls.package = cls.folder / NAME

    def succeeds(self, *command, **environment):
        code, output = run(*command, **environment)
        self.assertEqual(code, 0, output)
        return output

    def configure(self, project, build, *options, machine="x64"):
        return run(
            "cmake", "-S", project, "-B", build, f"-DCMAKE_PREFIX_PATH={self.package}",
            f"-DCMAKE_TOOLCHAIN_FILE={self.package}/cmake/toolchains/windows-{machine}.cmake",
            *options,
        )

    def configured(self, project, build, *options, machine="x64"):
        code, output = self.configure(project, build, *options, machine=machine)
        self.assertEqual(code, 0, output)


class Contents(Unpacked):
    """The archive itself."""

    def test_files_are_these_and_no_others(self):
        with zipfile.ZipFile(self.archive) as archive:
            self.assertEqual(archive.namelist(), [f"{NAME}/{file}" for file in FILES])

    def test_archive_is_the_same_when_made_again(self):
        again = self.folder / "again"
        self.succeeds(ROOT / "scripts" / "package.sh", again)
        self.assertEqual((again / f"{NAME}.zip").read_bytes(), self.archive.read_bytes())

    def test_driver_is_the_tested_file(self):
        tested = ROOT / "build" / "windows-x64" / "mydevice" / "mydevice.sys"
        self.assertEqual((self.package / "bin/x64/mydevice.sys").read_bytes(), tested.read_bytes())

    def test_driver_is_signed_with_the_certificate_beside_it(self):
        pem = self.folder / "certificate.pem"
        self.succeeds("openssl", "x509", "-inform", "DER", "-out", pem,
                      "-in", self.package / "bin/x64/mydevice.cer")
        self.succeeds("osslsigncode", "verify", "-CAfile", pem,
                      "-in", self.package / "bin/x64/mydevice.sys")

    def test_programs_are_for_their_machines(self):
        for folder, machine in (("x64", 0x8664), ("x86", 0x014C)):
            image = pefile.PE(self.package / "bin" / folder / "mydevice.exe")
            self.assertEqual(image.FILE_HEADER.Machine, machine)
            self.assertEqual(image.OPTIONAL_HEADER.Subsystem, 3)

    def test_programs_need_no_library_that_windows_lacks(self):
        for folder in ("x64", "x86"):
            image = pefile.PE(self.package / "bin" / folder / "mydevice.exe")
            libraries = {library.dll.lower() for library in image.DIRECTORY_ENTRY_IMPORT}
            self.assertLessEqual(
                libraries, {b"advapi32.dll", b"bcrypt.dll", b"ws2_32.dll", b"kernel32.dll", b"msvcrt.dll", b"shell32.dll"}
            )

    def test_scripts_suit_cmd(self):
        thumbprint = hashlib.sha1((self.package / "bin/x64/mydevice.cer").read_bytes()).hexdigest()
        for name in ("install.cmd", "uninstall.cmd"):
            data = (self.package / name).read_bytes()
            self.assertTrue(data.isascii())
            self.assertEqual(data.count(b"\n"), data.count(b"\r\n"))
            self.assertIn(f'"thumbprint={thumbprint}"'.encode(), data)
            labels = {line[1:] for line in data.decode().split("\r\n") if line.startswith(":")}
            for line in data.decode().split("\r\n"):
                if " goto " in f" {line}":
                    self.assertIn(line.split("goto ")[1], labels)

    def test_nothing_tells_the_key_or_the_folder_of_the_build(self):
        for path in self.package.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"PRIVATE KEY", path.read_bytes(), path)
                self.assertNotIn(os.fsencode(f"{ROOT}/"), path.read_bytes(), path)


class UsedByAnotherProject(Unpacked):
    """The echo example as a project of its own, with each generator and compiler."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.example = cls.folder / "example"
        shutil.copytree(HERE / "example", cls.example)
        shutil.copytree(ROOT / "tests" / "drivers" / "echo", cls.example / "echo")

    def build(self, build, *options):
        output = self.succeeds("cmake", "--build", build, "-j", "2", *options)
        self.assertNotIn("warning", output)

    def assert_signed(self, driver, certificate):
        self.succeeds("osslsigncode", "verify", "-CAfile", certificate, "-in", driver)

    def assert_drivers(self, build, where):
        for name, version in (("echo", (2, 5, 1, 0)), ("second", (1, 0, 0, 0))):
            driver = next(path for path in build.rglob(f"{where}{name}.sys")
                          if path.parent.name != "sanitized")
            self.assertTrue(list(build.rglob(f"sanitized/{name}.sys")))
            self.assert_signed(driver, build / "sysbuf-signing" / "certificate.pem")
            fixed = pefile.PE(driver).VS_FIXEDFILEINFO[0]
            self.assertEqual((fixed.FileVersionMS, fixed.FileVersionLS),
                             (version[0] << 16 | version[1], version[2] << 16 | version[3]))

    def assert_second_build_does_nothing(self, build, *options):
        before = {path: path.stat().st_mtime_ns for path in build.rglob("*.[es][xy][es]")}
        self.assertGreaterEqual(len(before), 3)
        self.build(build, *options)
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in before})

    def test_ninja_with_gcc(self):
        build = self.folder / "ninja gcc"
        self.configured(self.example, build, "-G", "Ninja")
        self.build(build)
        self.assert_drivers(build, "")
        self.assert_second_build_does_nothing(build)
        strings = pefile.PE(build / "echo.sys").FileInfo[0][0].StringTable[0].entries
        self.assertEqual(strings[b"FileDescription"].decode(), 'Says "back", 回声')

    def test_make_with_gcc(self):
        build = self.folder / "make"
        self.configured(self.example, build, "-G", "Unix Makefiles")
        self.build(build)
        self.assert_drivers(build, "")
        self.assert_second_build_does_nothing(build)

    def test_ninja_with_clang(self):
        build = self.folder / "clang"
        self.configured(self.example, build, "-G", "Ninja", "-DSYSBUF_COMPILER=clang")
        self.build(build)
        self.assert_drivers(build, "")

    def test_ninja_with_several_configurations(self):
        build = self.folder / "several"
        self.configured(self.example, build, "-G", "Ninja Multi-Config")
        for configuration in ("Debug", "Release"):
            self.build(build, "--config", configuration)
            self.assert_drivers(build, f"{configuration}/")

    def test_client_for_x86(self):
        build = self.folder / "x86"
        self.configured(self.example, build, "-G", "Ninja", machine="x86")
        self.build(build)
        self.assertEqual(pefile.PE(build / "echo.exe").FILE_HEADER.Machine, 0x014C)
        self.assertEqual(list(build.rglob("*.sys")), [])

    def test_toolchain_file_of_the_users_own(self):
        toolchain = self.folder / "own.cmake"
        toolchain.write_text(
            "set(CMAKE_SYSTEM_NAME Windows)\nset(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)\n"
            "set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)\n", encoding="utf-8")
        build = self.folder / "own"
        self.succeeds("cmake", "-S", self.example, "-B", build, "-G", "Ninja",
                      f"-DCMAKE_PREFIX_PATH={self.package}", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}")
        self.build(build)
        self.assert_drivers(build, "")

    def test_certificate_of_the_users_own(self):
        key, certificate = self.folder / "key.pem", self.folder / "own.pem"
        self.succeeds("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                      "-subj", "/CN=someone", "-addext", "extendedKeyUsage=codeSigning",
                      "-keyout", key, "-out", certificate)
        build = self.folder / "signed"
        self.configured(self.example, build, "-G", "Ninja",
                        f"-DSYSBUF_SIGN_CERTIFICATE={certificate}", f"-DSYSBUF_SIGN_KEY={key}")
        self.build(build)
        self.assert_signed(build / "echo.sys", certificate)
        before = (build / "echo.sys").stat().st_mtime_ns
        certificate.touch()
        self.build(build)
        self.assertGreater((build / "echo.sys").stat().st_mtime_ns, before)

    def test_unsigned_on_demand(self):
        build = self.folder / "unsigned"
        self.configured(self.example, build, "-G", "Ninja", "-DSYSBUF_SIGN=OFF")
        self.build(build)
        directory = pefile.PE(build / "echo.sys").OPTIONAL_HEADER.DATA_DIRECTORY[4]
        self.assertEqual((directory.VirtualAddress, directory.Size), (0, 0))


class RefusedDrivers(Unpacked):
    """A build fails for a driver that is unfit, says why, and leaves no driver behind."""

    def assert_refused(self, generator):
        build = self.folder / generator
        self.configured(HERE / "refused", build, "-G", generator)
        for name, reason in (
            ("pool2", "it imports ExAllocatePool2, which not every runtime has"),
            ("runtime", "it imports from msvcrt.dll, which is not part of the kernel"),
            ("wild", "section .wild is both writable and executable"),
        ):
            for attempt in ("first", "second"):
                with self.subTest(driver=name, attempt=attempt):
                    code, output = run("cmake", "--build", build, "--target", name)
                    self.assertNotEqual(code, 0)
                    self.assertIn(f"{name}.sys: {reason}", output)
                    self.assertIn(f"sysbuf: {name}.sys is refused", output)
                    self.assertEqual(list(build.glob(f"{name}.sys*")), [])

    def test_ninja(self):
        self.assert_refused("Ninja")

    def test_make(self):
        self.assert_refused("Unix Makefiles")


class WrongArguments(Unpacked):
    """What is asked for wrongly is said when CMake configures."""

    def said(self, sentence, *options, function="sysbuf_add_driver", arguments="", machine="x64"):
        code, output = self.configure(
            HERE / "arguments", self.folder / machine, "-G", "Ninja", f"-DFUNCTION={function}",
            f"-DARGUMENTS={arguments}", "-USYSBUF_*", *options, machine=machine)
        self.assertNotEqual(code, 0)
        self.assertIn(sentence, " ".join(output.split()))

    def test_no_sources(self):
        self.said("sysbuf: bad has no SOURCES", arguments="VERSION;1.0")
        self.said("sysbuf: bad has no SOURCES", function="sysbuf_add_client")

    def test_versions(self):
        for version in ("1.x", "v1", "1..2", "1.2.3.4.5", "1.2-rc1", "-1"):
            self.said(f"sysbuf: bad: VERSION must be one to four numbers, as in 1.2.3, not "
                      f"'{version}'", arguments=f"SOURCES;a.c;VERSION;{version}")
        self.said("sysbuf: bad: a number of VERSION is at most 65535, not 65536",
                  arguments="SOURCES;a.c;VERSION;1.65536")

    def test_unknown_and_incomplete_arguments(self):
        self.said("sysbuf: bad: unknown arguments: SOURCE;a.c", arguments="SOURCE;a.c")
        self.said("sysbuf: bad: nothing follows VERSION", arguments="SOURCES;a.c;VERSION")

    def test_driver_for_x86(self):
        self.said("sysbuf: bad: drivers are built for x64, and this build is for x86",
                  arguments="SOURCES;a.c", machine="x86")

    def test_certificate_without_key(self):
        self.said("sysbuf: SYSBUF_SIGN_CERTIFICATE is given without SYSBUF_SIGN_KEY",
                  "-DSYSBUF_SIGN_CERTIFICATE=/no/file", arguments="SOURCES;a.c")

    def test_key_without_certificate(self):
        self.said("sysbuf: SYSBUF_SIGN_KEY is given without SYSBUF_SIGN_CERTIFICATE",
                  "-DSYSBUF_SIGN_KEY=/no/file", arguments="SOURCES;a.c")

    def test_certificate_that_is_not_there(self):
        self.said("sysbuf: SYSBUF_SIGN_CERTIFICATE names a file that is not there: /no/file",
                  "-DSYSBUF_SIGN_CERTIFICATE=/no/file", "-DSYSBUF_SIGN_KEY=/no/key",
                  arguments="SOURCES;a.c")

    def test_missing_signing_tool(self):
        self.configure(HERE / "arguments", self.folder / "x64", "-G", "Ninja", "-DFUNCTION=message")
        self.said("sysbuf: drivers are signed with osslsigncode, which is not there. Install the "
                  "package osslsigncode, or configure with -DSYSBUF_SIGN=OFF",
                  "-DCMAKE_IGNORE_PATH=/usr/bin;/bin;/usr/local/bin",
                  f"-DSYSBUF_PYTHON={sys.executable}", arguments="SOURCES;a.c")

    def test_python_without_pefile(self):
        self.said("Install python3-pefile, or name the right Python with -DSYSBUF_PYTHON",
                  "-DSYSBUF_PYTHON=/bin/false", arguments="SOURCES;a.c")

    def test_build_that_is_not_for_windows(self):
        code, output = run("cmake", "-S", HERE / "arguments", "-B", self.folder / "native",
                           f"-DCMAKE_PREFIX_PATH={self.package}")
        self.assertNotEqual(code, 0)
        self.assertIn("configure with one of the toolchain files", " ".join(output.split()))


if __name__ == "__main__":
    unittest.main()
