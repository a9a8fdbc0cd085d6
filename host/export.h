/*
 * The export registry. Beside the definition of each routine stands one line that exports it:
 *
 *     SB_EXPORT(IoCreateDevice)                          the name is the C name
 *     SB_EXPORT_AS("memcpy", nt_memcpy)                  the C name differs
 *     SB_EXPORT_FROM("netio.sys", WskRegister)           another module than ntoskrnl.exe/hal.dll
 *     SB_EXPORT_DATA("MmUserProbeAddress", user_probe_address)   field of struct data_exports
 *
 * Each makes one entry in the linker section sb_exports; the loader sorts them once and binds by
 * name. ntoskrnl.exe and hal.dll share one set of names (as on Windows since hal.dll is a
 * forwarder). SB_COMPONENT ("io", "ke", ...) is defined by CMake from the folder's name;
 * docs/host.md is generated from this section.
 */
#ifndef SYSBUF_HOST_EXPORT_H
#define SYSBUF_HOST_EXPORT_H

#include <stddef.h>

#include "host/data_exports.h"

struct export_entry {
    const char *module; /* lower case; "ntoskrnl.exe" stands for hal.dll too */
    const char *name;
    const char *component;
    const void *address; /* NULL for data */
    size_t data_offset;  /* in the machine's struct data_exports */
};

#define SB_EXPORT_JOIN(a, b)     a##b
#define SB_EXPORT_UNIQUE(number) SB_EXPORT_JOIN(sb_export_, number)
#define SB_EXPORT_ENTRY(module, name, address, offset)                                          \
    static const struct export_entry SB_EXPORT_UNIQUE(__COUNTER__)                              \
        __attribute__((used, section("sb_exports"), aligned(8))) = {module, name, SB_COMPONENT, \
                                                                    address, offset};

/* A few DDK prototypes name no convention, so natively they mean Linux's: the redeclaration makes
 * exporting one an error. Define such a routine as nt_Name and use SB_EXPORT_AS. */
#define SB_EXPORT_CHECK(function) extern __typeof__(function) function __attribute__((ms_abi));
#define SB_EXPORT(function)   \
    SB_EXPORT_CHECK(function) \
    SB_EXPORT_ENTRY("ntoskrnl.exe", #function, function, 0)
#define SB_EXPORT_AS(name, function) \
    SB_EXPORT_CHECK(function)        \
    SB_EXPORT_ENTRY("ntoskrnl.exe", name, function, 0)
#define SB_EXPORT_FROM(module, function) \
    SB_EXPORT_CHECK(function)            \
    SB_EXPORT_ENTRY(module, #function, function, 0)
#define SB_EXPORT_DATA(name, field) \
    SB_EXPORT_ENTRY("ntoskrnl.exe", name, NULL, offsetof(struct data_exports, field))

extern const struct export_entry __start_sb_exports[] __attribute__((visibility("hidden")));
extern const struct export_entry __stop_sb_exports[] __attribute__((visibility("hidden")));

#endif
