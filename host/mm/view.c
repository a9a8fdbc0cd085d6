/* Views: a section's pages mapped into a process or system space. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/mdl.h"
#include "host/mm/section.h"
#include "host/mm/section_file.h"
#include "host/mm/section_image.h"
#include "host/ps/ps.h"

enum { GRANULARITY = 64 * 1024, MOST_ZERO_BITS = 21 };

BOOLEAN mm_native_protection(ULONG protection, enum linux_protection *native)
{
    switch (protection & 0xFF) {
    case PAGE_NOACCESS:
        *native = LINUX_NO_ACCESS;
        break;
    case PAGE_READONLY:
        *native = LINUX_READ;
        break;
    case PAGE_READWRITE:
        *native = LINUX_READ_WRITE;
        break;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
        *native = LINUX_READ_EXECUTE;
        break;
    case PAGE_EXECUTE_READWRITE:
        *native = LINUX_READ_WRITE_EXECUTE;
        break;
    default: /* copy on write among them */
        return FALSE;
    }
    return (protection & ~(0xFFu | PAGE_NOCACHE | PAGE_WRITECOMBINE)) == 0;
}

static BOOLEAN is_writable(ULONG protection)
{
    return (protection & 0xFF) == PAGE_READWRITE || (protection & 0xFF) == PAGE_EXECUTE_READWRITE;
}

static BOOLEAN is_executable(ULONG protection)
{
    return (protection & 0xF0) != 0;
}

static BOOLEAN allows(const struct section *section, ULONG protection)
{
    return (!is_writable(protection) || is_writable(section->protection)) &&
           (!is_executable(protection) || is_executable(section->protection));
}

/* Puts count pages of the section, from page first, at base (a reservation). */
static NTSTATUS show_pages(struct section *section, void *base, SIZE_T first, SIZE_T count,
                           enum linux_protection native)
{
    PFN_NUMBER start = mm_frame_of(section->region->base) + first;
    uint64_t *frames = linux_allocate(count * sizeof(*frames));
    if (!frames)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (SIZE_T i = 0; i < count; i++)
        frames[i] = start + i;
    int error = linux_frames_map_at(base, frames, count, native);
    linux_free(frames);
    return error ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

/* Shows or hides pages of a SEC_RESERVE section's view as they are committed. */
static void show_commitment(struct section *section, struct mm_region *view, SIZE_T first,
                            SIZE_T count)
{
    enum linux_protection native;
    SIZE_T start = view->section_offset / PAGE_SIZE;
    mm_native_protection(view->protection, &native);
    for (SIZE_T i = first; i < first + count; i++) {
        BOOLEAN committed = section->committed[start + i];
        if (committed && view->pages[i])
            continue;
        linux_pages_protect(view->base + i * PAGE_SIZE, PAGE_SIZE,
                            committed ? native : LINUX_NO_ACCESS);
        view->pages[i] = committed ? view->protection : 0;
    }
}

NTSTATUS mm_view_commit(struct machine *machine, struct mm_region *view, SIZE_T first, SIZE_T count)
{
    struct section *section = view->section;
    SIZE_T start = view->section_offset / PAGE_SIZE + first;
    __builtin_memset(section->committed + start, 1, count);
    for (view = mm_region_of_section(machine, section, NULL); view;
         view = mm_region_of_section(machine, section, view->base))
        show_commitment(section, view, 0, view->size / PAGE_SIZE);
    return STATUS_SUCCESS;
}

static NTSTATUS map(struct section *section, struct _EPROCESS *process, void **base,
                    ULONGLONG offset, SIZE_T size, ULONG protection)
{
    struct machine *machine = object_header_of(section)->machine;
    enum linux_protection native;
    mm_native_protection(protection, &native);
    enum linux_arena arena = process ? LINUX_ARENA_USER : LINUX_ARENA_KERNEL;
    void *place = linux_pages_reserve(arena, *base, size, GRANULARITY);
    if (!place)
        return *base ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY;
    NTSTATUS status =
        show_pages(section, place, (SIZE_T)(offset / PAGE_SIZE), size / PAGE_SIZE, native);
    struct mm_region *region = NULL;
    ULONG *pages = section->committed ? linux_allocate(size / PAGE_SIZE * sizeof(*pages)) : NULL;
    if (NT_SUCCESS(status)) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        if (pages || !section->committed)
            region = mm_region_add(machine, place, size, 0,
                                   process ? MM_REGION_VIEW : MM_REGION_SYSTEM_VIEW);
    }
    if (!region) {
        linux_free(pages);
        linux_pages_unmap(place, size);
        return status;
    }
    ob_reference(section);
    region->pages = pages;
    region->section = section;
    region->section_offset = (SIZE_T)offset;
    region->protection = protection;
    region->owner = process;
    if (pages)
        show_commitment(section, region, 0, size / PAGE_SIZE);
    *base = place;
    return STATUS_SUCCESS;
}

