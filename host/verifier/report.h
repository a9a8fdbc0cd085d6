/*
 * Findings: what the rules report. A finding is kept once for each rule and place; the machine
 * goes on unless it was told to stop at the first (Windows' verifier always stops).
 */
#ifndef SYSBUF_HOST_VERIFIER_REPORT_H
#define SYSBUF_HOST_VERIFIER_REPORT_H

#include "host/machine.h"
#include "host/verifier/rules.h"

enum { VERIFIER_FRAMES = 48, VERIFIER_MESSAGE_SIZE = 512 };

struct verifier_trace;

struct verifier_finding {
    struct verifier_finding *next;
    enum verifier_rule rule;
    ULONG_PTR parameters[4]; /* of the bug check; the first is the rule's own */
    uint64_t address;        /* in the driver; 0 when no driver is to be seen */
    BOOLEAN is_exact;        /* address is the instruction itself, not a return address */
    uint64_t request;        /* sb_machine_mark_request at that time */
    ULONG count;             /* how often */
    ULONG subject;           /* as the place has it */
    ULONG frame_count;
    uint64_t frames[VERIFIER_FRAMES]; /* innermost first; frames[0] belongs to address */
    char module[64];
    uint64_t offset; /* of address in module */
    char message[VERIFIER_MESSAGE_SIZE];
    SIZE_T description_length;
    char *description; /* the call stack in words, made at once: the driver may be gone later */
    char function[128], source_file[256];
    int line;
};

struct verifier_findings {
    struct linux_lock lock;
    struct verifier_finding *first, **last;
    ULONG count;
    uint64_t request;
};

/* Where it happened: an instruction or return address in a driver, or NULL for the innermost driver
 * frame of the current thread; context (may be NULL) is where the stack walk starts. */
struct verifier_place {
    const void *caller;
    const CONTEXT *context;
    BOOLEAN is_exact;                   /* context is an interrupted instruction (a fault) */
    const struct verifier_trace *trace; /* where it happened, in place of all this: a leak */
    const char *notes;                  /* lines that follow the call stack; NULL: none */
    ULONG subject; /* tells findings of one place apart: a reply's control code, say */
};

/* Records a finding of the current thread; format is the host's printf and says what, in a
 * sentence without a line feed. parameters: the bug check's parameters 2 to 4, or NULL for zeros.
 * Any IRQL; holds no host lock when called. Returns, unless the machine was told to stop at
 * findings. */
void __attribute__((ms_abi)) verifier_report(enum verifier_rule rule, const void *caller,
                                             const ULONG_PTR *parameters, const char *format, ...);
/* The same with all that can be said about the place. */
void __attribute__((ms_abi))
verifier_report_at(enum verifier_rule rule, const struct verifier_place *place,
                   const ULONG_PTR *parameters, const char *format, ...);

/* The driver return addresses of the current thread, innermost first (host frames left out); for
 * sites and owners. Returns how many. */
ULONG verifier_stack(uint64_t *frames, ULONG capacity);

/* The innermost driver address of a context, exact or not; 0 when no driver is on the stack. */
uint64_t verifier_first_frame(const CONTEXT *context, BOOLEAN is_exact);

/* Whether the address lies on the current thread's stack. */
BOOLEAN verifier_is_on_stack(uint64_t address);

void verifier_findings_initialize(struct verifier_findings *findings);
void verifier_findings_destroy(struct verifier_findings *findings);

#endif
