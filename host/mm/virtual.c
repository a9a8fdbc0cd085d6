/* A process' private memory: reserving, committing, freeing. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/section.h"

enum { GRANULARITY = 64 * 1024, MOST_ZERO_BITS = 21 };

struct mm_region *mm_user_region(struct _EPROCESS *process, const void *address)
{
    struct mm_region *region = mm_region_find(process->machine, address);
    return region && region->owner == process ? region : NULL;
}

ULONG mm_page_protection(const struct mm_region *region, SIZE_T page)
{
    return region->pages ? region->pages[page] : region->protection;
}

/* The whole pages of a range; FALSE when it wraps. */
static BOOLEAN to_pages(void *base, SIZE_T size, uint8_t **first, SIZE_T *pages_size)
{
    ULONG_PTR start = (ULONG_PTR)base & ~(ULONG_PTR)(PAGE_SIZE - 1), end = (ULONG_PTR)base + size;
    if (end < start || end > LINUX_USER_END)
        return FALSE;
    *first = (uint8_t *)start;
    *pages_size = ROUND_TO_PAGES(end) - start;
    return TRUE;
}

/* ---- reserving ---- */
static NTSTATUS reserve(struct _EPROCESS *process, void *wanted, SIZE_T size, ULONG protection,
                        struct mm_region **reserved)
{
    void *base = linux_pages_reserve(LINUX_ARENA_USER, wanted, size, GRANULARITY);
    if (!base)
        return wanted ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY;
    ULONG *pages = linux_allocate(size / PAGE_SIZE * sizeof(*pages));
    struct mm_region *region =
        pages ? mm_region_add(process->machine, base, size, 0, MM_REGION_USER) : NULL;
    if (!region) {
        linux_free(pages);
        linux_pages_unmap(base, size);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    region->pages = pages;
    region->protection = protection;
    region->owner = process;
    *reserved = region;
    return STATUS_SUCCESS;
}

/* ---- committing ---- */
/* Gives one page memory, or, when it has some, the protection. */
static NTSTATUS commit_page(struct machine *machine, struct mm_region *region, SIZE_T page,
                            ULONG protection, enum linux_protection native)
{
    uint8_t *address = region->base + page * PAGE_SIZE;
    if (mm_page_protection(region, page)) {
        linux_pages_protect(address, PAGE_SIZE, native);
    } else {
        if (!mm_charge(machine, PAGE_SIZE))
            return STATUS_COMMITMENT_LIMIT;
        if (linux_pages_commit(address, PAGE_SIZE, native) != 0) {
            mm_uncharge(machine, PAGE_SIZE);
            return STATUS_NO_MEMORY;
        }
        region->charged += PAGE_SIZE;
    }
    if (region->pages)
        region->pages[page] = protection;
    return STATUS_SUCCESS;
}

static void decommit_page(struct machine *machine, struct mm_region *region, SIZE_T page)
{
    if (!region->pages[page])
        return;
    linux_pages_decommit(region->base + page * PAGE_SIZE, PAGE_SIZE);
    region->pages[page] = 0;
    region->charged -= PAGE_SIZE;
    mm_uncharge(machine, PAGE_SIZE);
}

static BOOLEAN is_fresh(const struct mm_region *region, SIZE_T first, SIZE_T count)
{
    for (SIZE_T i = 0; i < count; i++)
        if (mm_page_protection(region, first + i))
            return FALSE;
    return TRUE;
}

/* A range without any memory yet is mapped in one go. */
static NTSTATUS commit_fresh(struct machine *machine, struct mm_region *region, SIZE_T first,
                             SIZE_T count, ULONG protection, enum linux_protection native)
{
    SIZE_T size = count * PAGE_SIZE;
    if (!mm_charge(machine, size))
        return STATUS_COMMITMENT_LIMIT;
    if (linux_pages_commit(region->base + first * PAGE_SIZE, size, native) != 0) {
        mm_uncharge(machine, size);
        return STATUS_NO_MEMORY;
    }
    region->charged += size;
    for (SIZE_T i = 0; i < count; i++)
        region->pages[first + i] = protection;
    return STATUS_SUCCESS;
}

static NTSTATUS commit(struct machine *machine, struct mm_region *region, uint8_t *base,
                       SIZE_T size, ULONG protection)
{
    SIZE_T first = (SIZE_T)(base - region->base) / PAGE_SIZE, count = size / PAGE_SIZE;
    enum linux_protection native;
    NTSTATUS status = STATUS_SUCCESS;
    mm_native_protection(protection, &native);
    if (region->section && ((struct section *)region->section)->committed &&
        size <= region->size - first * PAGE_SIZE)
        return mm_view_commit(machine, region, first, count);
    if (region->kind != MM_REGION_USER || size > region->size - first * PAGE_SIZE)
        return STATUS_CONFLICTING_ADDRESSES;
    if (region->pages && is_fresh(region, first, count))
        return commit_fresh(machine, region, first, count, protection, native);
    for (SIZE_T i = 0; i < count && NT_SUCCESS(status); i++)
        status = commit_page(machine, region, first + i, protection, native);
    return status;
}

static NTSTATUS reserve_and_commit(struct _EPROCESS *process, void **base, SIZE_T *size, ULONG type,
                                   ULONG protection)
{
    void *wanted = (void *)((ULONG_PTR)*base & ~(ULONG_PTR)(GRANULARITY - 1));
    struct mm_region *region;
    uint8_t *first;
    SIZE_T pages_size;
    if (!to_pages(wanted, *size + ((ULONG_PTR)*base - (ULONG_PTR)wanted), &first, &pages_size))
        return STATUS_INVALID_PARAMETER_4;
    NTSTATUS status = reserve(process, wanted, pages_size, protection, &region);
    if (!NT_SUCCESS(status))
        return status;
    if (type & MEM_COMMIT)
        status = commit(process->machine, region, region->base, pages_size, protection);
    if (!NT_SUCCESS(status)) {
        mm_pages_free(process->machine, region->base);
        return status;
    }
    *base = region->base;
    *size = pages_size;
    return STATUS_SUCCESS;
}

NTSTATUS mm_user_allocate(struct _EPROCESS *process, void **base, SIZE_T *size, ULONG type,
                          ULONG protection)
{
    const ULONG known = MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN;
    enum linux_protection native;
    uint8_t *first;
    SIZE_T pages_size;
    if (*size == 0)
        return STATUS_INVALID_PARAMETER_4;
    if ((type & ~known) || !(type & (MEM_COMMIT | MEM_RESERVE)))
        return STATUS_INVALID_PARAMETER_5;
    if (!mm_native_protection(protection, &native))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (*base == NULL || (type & MEM_RESERVE))
        return reserve_and_commit(process, base, size, type, protection);
    if (!to_pages(*base, *size, &first, &pages_size))
        return STATUS_INVALID_PARAMETER_4;
    struct mm_region *region = mm_user_region(process, first);
    if (!region)
        return STATUS_CONFLICTING_ADDRESSES;
    NTSTATUS status = commit(process->machine, region, first, pages_size, protection);
    if (NT_SUCCESS(status)) {
        *base = first;
        *size = pages_size;
    }
    return status;
}

/* ---- freeing ---- */
static NTSTATUS check_freeable(const struct mm_region *region)
{
    if (!region)
        return STATUS_MEMORY_NOT_ALLOCATED;
    if (region->kind != MM_REGION_USER)
        return STATUS_UNABLE_TO_DELETE_SECTION;
    return region->secures ? STATUS_INVALID_PAGE_PROTECTION : STATUS_SUCCESS;
}

NTSTATUS mm_user_release(struct _EPROCESS *process, void *base)
{
    struct mm_region *region = mm_user_region(process, base);
    NTSTATUS status = check_freeable(region);
    if (!NT_SUCCESS(status))
        return status;
    if (region->base != base)
        return STATUS_FREE_VM_NOT_AT_BASE;
    mm_pages_free(process->machine, base);
    return STATUS_SUCCESS;
}

static NTSTATUS decommit(struct machine *machine, struct mm_region *region, uint8_t *base,
                         SIZE_T size)
{
    if (size > region->size - (SIZE_T)(base - region->base))
        return STATUS_UNABLE_TO_FREE_VM;
    if (!region->pages || region->pins) /* made whole by the application, or locked for a driver */
        return STATUS_UNABLE_TO_FREE_VM;
    for (SIZE_T i = 0; i < size / PAGE_SIZE; i++)
        decommit_page(machine, region, (SIZE_T)(base - region->base) / PAGE_SIZE + i);
    return STATUS_SUCCESS;
}

NTSTATUS mm_user_free(struct _EPROCESS *process, void **base, SIZE_T *size, ULONG type)
{
    uint8_t *first;
    SIZE_T pages_size;
    if (type != MEM_RELEASE && type != MEM_DECOMMIT)
        return STATUS_INVALID_PARAMETER_4;
    if (!to_pages(*base, *size, &first, &pages_size))
        return STATUS_INVALID_PARAMETER_3;
    struct mm_region *region = mm_user_region(process, first);
    NTSTATUS status = check_freeable(region);
    if (!NT_SUCCESS(status))
        return status;
    if (*size == 0 && first != region->base)
        return STATUS_FREE_VM_NOT_AT_BASE;
    if (*size == 0)
        pages_size = region->size;
    if (type == MEM_DECOMMIT)
        status = decommit(process->machine, region, first, pages_size);
    else if (first == region->base && pages_size == region->size)
        status = mm_user_release(process, first);
    else
        status = STATUS_UNABLE_TO_FREE_VM; /* a part of an allocation is not split off */
    if (NT_SUCCESS(status)) {
        *base = first;
        *size = pages_size;
    }
    return status;
}

void mm_process_exit(struct _EPROCESS *process)
{
    struct mm_region *region;
    while ((region = mm_region_of_process(process->machine, process)) != NULL) {
        void *section = region->section;
        mm_pages_free(process->machine, region->base);
        if (section)
            ob_dereference(section);
    }
}

/* ---- by handle ---- */
NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE handle, PVOID *base, ULONG_PTR zero_bits,
                                       PSIZE_T size, ULONG type, ULONG protection)
{
    struct _EPROCESS *process;
    if (zero_bits > MOST_ZERO_BITS)
        return STATUS_INVALID_PARAMETER_3;
    NTSTATUS status = mm_process_reference(handle, KernelMode, &process);
    if (!NT_SUCCESS(status))
        return status;
    void *place = *base;
    SIZE_T length = *size;
    status = mm_user_allocate(process, &place, &length, type, protection);
    ob_dereference(process);
    if (NT_SUCCESS(status)) {
        *base = place;
        *size = length;
    }
    return status;
}
SB_EXPORT(ZwAllocateVirtualMemory)
SB_EXPORT_AS("NtAllocateVirtualMemory", ZwAllocateVirtualMemory)

NTSTATUS NTAPI ZwFreeVirtualMemory(HANDLE handle, PVOID *base, PSIZE_T size, ULONG type)
{
    struct _EPROCESS *process;
    NTSTATUS status = mm_process_reference(handle, KernelMode, &process);
    if (!NT_SUCCESS(status))
        return status;
    void *place = *base;
    SIZE_T length = *size;
    status = mm_user_free(process, &place, &length, type);
    ob_dereference(process);
    if (NT_SUCCESS(status)) {
        *base = place;
        *size = length;
    }
    return status;
}
SB_EXPORT(ZwFreeVirtualMemory)
SB_EXPORT_AS("NtFreeVirtualMemory", ZwFreeVirtualMemory)
