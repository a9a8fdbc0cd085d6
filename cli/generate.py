#!/usr/bin/python3
"""Makes the tables that the sysbuf command carries.

    generate.py statuses  NTSTATUS.H  OUTPUT.c   names of NTSTATUS values
    generate.py bugchecks BUGCODES.H  OUTPUT.c   names of bug check codes
    generate.py wine      EXPORTS.txt OUTPUT.c   the routines that Wine implements
"""
import re
import sys

# Codes newer than the header; from Microsoft's bug check code reference.
LATER_BUG_CHECKS = {
    0x3B: "SYSTEM_SERVICE_EXCEPTION",
    0x9F: "DRIVER_POWER_STATE_FAILURE",
    0xC7: "TIMER_OR_DPC_INVALID",
    0xD9: "LOCKED_PAGES_TRACKER_CORRUPTION",
    0xDB: "DRIVER_CORRUPTED_SYSPTES",
    0x101: "CLOCK_WATCHDOG_TIMEOUT",
    0x109: "CRITICAL_STRUCTURE_CORRUPTION",
    0x10A: "APP_TAGGING_INITIALIZATION_FAILED",
    0x10D: "WDF_VIOLATION",
    0x10E: "VIDEO_MEMORY_MANAGEMENT_INTERNAL",
    0x133: "DPC_WATCHDOG_VIOLATION",
    0x139: "KERNEL_SECURITY_CHECK_FAILURE",
    0x13A: "KERNEL_MODE_HEAP_CORRUPTION",
    0x13C: "INVALID_IO_BOOST_STATE",
    0x157: "KERNEL_THREAD_PRIORITY_FLOOR_VIOLATION",
    0x160: "WIN32K_ATOMIC_CHECK_FAILURE",
    0x162: "KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE",
    0x18B: "SECURE_KERNEL_ERROR",
    0x1F2: "KASAN_ILLEGAL_ACCESS",
    0x192: "KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL",
    0x1C4: "DRIVER_VERIFIER_DETECTED_VIOLATION_LIVEDUMP",
    0x1CA: "SYNTHETIC_WATCHDOG_TIMEOUT",
    0x1D3: "KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION",
    0xC4: "DRIVER_VERIFIER_DETECTED_VIOLATION",
    0xC9: "DRIVER_VERIFIER_IOMANAGER_VIOLATION",
    0xD5: "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL",
    0xD6: "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION",
    0xD7: "DRIVER_UNMAPPING_INVALID_VIEW",
    0xDA: "SYSTEM_PTE_MISUSE",
    0xE6: "DRIVER_VERIFIER_DMA_VIOLATION",
    0xF7: "DRIVER_OVERRAN_STACK_BUFFER",
    0xFE: "BUGCODE_USB_DRIVER",
}


def definitions(path, pattern):
    with open(path, encoding="utf-8", errors="replace") as header:
        for line in header:
            match = re.match(pattern, line)
            if match:
                yield match.group(1), int(match.group(2), 16)


def write_names(output, table, entries):
    with open(output, "w", encoding="utf-8") as target:
        target.write('#include "cli/names.h"\n\n')
        target.write(f"const struct code_name {table}[] = {{\n")
        for name, value in entries:
            target.write(f'    {{0x{value:08X}u, "{name}"}},\n')
        target.write(f"}};\nconst size_t {table}_count = sizeof {table} / sizeof *{table};\n")


def statuses(header, output):
    # In the header's order: the first name of a value is the usual one.
    pattern = r"#define\s+((?:STATUS|RPC_NT|DBG|EPT_NT)_\w+)\s+\(\(NTSTATUS\)0x([0-9A-Fa-f]+)L?\)"
    write_names(output, "status_names", definitions(header, pattern))


def bugchecks(header, output):
    pattern = r"#define\s+(\w+)\s+\(\(ULONG\)0x([0-9A-Fa-f]+)L?\)"
    entries = [entry for entry in definitions(header, pattern)]
    known = {value for _, value in entries}
    entries += [(name, value) for value, name in LATER_BUG_CHECKS.items() if value not in known]
    write_names(output, "bug_check_names", entries)


def wine(exports, output):
    with open(exports, encoding="utf-8") as lines:
        names = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    with open(output, "w", encoding="utf-8") as target:
        target.write('#include "cli/info/wine.h"\n\n')
        target.write("const struct wine_export wine_exports[] = {\n")
        for module, name in names:
            target.write(f'    {{"{module.lower()}", "{name}"}},\n')
        target.write("};\nconst size_t wine_export_count = "
                     "sizeof wine_exports / sizeof *wine_exports;\n")


COMMANDS = {"statuses": statuses, "bugchecks": bugchecks, "wine": wine}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](sys.argv[2], sys.argv[3])
