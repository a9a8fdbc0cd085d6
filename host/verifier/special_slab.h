/* The special pool's address space: slabs of slots. Known to special_pool.c and
 * its neighbours paged.c and pool_residents.c. */
#ifndef SYSBUF_HOST_VERIFIER_SPECIAL_SLAB_H
#define SYSBUF_HOST_VERIFIER_SPECIAL_SLAB_H

#include "host/verifier/special_pool.h"

#define SPECIAL_GRANULE 0x100000ull

enum {
    /* An IRP and its system buffer live and die together: they share a slot of two pages, so that
     * one change of protection does for both. */
    SPECIAL_PAIRS = 0,
    SPECIAL_CLASSES = 8,        /* slots of 1 to 8 pages; larger blocks have a slab of their own */
    SPECIAL_MOST_SLOTS = 10000, /* of small classes: each takes two of Linux's mappings */
    SPECIAL_GRANULES = (LINUX_KERNEL_END - LINUX_KERNEL_BASE) / SPECIAL_GRANULE,
};

struct special_slab {
    uint8_t *base;
    SIZE_T size;
    ULONG slot_pages; /* SPECIAL_PAIRS: two, each a block of its own */
    ULONG block_count;
    ULONG used; /* blocks that were handed out once */
    struct special_slab *next;
    struct special_block blocks[];
};

/* Freed slots, the oldest first. */
struct special_queue {
    struct special_block *first, **last;
    ULONG count;
};

struct verifier_pool {
    struct linux_lock lock;
    struct special_slab *slabs;
    struct special_slab *filling[SPECIAL_CLASSES + 1]; /* by pages: has slots never used */
    struct special_queue free[SPECIAL_CLASSES + 1];    /* by pages; of a pair the first block */
    struct special_queue large;
    SIZE_T large_bytes;                           /* in large */
    ULONG slot_count;                             /* of small classes, ever used */
    struct special_slab *table[SPECIAL_GRANULES]; /* by address; atomic */
};

/* The machine's, made when first asked for; NULL when memory is short. */
struct verifier_pool *special_state(struct machine *machine);
/* A new slab with slots of that many pages: many small ones or a large one. Pool lock held. */
struct special_slab *special_slab_create(struct machine *machine, struct verifier_pool *pool,
                                         SIZE_T slot_pages);
/* special_ahead.c: a freed slot was taken from the front of the queue: it is opened, together with
 * those that come next, as far as they lie side by side. Pool lock held. */
void special_open_ahead(struct special_queue *queue, struct special_block *block);
/* The machine is gone: the slab waits, without access, for the next one that asks for slots of as
 * many pages, unless enough do. */
void special_slab_keep(struct special_slab *slab);
/* Gives a slab's memory and addresses back. Pool lock held. */
void special_slab_destroy(struct machine *machine, struct verifier_pool *pool,
                          struct special_slab *slab);
static inline BOOLEAN special_is_paired(const struct special_block *block)
{
    return block->slab->slot_pages == SPECIAL_PAIRS;
}
/* The first block of a pair is the IRP's, the second its buffer's. */
static inline BOOLEAN special_is_second(const struct special_block *block)
{
    return special_is_paired(block) && ((block - block->slab->blocks) & 1);
}
static inline SIZE_T special_slot_size(const struct special_block *block)
{
    return (special_is_paired(block) ? 1 : block->slab->slot_pages) * LINUX_PAGE_SIZE;
}

/* A pair is opened and closed as a whole, by its first block. */
static inline SIZE_T special_opened_size(const struct special_block *block)
{
    return special_is_paired(block) ? 2 * LINUX_PAGE_SIZE : special_slot_size(block);
}

#endif
