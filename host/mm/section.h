/* Sections and their views; virtual memory of processes. */
#ifndef SYSBUF_HOST_SECTION_H
#define SYSBUF_HOST_SECTION_H

#include "host/mm/mm.h"
#include "host/ob/object.h"

extern OBJECT_TYPE mm_section_type;

/* The object's body. Its pages are a region without addresses; views show them. */
struct section {
    struct mm_region *region;
    SIZE_T size;                 /* bytes, as asked for */
    ULONG protection;            /* PAGE_*: the most a view may have */
    ULONG attributes;            /* SEC_* */
    uint8_t *committed;          /* SEC_RESERVE: a flag for each page; else NULL: all are */
    struct section_file *file;   /* NULL: backed by memory alone */
    struct section_image *image; /* SEC_IMAGE; no region then */
};

/* A new section, one reference. STATUS_INVALID_PARAMETER_4 (no size), STATUS_SECTION_TOO_BIG,
 * STATUS_COMMITMENT_LIMIT, STATUS_INVALID_PAGE_PROTECTION, STATUS_INVALID_PARAMETER_6. */
NTSTATUS mm_section_create(struct machine *machine, const LARGE_INTEGER *size, ULONG protection,
                           ULONG attributes, struct section **section);
/* ZwCreateSection with the caller's mode. */
NTSTATUS mm_section_create_handle(HANDLE *handle, ACCESS_MASK access, POBJECT_ATTRIBUTES names,
                                  const LARGE_INTEGER *size, ULONG protection, ULONG attributes,
                                  HANDLE file, KPROCESSOR_MODE mode);

/* Maps *size bytes (0: the rest) from offset into process, or, when that is NULL, system space; at
 * *base unless that is NULL. Sets both. Errors as ZwMapViewOfSection documents. */
NTSTATUS mm_view_map(struct section *section, struct _EPROCESS *process, void **base,
                     ULONGLONG offset, SIZE_T *size, ULONG protection);
/* Unmaps the view that holds base. STATUS_NOT_MAPPED_VIEW. */
NTSTATUS mm_view_unmap(struct machine *machine, struct _EPROCESS *process, void *base);

/* Commits pages of a SEC_RESERVE section, given by a view of it, in every view. */
NTSTATUS mm_view_commit(struct machine *machine, struct mm_region *view, SIZE_T first,
                        SIZE_T count);

/* Frees private memory at its very base. STATUS_MEMORY_NOT_ALLOCATED, STATUS_FREE_VM_NOT_AT_BASE,
 * STATUS_INVALID_PAGE_PROTECTION (secured). */
NTSTATUS mm_user_release(struct _EPROCESS *process, void *base);
/* ZwAllocateVirtualMemory and ZwFreeVirtualMemory on a process. */
NTSTATUS mm_user_allocate(struct _EPROCESS *process, void **base, SIZE_T *size, ULONG type,
                          ULONG protection);
NTSTATUS mm_user_free(struct _EPROCESS *process, void **base, SIZE_T *size, ULONG type);

/* ---- between the folder's files ---- */
/* What Linux is to allow for PAGE_*; FALSE when it is no protection this host knows. */
BOOLEAN mm_native_protection(ULONG protection, enum linux_protection *native);
/* The process a handle names, referenced. */
NTSTATUS mm_process_reference(HANDLE handle, KPROCESSOR_MODE mode, struct _EPROCESS **process);
/* The region of process that holds address, or NULL. */
struct mm_region *mm_user_region(struct _EPROCESS *process, const void *address);
/* PAGE_* of a page of a user region; 0: not committed. */
ULONG mm_page_protection(const struct mm_region *region, SIZE_T page);

#endif
