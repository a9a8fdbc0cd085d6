/*
 * What a fault or a raise inside the machine becomes. The signal handler emulates what it can
 * (fault_examine) and sends the rest here, on the faulting thread's own stack.
 */
#ifndef SYSBUF_HOST_EXCEPTION_H
#define SYSBUF_HOST_EXCEPTION_H

#include "host/machine.h"

/* Decodes and does what a kernel may but a process may not: mov to and from cr8. Runs in the signal
 * handler: changes fault->registers only. TRUE when the instruction is done. */
BOOLEAN fault_emulate(struct linux_fault *fault);

/* The same for what cannot be done in a signal handler: reads of KUSER_SHARED_DATA at its fixed
 * address, and mov to cr8 that lets waiting DPCs run. On the faulting thread's stack; changes
 * context. TRUE when the instruction is done. */
BOOLEAN fault_emulate_on_thread(const struct linux_fault *fault, CONTEXT *context);

/* A hardware fault that was not emulated, in driver code or in host code called by it. Finds the
 * handler, or stops the machine (KMODE_EXCEPTION_NOT_HANDLED...). Never returns. */
_Noreturn void exception_dispatch(struct linux_fault *fault);

#endif
