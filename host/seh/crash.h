/* The description of a crash: what failed where, the registers and the stack. */
#ifndef SYSBUF_HOST_SEH_CRASH_H
#define SYSBUF_HOST_SEH_CRASH_H

#include "host/machine.h"

/* Writes to the machine's log: the instruction at which the machine stops by module, offset,
 * function and source line as far as they are known, the registers, and the stack from there
 * outwards. registers: of the fault or exception; NULL: the stack is that of the calling thread,
 * and no registers are shown. For KeBugCheckEx, on the thread that stops the machine. */
void crash_describe(struct machine *machine, const struct linux_registers *registers);

/* Writes "name.sys+0x1234 function+0x10 (file.c:12)" for an address in a driver, function and line
 * as far as the driver's file tells them, or "module!function+0x10" for one in the host; always
 * terminated. is_return_address: the line is that of the call in front of address. */
void crash_describe_address(struct machine *machine, uint64_t address, bool is_return_address,
                            char *text, SIZE_T capacity);

#endif
