/*
 * One free block of each small size that a thread keeps for itself, as NT's lookaside lists do for
 * each processor: an IRP and its buffer come and go without a lock. The counts are what the thread
 * allocated less what it freed; only the thread writes them.
 */
#ifndef SYSBUF_HOST_POOL_CACHE_H
#define SYSBUF_HOST_POOL_CACHE_H

#include <stdint.h>

enum { POOL_CACHED_CLASSES = 32 }; /* up to 512 bytes */

struct pool_cache {
    void *blocks[POOL_CACHED_CLASSES + 1]; /* by size class; NULL: none */
    int64_t live_blocks, live_bytes;       /* relaxed atomics: mm_pool_count reads them */
};

#endif
