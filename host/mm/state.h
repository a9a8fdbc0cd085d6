/* Mm's own state: regions and pool. Known to host/mm alone. */
#ifndef SYSBUF_HOST_MM_STATE_H
#define SYSBUF_HOST_MM_STATE_H

#include "host/mm/mm.h"

/* Blocks of a chunk share its protection and their alignment. */
enum pool_kind {
    POOL_DATA,
    POOL_EXECUTABLE = 1,
    POOL_CACHE_ALIGNED = 2, /* or-ed */
    POOL_KINDS = 4,
};

enum {
    POOL_CACHE_LINE = 64,
    POOL_GRANULE = 16,
    POOL_LARGEST_SMALL = 4096 - POOL_GRANULE, /* larger requests get whole pages */
    POOL_LARGEST_ALIGNED = 4096 - POOL_CACHE_LINE,
    POOL_CLASSES = POOL_LARGEST_SMALL / POOL_GRANULE,
    POOL_CHUNK = 64 * 1024,
};

struct pool_class {
    struct linux_lock lock;
    struct pool_free_block *free;
    uint8_t *unused, *unused_end; /* the last chunk's pages that nobody needed yet */
    LONG64 blocks, bytes;         /* live; changed under the lock, read without */
};

/* Large system buffers of requests that have ended, oldest first: buffer.c. */
struct kept_buffers {
    struct linux_lock lock;
    struct mm_region *regions[4];
    ULONG count;
    SIZE_T bytes;
};

struct mm_state {
    struct linux_lock lock;     /* regions */
    struct mm_region **regions; /* by base address */
    SIZE_T region_count, region_capacity;
    SIZE_T mapped_bytes; /* atomic */
    struct pool_class classes[POOL_KINDS][POOL_CLASSES + 1];
    LONG64 large_blocks, large_bytes; /* live whole-page pool blocks; atomic */
    struct kept_buffers kept;
};

/* The region of a live large block, NULL when block is none. */
struct mm_region *mm_pool_large(struct machine *machine, const void *block);
/* Its pages become a live block, or stop being one. */
void mm_pool_large_begin(struct machine *machine, struct mm_region *region, ULONG pool_type,
                         SIZE_T size, ULONG tag);
void mm_pool_large_end(struct machine *machine, struct mm_region *region);

#endif
