/* The special pool's address space: slabs of slots. Known to special_pool.c and
 * pool_residents.c alone. */
#ifndef SYSBUF_HOST_VERIFIER_SPECIAL_SLAB_H
#define SYSBUF_HOST_VERIFIER_SPECIAL_SLAB_H

#include "host/verifier/special_pool.h"

#define SPECIAL_GRANULE 0x100000ull

enum {
    SPECIAL_CLASSES = 8,        /* slots of 1 to 8 pages; larger blocks have a slab of their own */
    SPECIAL_MOST_SLOTS = 10000, /* of small classes: each takes two of Linux's mappings */
    SPECIAL_GRANULES = (LINUX_KERNEL_END - LINUX_KERNEL_BASE) / SPECIAL_GRANULE,
};

struct special_slab {
    uint8_t *base;
    SIZE_T size;
    ULONG slot_pages;
    ULONG slot_count;
    ULONG used; /* slots that were handed out once */
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
    struct special_queue free[SPECIAL_CLASSES + 1];    /* by pages; [0]: large ones */
    SIZE_T large_bytes;                                /* in free[0] */
    ULONG slot_count;                                  /* of small classes, ever used */
    struct special_slab *table[SPECIAL_GRANULES];      /* by address; atomic */
};

/* The machine's, made when first asked for; NULL when memory is short. */
struct verifier_pool *special_state(struct machine *machine);
/* A new slab with slots of that many pages: many small ones or a large one. Pool lock held. */
struct special_slab *special_slab_create(struct machine *machine, struct verifier_pool *pool,
                                         SIZE_T slot_pages);
/* Gives a slab's memory and addresses back. Pool lock held. */
void special_slab_destroy(struct machine *machine, struct verifier_pool *pool,
                          struct special_slab *slab);
uint8_t *special_slot(const struct special_block *block);

#endif
