/* Physical pages without an address, contiguous and noncached memory, I/O space. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/mdl.h"

enum { MDL_TAG = 0x206C644D };

static PFN_NUMBER frame_limit(PHYSICAL_ADDRESS address)
{
    return (PFN_NUMBER)((ULONGLONG)address.QuadPart / PAGE_SIZE);
}

/* Frames of the range [low, high] bytes; high 0 in old code never means "no limit". */
static BOOLEAN is_within(const void *base, SIZE_T size, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high)
{
    PFN_NUMBER first = mm_frame_of(base), last = first + size / PAGE_SIZE - 1;
    return first >= frame_limit(low) && last <= frame_limit(high);
}

static void *allocate_pages(SIZE_T size, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                            enum mm_region_kind kind)
{
    struct machine *machine = current_machine();
    void *base = mm_pages_allocate(machine, LINUX_ARENA_KERNEL, size, kind);
    if (base && !is_within(base, size, low, high)) {
        mm_pages_free(machine, base);
        return NULL;
    }
    return base;
}

/* ---- MmAllocatePagesForMdl ---- */
/* As many of the pages wanted as there are, unless all are required. */
static void *allocate_some(SIZE_T *size, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                           BOOLEAN all_required)
{
    for (SIZE_T wanted = *size; wanted; wanted = ROUND_TO_PAGES(wanted / 2)) {
        void *base = allocate_pages(wanted, low, high, MM_REGION_PAGES);
        if (base || all_required || wanted == PAGE_SIZE) {
            *size = wanted;
            return base;
        }
    }
    return NULL;
}

static PMDL make_mdl(uint8_t *base, SIZE_T size)
{
    PMDL mdl =
        mm_pool_allocate(current_machine(), NonPagedPoolNx, MmSizeOfMdl(NULL, size), MDL_TAG);
    if (!mdl)
        return NULL;
    MmInitializeMdl(mdl, NULL, size);
    for (SIZE_T i = 0; i < size / PAGE_SIZE; i++)
        mm_mdl_frames(mdl)[i] = mm_frame_of(base + i * PAGE_SIZE);
    mdl->Process = NULL;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return mdl;
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                                   PHYSICAL_ADDRESS skip, SIZE_T length, MEMORY_CACHING_TYPE cache,
                                   ULONG flags)
{
    SIZE_T size = ROUND_TO_PAGES(length);
    const SIZE_T longest = 0xFFFFFFFFull - PAGE_SIZE; /* ByteCount is 32 bits wide */
    if (size == 0 || size > longest)
        return NULL;
    void *base = allocate_some(&size, low, high, (flags & MM_ALLOCATE_FULLY_REQUIRED) != 0);
    PMDL mdl = base ? make_mdl(base, size) : NULL;
    if (mdl) /* the pages have no address until they are mapped */
        linux_pages_protect(base, size, LINUX_NO_ACCESS);
    else if (base)
        mm_pages_free(current_machine(), base);
    return mdl;
}
SB_EXPORT(MmAllocatePagesForMdlEx)

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                                 SIZE_T length)
{
    return MmAllocatePagesForMdlEx(low, high, skip, length, MmCached, 0);
}
SB_EXPORT(MmAllocatePagesForMdl)

PMDL NTAPI MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                                       PHYSICAL_ADDRESS skip, SIZE_T length,
                                       MEMORY_CACHING_TYPE cache, ULONG node, ULONG flags)
{
    return node == 0 ? MmAllocatePagesForMdlEx(low, high, skip, length, cache, flags) : NULL;
}
SB_EXPORT(MmAllocateNodePagesForMdlEx)

VOID NTAPI MmFreePagesFromMdl(PMDL mdl)
{
    struct machine *machine = current_machine();
    void *base = linux_frame_page(mm_mdl_frames(mdl)[0]);
    struct mm_region *region = base ? mm_region_find(machine, base) : NULL;
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    if (!region || region->kind != MM_REGION_PAGES || !(mdl->MdlFlags & MDL_PAGES_LOCKED))
        KeBugCheckEx(PFN_LIST_CORRUPT, 7, mm_mdl_frames(mdl)[0], mm_mdl_page_count(mdl), 0);
    mm_pages_free(machine, region->base);
    mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
}
SB_EXPORT(MmFreePagesFromMdl)

NTSTATUS NTAPI MmAreMdlPagesCached(PMDL mdl)
{
    return TRUE; /* all memory here is ordinary */
}
SB_EXPORT(MmAreMdlPagesCached)

/* ---- contiguous memory: an arena's addresses and frames run in step ---- */
static BOOLEAN crosses(const void *base, SIZE_T size, PHYSICAL_ADDRESS boundary)
{
    ULONGLONG first = mm_frame_of(base) * PAGE_SIZE, last = first + size - 1;
    ULONGLONG multiple = (ULONGLONG)boundary.QuadPart;
    return multiple && first / multiple != last / multiple;
}

static void *allocate_contiguous(SIZE_T length, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                                 PHYSICAL_ADDRESS boundary)
{
    struct machine *machine = current_machine();
    SIZE_T size = ROUND_TO_PAGES(length);
    void *rejected[16];
    ULONG tries = 0;
    void *base =
        size >= length && size ? allocate_pages(size, low, high, MM_REGION_CONTIGUOUS) : NULL;
    while (base && crosses(base, size, boundary) && tries < RTL_NUMBER_OF(rejected)) {
        rejected[tries++] = base; /* kept while the next is sought, which then lies elsewhere */
        base = allocate_pages(size, low, high, MM_REGION_CONTIGUOUS);
    }
    if (base && crosses(base, size, boundary)) {
        mm_pages_free(machine, base);
        base = NULL;
    }
    while (tries > 0)
        mm_pages_free(machine, rejected[--tries]);
    return base;
}

