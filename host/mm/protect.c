/* Protection of a process' pages: changing, asking, holding. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/section.h"

enum { SECURE_TAG = 0x65536D4D };

static SIZE_T page_index(const struct mm_region *region, const void *address)
{
    return (SIZE_T)((const uint8_t *)address - region->base) / PAGE_SIZE;
}

/* A table of its own for a region that had one protection all over. */
static BOOLEAN make_page_table(struct mm_region *region)
{
    SIZE_T count = region->size / PAGE_SIZE;
    if (region->pages)
        return TRUE;
    ULONG *pages = linux_allocate(count * sizeof(*pages));
    if (!pages)
        return FALSE;
    for (SIZE_T i = 0; i < count; i++)
        pages[i] = region->protection;
    region->pages = pages;
    return TRUE;
}

static BOOLEAN writes(ULONG protection)
{
    return (protection & 0xFF) == PAGE_READWRITE || (protection & 0xFF) == PAGE_EXECUTE_READWRITE;
}

static NTSTATUS check_change(const struct mm_region *region, SIZE_T first, SIZE_T count,
                             ULONG protection)
{
    if (region->secures)
        return STATUS_INVALID_PAGE_PROTECTION;
    const struct section *section = region->section; /* an image's view is a copy of its own */
    if (section && !section->image && writes(protection) && !writes(section->protection))
        return STATUS_SECTION_PROTECTION;
    for (SIZE_T i = 0; i < count; i++)
        if (!mm_page_protection(region, first + i))
            return STATUS_NOT_COMMITTED;
    return STATUS_SUCCESS;
}

static NTSTATUS protect(struct _EPROCESS *process, uint8_t *base, SIZE_T size, ULONG protection,
                        ULONG *old)
{
    enum linux_protection native;
    struct mm_region *region = mm_user_region(process, base);
    if (!mm_native_protection(protection, &native))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!region || size > region->size - (SIZE_T)(base - region->base))
        return STATUS_CONFLICTING_ADDRESSES;
    SIZE_T first = page_index(region, base), count = size / PAGE_SIZE;
    NTSTATUS status = check_change(region, first, count, protection);
    if (!NT_SUCCESS(status))
        return status;
    if (!make_page_table(region) || linux_pages_protect(base, size, native) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    *old = region->pages[first];
    for (SIZE_T i = 0; i < count; i++)
        region->pages[first + i] = protection;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwProtectVirtualMemory(HANDLE handle, PVOID *base, PSIZE_T size, ULONG protection,
                                      PULONG old_protection)
{
    struct _EPROCESS *process;
    ULONG_PTR start = (ULONG_PTR)*base & ~(ULONG_PTR)(PAGE_SIZE - 1),
              end = (ULONG_PTR)*base + *size;
    ULONG old;
    if (*size == 0 || end < start || end > LINUX_USER_END)
        return STATUS_INVALID_PARAMETER_3;
    NTSTATUS status = mm_process_reference(handle, KernelMode, &process);
    if (!NT_SUCCESS(status))
        return status;
    SIZE_T length = ROUND_TO_PAGES(end) - start;
    status = protect(process, (uint8_t *)start, length, protection, &old);
    ob_dereference(process);
    if (NT_SUCCESS(status)) {
        *base = (PVOID)start;
        *size = length;
        *old_protection = old;
    }
    return status;
}
SB_EXPORT(ZwProtectVirtualMemory)

/* ---- ZwQueryVirtualMemory ---- */
#ifndef MEM_IMAGE
#define MEM_IMAGE 0x1000000
#endif
struct memory_basic_information {
    void *base, *allocation_base;
    ULONG allocation_protect, partition;
    SIZE_T size;
    ULONG state, protect, type, alignment;
};
_Static_assert(sizeof(struct memory_basic_information) == 48, "MEMORY_BASIC_INFORMATION");

static void describe_free(struct machine *machine, uint8_t *page,
                          struct memory_basic_information *information)
{
    uint8_t *end = page;
    while (end < (uint8_t *)LINUX_USER_END && !mm_region_find(machine, end))
        end += PAGE_SIZE;
    information->size = (SIZE_T)(end - page);
    information->state = MEM_FREE;
    information->protect = PAGE_NOACCESS;
}

static ULONG type_of(const struct mm_region *region)
{
    const struct section *section = region->section;
    if (!section)
        return MEM_PRIVATE;
    return section->image ? MEM_IMAGE : MEM_MAPPED;
}

static void describe(struct _EPROCESS *process, uint8_t *page,
                     struct memory_basic_information *information)
{
    struct mm_region *region = mm_user_region(process, page);
    *information = (struct memory_basic_information){.base = page};
    if (!region) {
        describe_free(process->machine, page, information);
        return;
    }
    SIZE_T first = page_index(region, page), last = first, count = region->size / PAGE_SIZE;
    ULONG protection = mm_page_protection(region, first);
    while (last < count && mm_page_protection(region, last) == protection)
        last++;
    information->allocation_base = region->base;
    information->allocation_protect = region->protection;
    information->size = (last - first) * PAGE_SIZE;
    information->state = protection ? MEM_COMMIT : MEM_RESERVE;
    information->protect = protection;
    information->type = type_of(region);
}

NTSTATUS NTAPI ZwQueryVirtualMemory(HANDLE handle, PVOID base, ULONG information_class,
                                    PVOID information, SIZE_T length, PSIZE_T result_length)
{
    struct memory_basic_information result;
    struct _EPROCESS *process;
    if (information_class != 0)
        return STATUS_INVALID_INFO_CLASS;
    if (length < sizeof(result))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!mm_is_user_address(base))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = mm_process_reference(handle, KernelMode, &process);
    if (!NT_SUCCESS(status))
        return status;
    describe(process, PAGE_ALIGN(base), &result);
    ob_dereference(process);
    RtlCopyMemory(information, &result, sizeof(result));
    if (result_length)
        *result_length = sizeof(result);
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwQueryVirtualMemory)

