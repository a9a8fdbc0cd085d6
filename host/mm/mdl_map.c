/* Second mappings of pages that an MDL describes. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/mdl.h"
#include "host/mm/section.h"

enum { USER_GRANULARITY = 64 * 1024 };

/* SYSTEM_PTE_MISUSE, parameter 1: the mapping to be freed is not there. */
enum { UNMAP_OF_NOTHING = 2 };

/* Frames outside the arenas cannot be mapped twice; in kernel space they are mapped already. */
static void *direct_mapping(const PFN_NUMBER *frames, SIZE_T count)
{
    void *first, *next;
    if (!mm_frame_is_direct(frames[0], &first))
        return NULL;
    for (SIZE_T i = 1; i < count; i++)
        if (!mm_frame_is_direct(frames[i], &next) || next != (uint8_t *)first + i * LINUX_PAGE_SIZE)
            return NULL;
    return first;
}

void *mm_frames_map(struct machine *machine, struct _EPROCESS *process, void *wanted,
                    const PFN_NUMBER *frames, SIZE_T count, enum linux_protection protection)
{
    void *direct = direct_mapping(frames, count);
    if (direct)
        return process ? NULL : direct;
    enum linux_arena arena = process ? LINUX_ARENA_USER : LINUX_ARENA_KERNEL;
    SIZE_T size = count * LINUX_PAGE_SIZE;
    void *base =
        linux_pages_reserve(arena, wanted, size, process ? USER_GRANULARITY : LINUX_PAGE_SIZE);
    if (!base)
        return NULL;
    struct mm_region *region = NULL;
    if (linux_frames_map_at(base, (const uint64_t *)frames, count, protection) == 0)
        region =
            mm_region_add(machine, base, size, 0, process ? MM_REGION_USER_ALIAS : MM_REGION_ALIAS);
    if (!region) {
        linux_pages_unmap(base, size);
        return NULL;
    }
    region->protection = protection == LINUX_READ ? PAGE_READONLY : PAGE_READWRITE;
    region->owner = process;
    return base;
}

/* NT maps pages that were locked for reading writable; the verifier wants to hear of writes. */
static BOOLEAN is_read_locked(const MDL *mdl)
{
    const LONG flags = MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_PARTIAL;
    return current_machine()->verifier && (mdl->MdlFlags & flags) == MDL_PAGES_LOCKED;
}

static void watch_writes(uint8_t *base, const MDL *mdl)
{
    struct mm_region *region = mm_region_find(current_machine(), base);
    if (!region || region->kind != MM_REGION_ALIAS || region->protection == PAGE_READONLY ||
        linux_pages_protect(base, mm_mdl_page_count((PMDL)mdl) * PAGE_SIZE, LINUX_READ) != 0)
        return;
    region->is_read_locked = TRUE;
}

static enum linux_protection protection_of(ULONG priority)
{
    if (priority & MdlMappingNoWrite)
        return priority & MdlMappingNoExecute ? LINUX_READ : LINUX_READ_EXECUTE;
    return LINUX_READ_WRITE; /* NT would let it run too; what writes here never does */
}

static void *map_kernel(PMDL mdl, ULONG priority)
{
    uint8_t *base = mm_frames_map(current_machine(), NULL, NULL, mm_mdl_frames(mdl),
                                  mm_mdl_page_count(mdl), protection_of(priority));
    if (!base)
        return NULL;
    if (is_read_locked(mdl))
        watch_writes(base, mdl);
    mdl->MappedSystemVa = base + mdl->ByteOffset;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL) {
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
        mdl->MdlFlags &= ~MDL_PARENT_MAPPED_SYSTEM_VA;
    }
    return mdl->MappedSystemVa;
}

static void *map_user(PMDL mdl, void *requested, ULONG priority)
{
    void *wanted = (void *)((ULONG_PTR)requested & ~(ULONG_PTR)(USER_GRANULARITY - 1));
    if (requested && !wanted)
        return NULL;
    uint8_t *base =
        mm_frames_map(current_machine(), current_thread()->Tcb.process, wanted, mm_mdl_frames(mdl),
                      mm_mdl_page_count(mdl), protection_of(priority));
    return base ? base + mdl->ByteOffset : NULL;
}

static void *map(PMDL mdl, KPROCESSOR_MODE mode, void *requested, BOOLEAN bug_check, ULONG priority,
                 void *caller)
{
    void *address = NULL;
    mm_mdl_report(mdl, MM_MDL_MAPPING, (ULONG_PTR)mode | (bug_check ? MM_MDL_MUST_SUCCEED : 0),
                  caller);
    if (mm_mdl_page_count(mdl) != 0)
        address =
            mode == KernelMode ? map_kernel(mdl, priority) : map_user(mdl, requested, priority);
    if (address)
        return address;
    if (mode != KernelMode)
        ExRaiseStatus(requested ? STATUS_CONFLICTING_ADDRESSES : STATUS_INSUFFICIENT_RESOURCES);
    if (bug_check)
        KeBugCheckEx(NO_MORE_SYSTEM_PTES, 0, mm_mdl_page_count(mdl), 0, 0);
    return NULL;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache,
                                         PVOID requested, ULONG bug_check, ULONG priority)
{
    return map(mdl, mode, requested, bug_check != 0, priority, __builtin_return_address(0));
}
SB_EXPORT(MmMapLockedPagesSpecifyCache)

