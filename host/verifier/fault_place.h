/* A fault as the rules see it. */
#ifndef SYSBUF_HOST_VERIFIER_FAULT_PLACE_H
#define SYSBUF_HOST_VERIFIER_FAULT_PLACE_H

#include "host/seh/fault_record.h"
#include "host/verifier/report.h"

enum { NULL_PAGES_END = 0x10000 }; /* nothing is ever mapped below */

struct fault_place {
    const struct linux_fault *fault;
    const CONTEXT *context;
    uint64_t address;   /* what was accessed */
    BOOLEAN is_known;   /* address is: a general protection fault does not tell it */
    BOOLEAN in_driver;  /* the instruction itself is a driver's */
    const char *access; /* "read", "written" or "executed" */
};

/* Records a finding at the faulting instruction, or the driver's call that led there. */
void __attribute__((ms_abi)) fault_report(const struct fault_place *place, enum verifier_rule rule,
                                          const char *notes, const char *format, ...);

/* fault_operand.c */
enum fault_branch { FAULT_NO_BRANCH, FAULT_CALL, FAULT_RETURN };
/* The address that the instruction at context->Rip accesses, where it is not canonical; FALSE when
 * it is, or the instruction is not known. A branch's target counts as accessed. */
BOOLEAN fault_find_operand(const CONTEXT *context, uint64_t *address, enum fault_branch *branch);
/* The first byte of the memory that the instruction names by a ModRM byte. FALSE: it names none. */
BOOLEAN fault_find_memory(const CONTEXT *context, uint64_t *address);
static inline BOOLEAN fault_is_canonical(uint64_t address)
{
    return (int64_t)(address << 16) >> 16 == (int64_t)address;
}

/* fault_call.c: a jump to address, which is no code. Reports. */
void fault_check_branch(const struct fault_place *place, enum fault_branch branch);

/* Whether a return led to address, where no instruction ran. */
BOOLEAN fault_was_returned_to(const CONTEXT *context, uint64_t address);

/* The context of whoever jumped to context->Rip, where no instruction ran: as after a return. */
CONTEXT fault_caller(const CONTEXT *context);

/* fault_request.c */
/* Where address, or one near it, stands in the requests that the current thread has sent: the
 * offset in the input; -1 when nowhere. */
LONG64 fault_find_in_requests(uint64_t address);
/* TRUE when address belongs to a buffer that the current thread's requests name. */
BOOLEAN fault_is_request_buffer(uint64_t address);

#endif
