/*
 * Special pool: each block on pages of its own, between pages that nobody may touch, so that what
 * goes beyond it faults at once; a freed block's pages stay without access until many others were
 * freed after it.
 *
 * Addresses come from slabs, aligned to SPECIAL_GRANULE and found by a table, so that a fault finds
 * its block without a lock. Slots are used again for blocks of as many pages. A slot's record is
 * host memory, out of drivers' reach.
 */
#ifndef SYSBUF_HOST_VERIFIER_SPECIAL_POOL_H
#define SYSBUF_HOST_VERIFIER_SPECIAL_POOL_H

#include "host/verifier/state.h"

struct verifier_trace;

enum special_state { SPECIAL_UNUSED, SPECIAL_LIVE, SPECIAL_FREED };

/* Whose memory it is, for the words of a finding and for leaks. */
enum special_owner {
    SPECIAL_DRIVER,        /* allocated by the driver */
    SPECIAL_IRP,           /* an IRP */
    SPECIAL_SYSTEM_BUFFER, /* a request's system buffer */
};

struct special_slab;

struct special_block {
    uint32_t state; /* enum special_state; atomic */
    enum special_owner owner;
    uint8_t *slot;  /* the block's own pages */
    uint8_t *start; /* of the block, somewhere in the slot */
    SIZE_T size;    /* as requested */
    ULONG tag, pool_type;
    BOOLEAN is_damaged; /* a finding told of an overrun: the check at its end need not */
    BOOLEAN is_backed;  /* there is memory behind its pages, if only without access */
    BOOLEAN is_open;    /* opened ahead: its pages have access before it lives */
    BOOLEAN is_guarded; /* the page behind it keeps everybody out, whatever its protection */
    const struct verifier_trace *allocated, *freed;
    struct special_resident *residents; /* objects of the kernel that the driver keeps in it */
    struct special_slab *slab;
    struct special_block *next; /* in a queue of free slots */
};

struct special_request {
    SIZE_T size;
    ULONG tag, pool_type;
    enum special_owner owner;
    const struct verifier_trace *trace;
    BOOLEAN is_paired; /* there is to be room for a block beside it */
};

/* A block filled with the machine's fill byte; NULL when there is no room for one more. */
void *special_allocate(struct machine *machine, const struct special_request *request);
/* The same for the system buffer of an IRP that is special pool, where there is room beside it. */
void *special_allocate_beside(struct machine *machine, const void *irp,
                              const struct special_request *request);
/* Takes a live block's pages away. FALSE when it is not live any more. */
BOOLEAN special_free(struct machine *machine, struct special_block *block,
                     const struct verifier_trace *trace);
/* The slot whose pages, or whose guard page behind, hold address; in any state. NULL when address
 * is none of the special pool's. No lock, never faults. */
struct special_block *special_find(struct machine *machine, uint64_t address);
/* The block that an access to address was most likely meant for: of two blocks around a guard page
 * the nearer one. NULL when there never was one. */
struct special_block *special_find_meant(struct machine *machine, uint64_t address);

/* What was written around a live block: the offset of the first changed byte from its start, and
 * the value that is there. FALSE when nothing was. */
BOOLEAN special_is_damaged(const struct special_block *block, int64_t *offset, uint8_t *value);

/* Calls tell for each live block. Blocks may come and go meanwhile. */
void special_enumerate(struct machine *machine,
                       void (*tell)(struct special_block *block, void *context), void *context);

void special_destroy(struct verifier_pool *pool);

#endif