static const PHYSICAL_ADDRESS no_address;

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T length, PHYSICAL_ADDRESS highest)
{
    return allocate_contiguous(length, no_address, highest, no_address);
}
SB_EXPORT(MmAllocateContiguousMemory)

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T length, PHYSICAL_ADDRESS lowest,
                                                   PHYSICAL_ADDRESS highest,
                                                   PHYSICAL_ADDRESS boundary,
                                                   MEMORY_CACHING_TYPE cache)
{
    return allocate_contiguous(length, lowest, highest, boundary);
}
SB_EXPORT(MmAllocateContiguousMemorySpecifyCache)

PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T length, PHYSICAL_ADDRESS lowest,
                                                       PHYSICAL_ADDRESS highest,
                                                       PHYSICAL_ADDRESS boundary,
                                                       MEMORY_CACHING_TYPE cache, ULONG node)
{
    return allocate_contiguous(length, lowest, highest, boundary);
}
SB_EXPORT(MmAllocateContiguousMemorySpecifyCacheNode)

PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T length, PHYSICAL_ADDRESS lowest,
                                           PHYSICAL_ADDRESS highest, PHYSICAL_ADDRESS boundary,
                                           ULONG protect, ULONG node)
{
    void *base = allocate_contiguous(length, lowest, highest, boundary);
    if (base && (protect & 0xFF) == PAGE_EXECUTE_READWRITE)
        linux_pages_protect(base, ROUND_TO_PAGES(length), LINUX_READ_WRITE_EXECUTE);
    return base;
}
SB_EXPORT(MmAllocateContiguousNodeMemory)

static void free_whole(void *base, enum mm_region_kind kind)
{
    struct mm_region *region = mm_region_find(current_machine(), base);
    if (!region || region->base != base || region->kind != kind)
        KeBugCheckEx(BAD_POOL_CALLER, 0x46, (ULONG_PTR)base, 0, 0);
    mm_pages_free(current_machine(), base);
}

VOID NTAPI MmFreeContiguousMemory(PVOID base)
{
    free_whole(base, MM_REGION_CONTIGUOUS);
}
SB_EXPORT(MmFreeContiguousMemory)

VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID base, SIZE_T length, MEMORY_CACHING_TYPE cache)
{
    free_whole(base, MM_REGION_CONTIGUOUS);
}
SB_EXPORT(MmFreeContiguousMemorySpecifyCache)

PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T length)
{
    return mm_pages_allocate(current_machine(), LINUX_ARENA_KERNEL, length, MM_REGION_NONCACHED);
}
SB_EXPORT(MmAllocateNonCachedMemory)

VOID NTAPI MmFreeNonCachedMemory(PVOID base, SIZE_T length)
{
    free_whole(base, MM_REGION_NONCACHED);
}
SB_EXPORT(MmFreeNonCachedMemory)

/* ---- I/O space: there are no devices, but a machine's own memory may be mapped again ---- */
static BOOLEAN is_own_memory(PFN_NUMBER first, SIZE_T count)
{
    for (SIZE_T i = 0; i < count; i++) {
        void *page = linux_frame_page(first + i);
        if (!page || !mm_region_find(current_machine(), page))
            return FALSE;
    }
    return TRUE;
}

static void *map_physical(PHYSICAL_ADDRESS address, SIZE_T length, enum linux_protection protection)
{
    enum { MOST_PAGES = 256 };
    PFN_NUMBER frames[MOST_PAGES], first = frame_limit(address);
    ULONG offset = address.LowPart % PAGE_SIZE;
    SIZE_T count = BYTES_TO_PAGES(offset + length);
    if (length == 0 || count > MOST_PAGES || !is_own_memory(first, count))
        return NULL;
    for (SIZE_T i = 0; i < count; i++)
        frames[i] = first + i;
    uint8_t *base = mm_frames_map(current_machine(), NULL, NULL, frames, count, protection);
    return base ? base + offset : NULL;
}

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T length, MEMORY_CACHING_TYPE cache)
{
    return map_physical(address, length, LINUX_READ_WRITE);
}
SB_EXPORT(MmMapIoSpace)

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T length, ULONG protect)
{
    BOOLEAN writes =
        (protect & 0xFF) == PAGE_READWRITE || (protect & 0xFF) == PAGE_EXECUTE_READWRITE;
    return map_physical(address, length, writes ? LINUX_READ_WRITE : LINUX_READ);
}
SB_EXPORT(MmMapIoSpaceEx)

VOID NTAPI MmUnmapIoSpace(PVOID base, SIZE_T length)
{
    struct mm_region *region = mm_region_find(current_machine(), base);
    if (!region || region->kind != MM_REGION_ALIAS)
        KeBugCheckEx(SYSTEM_PTE_MISUSE, 0x300, (ULONG_PTR)base, length, 0);
    mm_pages_free(current_machine(), region->base);
}
SB_EXPORT(MmUnmapIoSpace)