NTSTATUS mm_view_map(struct section *section, struct _EPROCESS *process, void **base,
                     ULONGLONG offset, SIZE_T *size, ULONG protection)
{
    enum linux_protection native;
    SIZE_T pages_size = ROUND_TO_PAGES(section->size);
    if (section->image) /* its own protections, all of it */
        return offset || (ULONG_PTR)*base % GRANULARITY
                   ? STATUS_MAPPED_ALIGNMENT
                   : mm_image_map(section, process, base, size);
    if (!mm_native_protection(protection, &native))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (offset % GRANULARITY || (ULONG_PTR)*base % GRANULARITY)
        return STATUS_MAPPED_ALIGNMENT;
    if (offset >= section->size || *size > pages_size - offset)
        return STATUS_INVALID_VIEW_SIZE;
    if (!allows(section, protection))
        return STATUS_SECTION_PROTECTION;
    SIZE_T view_size = *size ? ROUND_TO_PAGES(*size) : pages_size - (SIZE_T)offset;
    NTSTATUS status = map(section, process, base, offset, view_size, protection);
    if (NT_SUCCESS(status))
        *size = view_size;
    return status;
}

static BOOLEAN is_view(const struct mm_region *region)
{
    return region && (region->kind == MM_REGION_VIEW || region->kind == MM_REGION_SYSTEM_VIEW);
}

NTSTATUS mm_view_unmap(struct machine *machine, struct _EPROCESS *process, void *base)
{
    struct mm_region *region = mm_region_find(machine, base);
    if (!is_view(region) || region->owner != process)
        return STATUS_NOT_MAPPED_VIEW;
    if (region->secures)
        return STATUS_INVALID_PAGE_PROTECTION;
    struct section *section = region->section;
    mm_pages_free(machine, region->base);
    mm_section_file_flush(section);
    ob_dereference(section);
    return STATUS_SUCCESS;
}

/* ---- in a process ---- */
NTSTATUS mm_process_reference(HANDLE handle, KPROCESSOR_MODE mode, struct _EPROCESS **process)
{
    struct handle_entry entry;
    return ob_handle_reference(current_thread()->Tcb.process, handle, PROCESS_VM_OPERATION,
                               &ps_process_type, mode, (void **)process, &entry);
}

static NTSTATUS check_request(ULONG_PTR zero_bits, SECTION_INHERIT inherit, ULONG allocation)
{
    const ULONG known = MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES | SEC_NO_CHANGE;
    if (zero_bits > MOST_ZERO_BITS)
        return STATUS_INVALID_PARAMETER_4;
    if (inherit != ViewShare && inherit != ViewUnmap)
        return STATUS_INVALID_PARAMETER_8;
    return allocation & ~known ? STATUS_INVALID_PARAMETER_9 : STATUS_SUCCESS;
}

NTSTATUS NTAPI MmMapViewOfSection(PVOID section, PEPROCESS process, PVOID *base,
                                  ULONG_PTR zero_bits, SIZE_T commit, PLARGE_INTEGER offset,
                                  PSIZE_T view_size, SECTION_INHERIT inherit, ULONG allocation,
                                  ULONG protection)
{
    void *place = *base;
    SIZE_T size = *view_size;
    NTSTATUS status = check_request(zero_bits, inherit, allocation);
    if (NT_SUCCESS(status))
        status = mm_view_map(section, (struct _EPROCESS *)process, &place,
                             offset ? (ULONGLONG)offset->QuadPart : 0, &size, protection);
    if (NT_SUCCESS(status)) {
        *base = place;
        *view_size = size;
    }
    return status;
}
SB_EXPORT(MmMapViewOfSection)

NTSTATUS NTAPI MmUnmapViewOfSection(PEPROCESS process, PVOID base)
{
    return mm_view_unmap(current_machine(), (struct _EPROCESS *)process, base);
}
SB_EXPORT(MmUnmapViewOfSection)

static ACCESS_MASK access_for(ULONG protection)
{
    ACCESS_MASK access = is_writable(protection) ? SECTION_MAP_WRITE : SECTION_MAP_READ;
    return is_executable(protection) ? access | SECTION_MAP_EXECUTE : access;
}