/* ---- MmSecureVirtualMemory: the application can neither free nor reprotect ---- */
struct secured {
    void *address;             /* the region may go with its process */
    struct _EPROCESS *process; /* only compared */
};

static BOOLEAN all_allow(const uint8_t *base, SIZE_T size, BOOLEAN write)
{
    for (const uint8_t *page = PAGE_ALIGN(base); page < base + size; page += PAGE_SIZE)
        if (!mm_page_allows(page, write))
            return FALSE;
    return TRUE;
}

HANDLE NTAPI MmSecureVirtualMemory(PVOID address, SIZE_T size, ULONG mode)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    struct mm_region *region = mm_user_region(process, address);
    if (size == 0 || (mode != PAGE_READONLY && mode != PAGE_READWRITE) || !region ||
        size > region->size - (SIZE_T)((uint8_t *)address - region->base) ||
        !all_allow(address, size, mode == PAGE_READWRITE))
        return NULL;
    struct secured *secured =
        mm_pool_allocate(current_machine(), NonPagedPoolNx, sizeof(*secured), SECURE_TAG);
    if (!secured)
        return NULL;
    secured->address = address;
    secured->process = process;
    __atomic_add_fetch(&region->secures, 1, __ATOMIC_RELAXED);
    return secured;
}
SB_EXPORT(MmSecureVirtualMemory)

VOID NTAPI MmUnsecureVirtualMemory(HANDLE handle)
{
    struct secured *secured = handle;
    struct mm_region *region = mm_region_find(current_machine(), secured->address);
    if (region && region->owner == secured->process && region->secures)
        __atomic_sub_fetch(&region->secures, 1, __ATOMIC_RELAXED);
    mm_pool_free(current_machine(), secured);
}
SB_EXPORT(MmUnsecureVirtualMemory)
