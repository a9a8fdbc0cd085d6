#!/usr/bin/python3
"""Lists the kernel routines that the installed Wine implements, a line each: IMAGE NAME.

    wine_exports.py > cmake/wine-8.0-exports.txt

Two kinds of exports are left out: those that Wine marks as missing (they all lead to one routine
that ends the process), and those whose code prints a message that calls itself a stub. A semi-stub
does part of its work and is listed, and so is a stub that fails in the way which its callers are
told to expect. Needs the packages python3-pefile and python3-capstone.
"""
import collections
import glob
import sys

import capstone
import pefile

FOLDERS = ("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows", "/usr/lib/wine/x86_64-windows")
IMAGES = ("ntoskrnl.exe", "hal.dll", "netio.sys")
FAILS_AS_DOCUMENTED = (b"MmMapLockedPagesSpecifyCache",)  # NULL; direct requests come mapped
NOTHING_TO_DO = (b"MmBuildMdlForNonPagedPool",)  # there, an MDL's addresses are those it was made of
PARTLY = ("semi-stub", "partial stub", "mostly-stub")


class Image:
    def __init__(self, path):
        self.pe = pefile.PE(path)
        self.memory = self.pe.get_memory_mapped_image()
        self.ends = {
            entry.struct.BeginAddress: entry.struct.EndAddress
            for entry in getattr(self.pe, "DIRECTORY_ENTRY_EXCEPTION", [])
        }
        self.code = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)

    def exports(self):
        return [symbol for symbol in self.pe.DIRECTORY_ENTRY_EXPORT.symbols if symbol.name]

    def texts(self, start):
        """The texts that the routine at an address refers to."""
        end = self.ends.get(start, start)
        for instruction in self.code.disasm(bytes(self.memory[start:end]), start):
            if instruction.mnemonic == "lea" and "[rip + " in instruction.op_str:
                offset = int(instruction.op_str.split("[rip + ")[1].rstrip("]"), 16)
                target = instruction.address + instruction.size + offset
                yield bytes(self.memory[target : target + 200]).split(b"\0")[0].decode("latin1")

    def calls_itself_stub(self, symbol):
        if symbol.forwarder or symbol.name in FAILS_AS_DOCUMENTED + NOTHING_TO_DO:
            return False
        return any(
            "stub" in text and not any(word in text for word in PARTLY)
            for text in self.texts(symbol.address)
        )

    def marked_missing(self):
        """Wine's build tool writes one small routine for each; all of them call the same place."""
        callees = collections.defaultdict(set)
        for symbol in self.exports():
            if symbol.forwarder:
                continue
            body = bytes(self.memory[symbol.address : symbol.address + 48])
            for instruction in self.code.disasm(body, symbol.address):
                if instruction.mnemonic in ("call", "jmp"):
                    callees[instruction.op_str].add(symbol.name)
                    break
        return max(callees.values(), key=len)


def main():
    folder = next((name for name in FOLDERS if glob.glob(f"{name}/ntoskrnl.exe")), None)
    if folder is None:
        sys.exit("wine_exports.py: Wine's ntoskrnl.exe is not there; install the package wine64")
    print("# The kernel routines that Wine 8.0 implements; made by tools/wine_exports.py.")
    for name in IMAGES:
        image = Image(f"{folder}/{name}")
        missing = image.marked_missing()
        for symbol in sorted(image.exports(), key=lambda entry: entry.name):
            if symbol.name not in missing and not image.calls_itself_stub(symbol):
                print(name, symbol.name.decode())


if __name__ == "__main__":
    main()
