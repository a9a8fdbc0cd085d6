/* The PE32+ structures, as the file holds them. Little endian, naturally aligned. */
#ifndef SYSBUF_HOST_PE_H
#define SYSBUF_HOST_PE_H

#include <stdint.h>

enum {
    PE_DOS_MAGIC = 0x5A4D,
    PE_SIGNATURE = 0x4550,
    PE_MACHINE_AMD64 = 0x8664,
    PE_MAGIC_64 = 0x20B,
    PE_MAGIC_32 = 0x10B,
    PE_SUBSYSTEM_NATIVE = 1,
    PE_RELOCS_STRIPPED = 1,
    PE_EXECUTABLE = 2,
    PE_DIRECTORY_EXPORT = 0,
    PE_DIRECTORY_IMPORT = 1,
    PE_DIRECTORY_EXCEPTION = 3,
    PE_DIRECTORY_RELOCATION = 5,
    PE_DIRECTORY_TLS = 9,
    PE_DIRECTORY_LOAD_CONFIG = 10,
    PE_DIRECTORY_DELAY_IMPORT = 13,
    PE_DIRECTORY_CLR = 14,
    PE_DIRECTORY_COUNT = 16,
    PE_MOST_SECTIONS = 96, /* as on NT */
    PE_SECTION_DISCARDABLE = 0x02000000,
    PE_SECTION_EXECUTE = 0x20000000,
    PE_SECTION_WRITE = 0x80000000u,
    PE_RELOCATION_ABSOLUTE = 0,
    PE_RELOCATION_DIR64 = 10,
    PE_GUARD_INSTRUMENTED = 0x100,
};

static const uint64_t PE_IMPORT_BY_ORDINAL = 1ull << 63;

struct pe_directory {
    uint32_t address, size;
};

struct pe_headers {
    uint32_t signature;
    uint16_t machine, section_count;
    uint32_t time_stamp, symbols, symbol_count;
    uint16_t optional_size, characteristics;
    /* optional header */
    uint16_t magic;
    uint8_t linker_major, linker_minor;
    uint32_t code_size, data_size, bss_size, entry_point, code_base;
    uint64_t image_base;
    uint32_t section_alignment, file_alignment;
    uint16_t os_major, os_minor, image_major, image_minor, subsystem_major, subsystem_minor;
    uint32_t win32_version, image_size, headers_size, checksum;
    uint16_t subsystem, dll_characteristics;
    uint64_t stack_reserve, stack_commit, heap_reserve, heap_commit;
    uint32_t loader_flags, directory_count;
    struct pe_directory directories[PE_DIRECTORY_COUNT];
};

struct pe_section {
    char name[8];
    uint32_t virtual_size, address, raw_size, raw_offset, relocations, lines;
    uint16_t relocation_count, line_count;
    uint32_t characteristics;
};

struct pe_import {
    uint32_t names, time_stamp, forwarder, module, addresses;
};

struct pe_export {
    uint32_t flags, time_stamp, version, name, ordinal_base, function_count, name_count, functions,
        names, ordinals;
};

/* The load configuration as far as the loader cares; size says how much of it there is. */
struct pe_load_config {
    uint32_t size, time_stamp;
    uint8_t unused[0x50];
    uint64_t cookie, handlers, handler_count;       /* 0x58 */
    uint64_t guard_check, guard_dispatch;           /* 0x70: addresses of pointers to code */
    uint64_t guard_functions, guard_function_count; /* 0x80 */
    uint32_t guard_flags;                           /* 0x90 */
    uint8_t unused_too[0x34];
    uint64_t hybrid_metadata; /* 0xC8: ARM64EC and kin */
    uint8_t unused_as_well[0x48];
    uint64_t xfg_check, xfg_dispatch, xfg_table; /* 0x118 */
};

#endif
