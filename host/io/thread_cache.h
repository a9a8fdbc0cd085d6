/*
 * Small IRPs and system buffers are made and freed with every request. NT keeps lookaside lists of
 * them per processor; here each thread keeps one of each, which costs no lock. With a verifier
 * nothing is kept, so that what was freed stays freed.
 */
#ifndef SYSBUF_HOST_IO_THREAD_CACHE_H
#define SYSBUF_HOST_IO_THREAD_CACHE_H

#include "host/io/io.h"

/* What is kept: blocks of exactly this size and tag. */
struct io_cached_kind {
    SIZE_T size; /* bytes */
    ULONG tag;
};

/* A block of at least size bytes for the current thread, from its slot or from pool; NULL if there is
 * none. Not zeroed. IRQL <= DISPATCH_LEVEL. */
void *io_cached_allocate(const struct io_cached_kind *kind, void **slot, SIZE_T size);

/* Frees a pool block, into the current thread's slot if it suits. IRQL <= DISPATCH_LEVEL. */
void io_cached_free(const struct io_cached_kind *kind, void **slot, void *block);

/* Gives back what a thread that has ended kept. */
void io_thread_cache_free(PETHREAD thread);

#endif