static NTSTATUS map_by_handles(HANDLE section_handle, HANDLE process_handle, PVOID *base,
                               ULONG_PTR zero_bits, SIZE_T commit, PLARGE_INTEGER offset,
                               PSIZE_T view_size, SECTION_INHERIT inherit, ULONG allocation,
                               ULONG protection, KPROCESSOR_MODE mode)
{
    struct _EPROCESS *process;
    struct section *section;
    struct handle_entry entry;
    NTSTATUS status = mm_process_reference(process_handle, mode, &process);
    if (!NT_SUCCESS(status))
        return status;
    status =
        ob_handle_reference(current_thread()->Tcb.process, section_handle, access_for(protection),
                            &mm_section_type, mode, (void **)&section, &entry);
    if (NT_SUCCESS(status)) {
        status = MmMapViewOfSection(section, (PEPROCESS)process, base, zero_bits, commit, offset,
                                    view_size, inherit, allocation, protection);
        ob_dereference(section);
    }
    ob_dereference(process);
    return status;
}

NTSTATUS NTAPI ZwMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                                  SIZE_T commit, PLARGE_INTEGER offset, PSIZE_T view_size,
                                  SECTION_INHERIT inherit, ULONG allocation, ULONG protection)
{
    return map_by_handles(section, process, base, zero_bits, commit, offset, view_size, inherit,
                          allocation, protection, KernelMode);
}
SB_EXPORT(ZwMapViewOfSection)

NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                                  SIZE_T commit, PLARGE_INTEGER offset, PSIZE_T view_size,
                                  SECTION_INHERIT inherit, ULONG allocation, ULONG protection)
{
    return map_by_handles(section, process, base, zero_bits, commit, offset, view_size, inherit,
                          allocation, protection, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtMapViewOfSection)

static NTSTATUS unmap_by_handle(HANDLE process_handle, void *base, KPROCESSOR_MODE mode)
{
    struct _EPROCESS *process;
    NTSTATUS status = mm_process_reference(process_handle, mode, &process);
    if (!NT_SUCCESS(status))
        return status;
    status = mm_view_unmap(process->machine, process, base);
    ob_dereference(process);
    return status;
}

NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE process, PVOID base)
{
    return unmap_by_handle(process, base, KernelMode);
}
SB_EXPORT(ZwUnmapViewOfSection)

NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE process, PVOID base)
{
    return unmap_by_handle(process, base, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtUnmapViewOfSection)

/* Writes what a view of a file changed; the whole section, whatever the range. */
NTSTATUS NTAPI ZwFlushVirtualMemory(HANDLE handle, PVOID *base, PSIZE_T size,
                                    PIO_STATUS_BLOCK result)
{
    struct _EPROCESS *process;
    NTSTATUS status = mm_process_reference(handle, KernelMode, &process);
    if (!NT_SUCCESS(status))
        return status;
    struct mm_region *region = mm_user_region(process, *base);
    struct section *section = is_view(region) ? region->section : NULL;
    status = section ? mm_section_file_flush(section) : STATUS_NOT_MAPPED_VIEW;
    ob_dereference(process);
    if (section) {
        result->Status = status;
        result->Information = 0;
    }
    return status;
}
SB_EXPORT(ZwFlushVirtualMemory)

/* ---- in system space ---- */
static NTSTATUS map_system(PVOID section, PVOID *base, PSIZE_T view_size, ULONGLONG offset)
{
    struct section *self = section;
    void *place = NULL;
    SIZE_T size = *view_size;
    ULONG protection = is_writable(self->protection) ? PAGE_READWRITE : PAGE_READONLY;
    NTSTATUS status = mm_view_map(self, NULL, &place, offset, &size, protection);
    if (NT_SUCCESS(status)) {
        *base = place;
        *view_size = size;
    }
    return status;
}

NTSTATUS NTAPI MmMapViewInSystemSpace(PVOID section, PVOID *base, PSIZE_T view_size)
{
    return map_system(section, base, view_size, 0);
}
SB_EXPORT(MmMapViewInSystemSpace)
SB_EXPORT_AS("MmMapViewInSessionSpace", MmMapViewInSystemSpace)

NTSTATUS NTAPI nt_MmMapViewInSystemSpaceEx(PVOID section, PVOID *base, PSIZE_T view_size,
                                           PLARGE_INTEGER offset, ULONG_PTR flags)
{
    if (flags != 0)
        return STATUS_INVALID_PARAMETER_5;
    return map_system(section, base, view_size, (ULONGLONG)offset->QuadPart);
}
SB_EXPORT_AS("MmMapViewInSystemSpaceEx", nt_MmMapViewInSystemSpaceEx)

NTSTATUS NTAPI MmUnmapViewInSystemSpace(PVOID base)
{
    struct mm_region *region = mm_region_find(current_machine(), base);
    if (!region || region->base != base)
        return STATUS_NOT_MAPPED_VIEW;
    return mm_view_unmap(current_machine(), NULL, base);
}
SB_EXPORT(MmUnmapViewInSystemSpace)
SB_EXPORT_AS("MmUnmapViewInSessionSpace", MmUnmapViewInSystemSpace)
