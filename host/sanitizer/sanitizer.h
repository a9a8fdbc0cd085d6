/*
 * The run-time library of drivers that were built with the compiler's address and
 * undefined-behaviour sanitizers: what Windows' kernel is to drivers built with
 * /fsanitize=kernel-address. The instrumented code imports it from sysbuf-sanitizer.sys, a module
 * that only the host has (cmake/sanitizer/sanitizer.def names the routines).
 *
 * The compiler's part is documented with clang: each access calls __asan_loadN or __asan_storeN, a
 * function's frame gets its redzones' shadow by inline code, global variables are told of by
 * records in the section .ASAN$GL.
 */
#ifndef SYSBUF_HOST_SANITIZER_H
#define SYSBUF_HOST_SANITIZER_H

#include "host/linux/shadow.h"
#include "host/machine.h"

#define SANITIZER_MODULE "sysbuf-sanitizer.sys"
#define SANITIZER_EXPORT(name, function) \
    SB_EXPORT_CHECK(function)            \
    SB_EXPORT_ENTRY(SANITIZER_MODULE, name, function, 0)
/* Not under their own names: the host may be built with the sanitizers itself. */
#define ASAN_EXPORT(name)  SANITIZER_EXPORT("__asan_" #name, asan_##name)
#define UBSAN_EXPORT(name) SANITIZER_EXPORT("__ubsan_handle_" #name, ubsan_##name)

enum { SANITIZER_TEXT = 320 };

struct sanitizer_source {
    const char *file;
    int32_t line, column;
};

/* A global variable, as the compiler describes it. */
struct sanitizer_global {
    uint64_t address, size, size_with_redzone;
    const char *name, *module;
    uint64_t has_initializer;
    const struct sanitizer_source *source; /* may be NULL */
    uint64_t odr_indicator;
};

/* What an instrumented image tells of itself when it starts (cmake/sanitizer/start.c). */
struct sanitizer_image {
    uint64_t version;                                     /* SANITIZER_VERSION */
    uint64_t *shadow;                                     /* receives the shadow of address 0 */
    const struct sanitizer_global *globals, *globals_end; /* with zeros between files */
};
enum { SANITIZER_VERSION = 1 };

/* An access that the shadow forbids: reports it and stops the machine. */
_Noreturn void sanitizer_report(uint64_t bad, uint64_t address, uint64_t size, BOOLEAN is_write,
                                const void *caller);
/* Says in words where a byte is that may not be used: "offset 8 of the local variable 'x' of 8
 * bytes (line 12)". notes receives lines about its history (POOL_NOTES_SIZE), or is left empty. */
void sanitizer_describe(uint64_t bad, char text[SANITIZER_TEXT], char *notes);
/* The record of the global variable whose redzone holds address, or NULL. */
const struct sanitizer_global *sanitizer_find_global(uint64_t address);

/* Reports when the range holds a byte that may not be used. */
static inline void sanitizer_check(const void *address, uint64_t size, BOOLEAN is_write,
                                   const void *caller)
{
    uint64_t bad = linux_shadow_find((uint64_t)address, size);
    if (SB_UNLIKELY(bad))
        sanitizer_report(bad, (uint64_t)address, size, is_write, caller);
}

#endif
