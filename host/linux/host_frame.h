/*
 * Unwinding through the host's own (ELF) functions, which lie between driver functions when a
 * driver called an export that called another driver, or raised an exception. Plain C types: for NT
 * files too.
 */
#ifndef SYSBUF_HOST_LINUX_HOST_FRAME_H
#define SYSBUF_HOST_LINUX_HOST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct linux_registers;

enum linux_frame_result {
    LINUX_FRAME_CALLER,     /* registers are the caller's now */
    LINUX_FRAME_OUTERMOST,  /* there is no caller: where a thread starts */
    LINUX_FRAME_NO_CFI,     /* rip lies in an ELF object without call frame information for it */
    LINUX_FRAME_NO_OBJECT,  /* rip lies in no ELF object at all */
    LINUX_FRAME_UNREADABLE, /* a saved register could not be read: a corrupt stack */
};

/* Brings registers (general ones, rip, and all xmm) from a function to its caller by the DWARF call
 * frame information of its ELF file. exact_rip: rip is that of an instruction that faulted or was
 * interrupted, not a return address. stack_low, stack_high: a range known to be readable. Registers
 * are untouched unless the result is LINUX_FRAME_CALLER.
 * Any thread; may block on a lock and read files on the first use of a function. */
enum linux_frame_result linux_frame_unwind(struct linux_registers *registers, bool exact_rip,
                                           uint64_t stack_low, uint64_t stack_high);

/* Writes "module+0xoffset" or "module!function+0xoffset" for a host address; false (and nothing
 * written) when no ELF object contains it. */
bool linux_frame_describe(uint64_t address, char *text, size_t capacity);

#endif
