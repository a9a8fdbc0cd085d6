#!/usr/bin/python3
"""Finishes and checks a driver image.

    image.py finish FILE.sys               writes the right PE checksum into the header
    image.py check  FILE.sys [--exports LIST] [--version VERSION]
                               is the image fit for Windows, are all its imports there, and does
                               its resource say VERSION? LIST names the routines that a runtime
                               implements, a line each: IMAGE NAME.

Exit codes: 0 all is well; 1 the image is not fit, each reason on a line; 2 the file or the
arguments are unusable.
"""
import argparse
import sys

try:
    import pefile
except ImportError:
    sys.exit("image.py: the Python module pefile is missing; install the package python3-pefile")

KERNEL_IMAGES = {"ntoskrnl.exe", "hal.dll", "netio.sys"}
DIRECTORY_DELAY_IMPORTS = pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT"]
DIRECTORY_RELOCATIONS = pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_BASERELOC"]
WRITE = pefile.SECTION_CHARACTERISTICS["IMAGE_SCN_MEM_WRITE"]
EXECUTE = pefile.SECTION_CHARACTERISTICS["IMAGE_SCN_MEM_EXECUTE"]


def entry_is_executable(image):
    section = image.get_section_by_rva(image.OPTIONAL_HEADER.AddressOfEntryPoint)
    return section is not None and bool(section.Characteristics & EXECUTE)


def header_faults(image):
    """The rules on the headers: pairs of what must hold and whether it does."""
    optional = image.OPTIONAL_HEADER
    relocations = optional.DATA_DIRECTORY[DIRECTORY_RELOCATIONS]
    rules = {
        "the machine is AMD64": image.FILE_HEADER.Machine == 0x8664,
        "the subsystem is native": optional.Subsystem == 1,
        "DYNAMIC_BASE is set": optional.IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE,
        "NX_COMPAT is set": optional.IMAGE_DLLCHARACTERISTICS_NX_COMPAT,
        "HIGH_ENTROPY_VA is set": optional.IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA,
        "there are base relocations": relocations.VirtualAddress != 0 and relocations.Size != 0,
        "relocations are not stripped": not image.FILE_HEADER.IMAGE_FILE_RELOCS_STRIPPED,
        "sections are aligned to 4096 bytes": optional.SectionAlignment == 4096,
        "the checksum is right": image.verify_checksum(),
        "there is a version resource": bool(getattr(image, "VS_FIXEDFILEINFO", None)),
        "the entry point is in an executable section": entry_is_executable(image),
    }
    return [f"it must hold that {rule}" for rule, holds in rules.items() if not holds]


def section_faults(image):
    return [
        f"section {section.Name.rstrip(bytes(1)).decode(errors='replace')} is both writable and executable"
        for section in image.sections
        if section.Characteristics & WRITE and section.Characteristics & EXECUTE
    ]


def version_faults(image, wanted):
    """Does the version resource say the wanted version, one to four numbers?"""
    information = getattr(image, "VS_FIXEDFILEINFO", None)
    if wanted is None or not information:
        return []
    found = (
        information[0].FileVersionMS >> 16,
        information[0].FileVersionMS & 0xFFFF,
        information[0].FileVersionLS >> 16,
        information[0].FileVersionLS & 0xFFFF,
    )
    if found == tuple(int(number) for number in (wanted + ".0.0.0").split(".")[:4]):
        return []
    return [f"its version resource says {'.'.join(map(str, found))}, not {wanted}"]


def import_faults(image, exports):
    faults = []
    if image.OPTIONAL_HEADER.DATA_DIRECTORY[DIRECTORY_DELAY_IMPORTS].VirtualAddress != 0:
        faults.append("it has delayed imports, which the kernel does not resolve")
    for library in getattr(image, "DIRECTORY_ENTRY_IMPORT", []):
        name = library.dll.decode().lower()
        if name not in KERNEL_IMAGES:
            faults.append(f"it imports from {name}, which is not part of the kernel")
            continue
        for symbol in library.imports:
            if symbol.name is None:
                faults.append(f"it imports ordinal {symbol.ordinal} of {name}; import by name")
            elif exports is not None and (name, symbol.name.decode()) not in exports:
                faults.append(f"it imports {symbol.name.decode()}, which not every runtime has")
    return faults


def read_exports(path):
    with open(path, encoding="utf-8") as lines:
        pairs = (line.split() for line in lines if not line.startswith("#"))
        return {(image.lower(), name) for image, name in pairs}


def check(arguments):
    exports = read_exports(arguments.exports) if arguments.exports else None
    image = pefile.PE(arguments.file)
    faults = header_faults(image) + section_faults(image) + import_faults(image, exports)
    faults += version_faults(image, arguments.version)
    for fault in faults:
        print(f"{arguments.file}: {fault}", file=sys.stderr)
    return 1 if faults else 0


def finish(arguments):
    image = pefile.PE(arguments.file)
    image.OPTIONAL_HEADER.CheckSum = image.generate_checksum()
    data = image.write()
    image.close()
    with open(arguments.file, "wb") as output:
        output.write(data)
    return 0


def main():
    parser = argparse.ArgumentParser(
        description="Finishes and checks a driver image.",
        epilog="Exit codes: 0 fit, 1 not fit, 2 unusable file or arguments.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    finishing = commands.add_parser("finish", help="write the right PE checksum")
    finishing.set_defaults(run=finish)
    checking = commands.add_parser("check", help="is the image fit for Windows?")
    checking.add_argument("--exports", help="the routines that must suffice, a line each: IMAGE NAME")
    checking.set_defaults(run=check)
    checking.add_argument("--version", help="what the version resource must say, as in 1.2.3")
    for command in (finishing, checking):
        command.add_argument("file", help="a driver image")
    arguments = parser.parse_args()
    try:
        return arguments.run(arguments)
    except (OSError, ValueError, pefile.PEFormatError) as error:
        print(f"image.py: {arguments.file}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
