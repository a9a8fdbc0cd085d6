/*
 * Requests of applications while they are with drivers: what the caller gave, and what the rules of
 * user memory note about it. A request is held by its IRP until that is finished, and by the thread
 * that sent it until the driver has answered.
 */
#ifndef SYSBUF_HOST_VERIFIER_EXCHANGE_H
#define SYSBUF_HOST_VERIFIER_EXCHANGE_H

#include "host/io/io.h"
#include "host/verifier/memory.h"

enum { REQUEST_POINTERS = 16, REQUEST_AREAS = 16, REQUEST_GUARD_CACHE = 16, REQUEST_LOOPS = 16 };

/* Where a request's data goes. */
enum verifier_method { METHOD_IS_BUFFERED, METHOD_IS_DIRECT, METHOD_IS_NEITHER, METHOD_IS_NONE };

struct verifier_exchange {
    LONG holds;
    struct verifier_exchange *outer; /* of the same thread */
    struct _EPROCESS *process;
    UCHAR major;
    ULONG control_code;
    enum verifier_method method;
    uint8_t *input, *output; /* as the caller gave them */
    ULONG input_length, output_length;
    SIZE_T unwritten_from; /* where the system buffer's fill begins */
    ULONG number;          /* among those of a comparison */
    /* What the caller's memory held already: such values in the reply are no disclosure. */
    BOOLEAN held_fill;
    ULONG pointer_count;
    uint64_t pointers[REQUEST_POINTERS];
    /* User memory: the parts that the caller named, and what was noted about them. */
    ULONG area_count;
    struct verifier_range areas[REQUEST_AREAS];
    struct verifier_ranges probed, probed_empty;
    struct verifier_fetches *fetches;
    BOOLEAN unguarded_is_known, fetched_twice_is_known;
    struct {
        uint64_t rip, rsp;
    } guarded[REQUEST_GUARD_CACHE];
    USHORT loops[REQUEST_LOOPS]; /* watched accesses, by the lowest bits of the instruction */
};

/* An application's IRP is ready; its driver is about to be called on this thread. TRUE when it is
 * noted: verifier_exchange_end must follow. */
BOOLEAN verifier_exchange_begin(PIRP irp, const struct io_request *asked);
/* The driver has answered (and a synchronous request has ended). */
void verifier_exchange_end(void);
/* The IRP is finished: checks the reply. How many bytes of it may go to the caller. */
SIZE_T verifier_exchange_reply(PIRP irp);
/* The current thread's innermost request, or NULL. */
struct verifier_exchange *verifier_exchange_current(void);
void verifier_exchange_release(struct verifier_exchange *request);

#endif