PVOID NTAPI MmMapLockedPages(PMDL mdl, KPROCESSOR_MODE mode)
{
    BOOLEAN may_fail = (mdl->MdlFlags & MDL_MAPPING_CAN_FAIL) != 0;
    return map(mdl, mode, NULL, !may_fail, NormalPagePriority, __builtin_return_address(0));
}
SB_EXPORT(MmMapLockedPages)

static void unmap_user(void *base, PMDL mdl)
{
    struct machine *machine = current_machine();
    struct mm_region *region = mm_region_find(machine, base);
    if (!region || region->kind != MM_REGION_USER_ALIAS ||
        region->owner != current_thread()->Tcb.process)
        KeBugCheckEx(SYSTEM_PTE_MISUSE, UNMAP_OF_NOTHING, (ULONG_PTR)mdl, (ULONG_PTR)base, 0);
    mm_pages_free(machine, region->base);
}

static void unmap_kernel(void *base, PMDL mdl)
{
    struct machine *machine = current_machine();
    struct mm_region *region = mm_region_find(machine, base);
    void *direct;
    if (region && region->kind == MM_REGION_ALIAS)
        mm_pages_free(machine, region->base);
    else if (!mm_frame_is_direct(mm_mdl_frames(mdl)[0], &direct))
        KeBugCheckEx(SYSTEM_PTE_MISUSE, UNMAP_OF_NOTHING, (ULONG_PTR)mdl, (ULONG_PTR)base, 0);
}

VOID NTAPI MmUnmapLockedPages(PVOID base, PMDL mdl)
{
    if (mm_mdl_report(mdl, MM_MDL_UNMAPPING, (ULONG_PTR)base, __builtin_return_address(0)))
        return;
    if (mm_is_user_address(base)) {
        unmap_user(base, mdl);
    } else if (mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA) {
        /* the mapping is the parent's */
        mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARENT_MAPPED_SYSTEM_VA);
    } else if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) {
        unmap_kernel(base, mdl);
        mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
        if (!(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL))
            mdl->MappedSystemVa = NULL;
    } else if (!(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)) {
        KeBugCheckEx(SYSTEM_PTE_MISUSE, UNMAP_OF_NOTHING, (ULONG_PTR)mdl, (ULONG_PTR)base, 0);
    }
}
SB_EXPORT(MmUnmapLockedPages)

NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL mdl, ULONG protection)
{
    enum linux_protection native;
    if (!mm_native_protection(protection, &native))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || (mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA))
        return STATUS_NOT_MAPPED_VIEW;
    void *base = PAGE_ALIGN(mdl->MappedSystemVa);
    int error = linux_pages_protect(base, mm_mdl_page_count(mdl) * PAGE_SIZE, native);
    return error ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}
SB_EXPORT(MmProtectMdlSystemAddress)

/* ---- addresses set aside ---- */
PVOID NTAPI MmAllocateMappingAddress(SIZE_T length, ULONG tag)
{
    SIZE_T size = ROUND_TO_PAGES(length);
    void *base = linux_pages_reserve(LINUX_ARENA_KERNEL, NULL, size, LINUX_PAGE_SIZE);
    struct mm_region *region =
        base ? mm_region_add(current_machine(), base, size, 0, MM_REGION_RESERVED) : NULL;
    if (region)
        region->tag = tag;
    else if (base)
        linux_pages_unmap(base, size);
    return region ? base : NULL;
}
SB_EXPORT(MmAllocateMappingAddress)

static struct mm_region *reservation(void *base, ULONG tag)
{
    struct mm_region *region = mm_region_find(current_machine(), base);
    if (!region || region->kind != MM_REGION_RESERVED || region->base != base || region->tag != tag)
        KeBugCheckEx(SYSTEM_PTE_MISUSE, UNMAP_OF_NOTHING, (ULONG_PTR)base, tag, 0);
    return region;
}

VOID NTAPI MmFreeMappingAddress(PVOID base, ULONG tag)
{
    mm_pages_free(current_machine(), reservation(base, tag)->base);
}
SB_EXPORT(MmFreeMappingAddress)

PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID base, ULONG tag, PMDL mdl,
                                                MEMORY_CACHING_TYPE cache)
{
    struct mm_region *region = reservation(base, tag);
    SIZE_T count = mm_mdl_page_count(mdl);
    if (count * PAGE_SIZE > region->size || linux_page_frame(base) ||
        linux_frames_map_at(base, (const uint64_t *)mm_mdl_frames(mdl), count, LINUX_READ_WRITE))
        return NULL;
    mdl->MappedSystemVa = (uint8_t *)base + mdl->ByteOffset;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    return mdl->MappedSystemVa;
}
SB_EXPORT(MmMapLockedPagesWithReservedMapping)

VOID NTAPI MmUnmapReservedMapping(PVOID base, ULONG tag, PMDL mdl)
{
    reservation(base, tag);
    linux_pages_decommit(base, mm_mdl_page_count(mdl) * PAGE_SIZE);
    mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = NULL;
}
SB_EXPORT(MmUnmapReservedMapping)
