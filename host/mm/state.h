/* Mm's own state: regions and pool. Known to host/mm alone. */
#ifndef SYSBUF_HOST_MM_STATE_H
#define SYSBUF_HOST_MM_STATE_H

#include "host/mm/mm.h"

enum {
    POOL_GRANULE = 16,
    POOL_LARGEST_SMALL = 2048, /* larger requests get whole pages */
    POOL_CLASSES = POOL_LARGEST_SMALL / POOL_GRANULE,
    POOL_CHUNK = 64 * 1024,
};

struct pool_class {
    struct linux_lock lock;
    struct pool_free_block *free;
};

struct mm_state {
    struct linux_lock lock; /* regions, mapped_bytes */
    LIST_ENTRY regions;
    SIZE_T mapped_bytes;
    struct pool_class classes[POOL_CLASSES + 1];
    LONG64 pool_blocks, pool_bytes; /* live; atomic */
};

#endif
