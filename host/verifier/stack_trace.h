/*
 * Driver call stacks, kept once each: who allocated, who freed, which site. A stack is a walk over
 * driver and host frames, which is slow, so the last ones are remembered with the places where
 * their return addresses lie; while those are unchanged the stack is the same.
 */
#ifndef SYSBUF_HOST_VERIFIER_STACK_TRACE_H
#define SYSBUF_HOST_VERIFIER_STACK_TRACE_H

#include "host/verifier/state.h"

enum { TRACE_FRAMES = 16 };

struct verifier_trace {
    struct verifier_trace *next;   /* of the same hash */
    uint64_t id;                   /* of module names and offsets: the same in every run */
    char module[64];               /* of the innermost frame, which may be unloaded by now */
    uint64_t offset;               /* in module */
    ULONG count;                   /* of frames */
    uint64_t frames[TRACE_FRAMES]; /* driver return addresses, innermost first */
};

/* The stack of the current thread from the driver's return address caller on. Lives as long as the
 * machine. NULL when caller is not in a driver or memory is short. Any IRQL; takes no lock that is
 * held while a driver runs. */
const struct verifier_trace *verifier_trace(const void *caller);

/* Where on the current thread's stack, above address, the variables of its function end: the next
 * return address, or the registers that are kept right below it. As seen from the driver's return
 * address caller; 0 when that is not known. */
uint64_t verifier_variables_end(const void *caller, uint64_t address);

/* Writes the frames to text, a line each: the innermost `most` of them. */
SIZE_T verifier_trace_describe(const struct verifier_trace *trace, ULONG most, char *text,
                               SIZE_T size);

void verifier_traces_destroy(struct verifier_traces *traces);

#endif
