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
    MM_REGION_PAGES,  /* pages of an MDL or a section: no address a driver may use */
    MM_REGION_ALIAS,  /* second mappings in kernel space */
    MM_REGION_CONTIGUOUS,
    MM_REGION_NONCACHED,
    MM_REGION_RESERVED,   /* MmAllocateMappingAddress */
    MM_REGION_USER,       /* an application's private memory */
    MM_REGION_USER_ALIAS, /* an MDL's pages in an application's space */
    MM_REGION_VIEW,       /* a section's view in an application's space */
    MM_REGION_SYSTEM_VIEW,
};

/* Addresses of whole pages that a machine owns. */
struct mm_region {
    uint8_t *base;
    SIZE_T size;
    enum mm_region_kind kind;
    SIZE_T charged;   /* bytes it counts in mapped_bytes */
    LONG64 pins;      /* its pages that MDLs hold locked; mm lock */
    BOOLEAN is_freed; /* only waits for the last pin */
    BOOLEAN is_lent;  /* the pages outlive the machine: Mm does not give them back */
    ULONG tag;        /* pool blocks of whole pages: tag, requested size and pool type */
    SIZE_T requested;
    ULONG pool_type;
    void *owner;   /* user kinds: the process */
    void *section; /* views: referenced section object */
    SIZE_T section_offset;
    ULONG secures; /* MmSecureVirtualMemory */
    BOOLEAN
    is_read_locked;   /* aliases: of pages locked for reading; the verifier waits for writes */
    ULONG protection; /* user kinds: PAGE_* it was made with */
    ULONG *pages;     /* user kinds: PAGE_* of each page, 0 not committed; NULL: all as above */
};

/* Whole zeroed pages, readable and writable, with a guard page on both sides. size is rounded up.
 * NULL when memory or address space is short. Free with mm_pages_free. Any IRQL. */
void *mm_pages_allocate(struct machine *machine, enum linux_arena arena, SIZE_T size,
                        enum mm_region_kind kind);
/* Frees the region that begins at base. Pages that an MDL holds locked keep their contents, and
 * their addresses stay taken, until they are unlocked; nobody can reach them by address. */
void mm_pages_free(struct machine *machine, void *base);
/* Enters a mapping made elsewhere (fixed address, alias) as the machine's; charge is what it adds
 * to the memory in use. NULL: out of memory. */
struct mm_region *mm_region_add(struct machine *machine, void *base, SIZE_T size, SIZE_T charge,
                                enum mm_region_kind kind);
/* The region that holds address, or NULL. The result lives until the region is freed. */
struct mm_region *mm_region_find(struct machine *machine, const void *address);
/* The first live region of the process, or NULL. */
struct mm_region *mm_region_of_process(struct machine *machine, const void *process);
/* The first live view of the section at an address above after, or NULL. */
struct mm_region *mm_region_of_section(struct machine *machine, const void *section,
                                       const void *after);
/* Reserves memory in the machine's limit; FALSE when it would be exceeded. */
BOOLEAN mm_charge(struct machine *machine, SIZE_T size);
void mm_uncharge(struct machine *machine, SIZE_T size);

/* ---- physical pages ---- */
/* The page frame number of the page at address, mapped by anyone; 0 when nothing is there. Arena
 * pages have their frame; other memory of this Linux process (thread stacks, images without
 * relocations) a number that stands for its address. */
PFN_NUMBER mm_frame_of(const void *address);
/* TRUE for a frame that stands for an address outside the arenas; *address is that. */
BOOLEAN mm_frame_is_direct(PFN_NUMBER frame, void **address);
/* Holds the pages of frames against being freed; FALSE (none held) when one is not this machine's.
 */
BOOLEAN mm_frames_pin(struct machine *machine, const PFN_NUMBER *frames, SIZE_T count);
/* FALSE when one of them was not held. */
BOOLEAN mm_frames_unpin(struct machine *machine, const PFN_NUMBER *frames, SIZE_T count);
/* TRUE when the page at address can be read (and written). Never faults. */
BOOLEAN mm_page_allows(const void *address, BOOLEAN write);

/* Pool, as ExAllocatePoolWithTag without the verifier and without raising; tag is not checked. */
void *mm_pool_allocate(struct machine *machine, ULONG pool_type, SIZE_T size, ULONG tag);
/* A zeroed block. */
void *mm_pool_allocate_zero(struct machine *machine, SIZE_T size, ULONG tag);
/* The same for a request's system buffer: a nonpaged block like any other, but pages that such a
 * buffer had are used for the next one of as many pages, which need not be mapped and cleared anew.
 * Freeing: FALSE as mm_pool_free. */
void *mm_buffer_allocate(struct machine *machine, SIZE_T size, ULONG tag);
BOOLEAN mm_buffer_free(struct machine *machine, void *block);
/* How a block cannot be freed. */
enum mm_free { MM_FREED, MM_FREE_NOT_A_BLOCK, MM_FREE_TWICE, MM_FREE_WRONG_TAG };
/* Frees a block; tag 0 matches any. *actual is its tag when that differs. */
enum mm_free mm_pool_free_tagged(struct machine *machine, void *block, ULONG tag, ULONG *actual);
/* FALSE when block is not an allocated pool block of this machine. */
BOOLEAN mm_pool_free(struct machine *machine, void *block);
/* Requested size and tag of a live block; FALSE when it is none. */
BOOLEAN mm_pool_query(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag);
/* Counts blocks of the special pool, which mm_pool_count knows as others. */
void mm_pool_count_more(struct machine *machine, LONG64 blocks, LONG64 bytes);
/* TRUE when a small block that was freed lies there, as far as the pool still knows. */
BOOLEAN mm_pool_was_block(const void *block);
/* Live pool blocks and bytes, for leak checks. */
void mm_pool_count(struct machine *machine, SIZE_T *blocks, SIZE_T *bytes);
struct pool_cache;
/* A thread is going: its cached blocks and counts become everybody's. */
void mm_pool_cache_drop(struct machine *machine, struct pool_cache *cache);

/* A process is gone: its memory and views go too, PASSIVE_LEVEL. */
void mm_process_exit(struct _EPROCESS *process);

static inline BOOLEAN mm_is_user_address(const void *address)
{
    return (uint64_t)address < LINUX_USER_END;
}

#endif
