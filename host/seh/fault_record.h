/* What a hardware fault is in NT's terms. */
#ifndef SYSBUF_HOST_SEH_FAULT_RECORD_H
#define SYSBUF_HOST_SEH_FAULT_RECORD_H

#include "host/seh/context.h"

enum fault_outcome {
    FAULT_EXCEPTION, /* record is filled: handlers may take it */
    FAULT_STOP,      /* stop is filled: NT bug checks before any handler is asked */
};

#define KERNEL_SECURITY_CHECK_FAILURE 0x139
#define SYSTEM_SERVICE_EXCEPTION      0x3B

struct fault_stop {
    ULONG code;
    ULONG_PTR parameters[4];
};

/* Classifies a fault at the given IRQL. context: the faulting registers; Rip is moved back onto an
 * int3, as NT reports it. stack_low: the lowest address of the thread's stack. */
enum fault_outcome fault_classify(const struct linux_fault *fault, KIRQL irql, uint64_t stack_low,
                                  CONTEXT *context, EXCEPTION_RECORD *record,
                                  struct fault_stop *stop);

/* TRUE when the fault is the end of the stack whose lowest address is stack_low. */
bool fault_is_stack_overflow(const struct linux_fault *fault, uint64_t stack_low);

/* STATUS_INTEGER_DIVIDE_BY_ZERO or STATUS_INTEGER_OVERFLOW for the div or idiv at context->Rip:
 * the processor raises the same fault for both. */
NTSTATUS fault_division_status(const CONTEXT *context);

/* STATUS_PRIVILEGED_INSTRUCTION for an instruction only a kernel may execute, else
 * STATUS_ACCESS_VIOLATION; both raise a general protection fault. */
NTSTATUS fault_protection_status(const CONTEXT *context);

#endif
