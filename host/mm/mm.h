/*
 * Memory for the rest of the host. Drivers see only the kernel arena; applications only the user
 * arena; the host's own bookkeeping is in neither (linux_allocate).
 */
#ifndef SYSBUF_HOST_MM_H
#define SYSBUF_HOST_MM_H

#include "host/machine.h"

NTSTATUS mm_initialize(struct machine *machine);
void mm_destroy(struct machine *machine); /* frees every region the machine still has */

enum mm_region_kind {
    MM_REGION_POOL,
    MM_REGION_IMAGE,
    MM_REGION_SYSTEM, /* KPCR pages, data exports, tables */
    MM_REGION_ALIAS,  /* MDL and section mappings */
    MM_REGION_USER,   /* application buffers */
};

/* One mapping of whole pages that a machine owns. */
struct mm_region {
    LIST_ENTRY link; /* mm_state->regions */
    uint8_t *base;
    SIZE_T size;
    enum mm_region_kind kind;
    ULONG tag;  /* pool blocks of whole pages: tag, requested size and pool type */
    SIZE_T requested;
    ULONG pool_type;
    void *owner; /* MM_REGION_USER: the process */
};

/* Whole zeroed pages, readable and writable, with a guard page on both sides. size is rounded up.
 * NULL when memory or address space is short. Free with mm_pages_free. Any IRQL. */
void *mm_pages_allocate(struct machine *machine, enum linux_arena arena, SIZE_T size,
                        enum mm_region_kind kind);
void mm_pages_free(struct machine *machine, void *base);
/* Enters a mapping made elsewhere (fixed address, alias) as the machine's. NULL: out of memory. */
struct mm_region *mm_region_add(struct machine *machine, void *base, SIZE_T size,
                                enum mm_region_kind kind);
/* The region that holds address, or NULL. The result lives until the region is freed. */
struct mm_region *mm_region_find(struct machine *machine, const void *address);

/* Pool, as ExAllocatePoolWithTag without the verifier and without raising; tag is not checked. */
void *mm_pool_allocate(struct machine *machine, ULONG pool_type, SIZE_T size, ULONG tag);
/* A zeroed block. */
void *mm_pool_allocate_zero(struct machine *machine, SIZE_T size, ULONG tag);
/* FALSE when block is not an allocated pool block of this machine. */
BOOLEAN mm_pool_free(struct machine *machine, void *block);
/* Requested size and tag of a live block; FALSE when it is none. */
BOOLEAN mm_pool_query(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag);
/* Live pool blocks and bytes, for leak checks. */
void mm_pool_count(struct machine *machine, SIZE_T *blocks, SIZE_T *bytes);

static inline BOOLEAN mm_is_user_address(const void *address)
{
    return (uint64_t)address < LINUX_USER_END;
}

#endif
