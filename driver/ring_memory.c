/*
 * The memory of a ring and its events. An anonymous section that the driver makes; one view in the
 * client, one in the System process, mapped by a system thread, whose pages are locked: their
 * system address is valid in every context and at DISPATCH_LEVEL. The driver makes the events as
 * well and gives the client handles: it never takes a handle or an address from a client.
 */
#include "ring.h"

/* Not in every toolkit's kernel headers. */
#ifndef PROCESS_VM_OPERATION
#define PROCESS_VM_OPERATION 0x0008
#endif
#ifndef PROCESS_DUP_HANDLE
#define PROCESS_DUP_HANDLE 0x0040
#endif
#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

/* ---- made and freed ---- */

static NTSTATUS make_section(struct sb_ring *ring)
{
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER size;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    size.QuadPart = (LONGLONG)sb_ring_view_length(ring);
    return ZwCreateSection(&ring->section, SECTION_MAP_READ | SECTION_MAP_WRITE, &attributes, &size,
                           PAGE_READWRITE, SEC_COMMIT, NULL);
}

static NTSTATUS make_event(struct sb_ring *ring, enum ring_event which)
{
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    PVOID object;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateEvent(&ring->event_handles[which], EVENT_ALL_ACCESS, &attributes,
                           SynchronizationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return status;
    /* Our own handle: there is no doubt about its type. */
    status = ObReferenceObjectByHandle(ring->event_handles[which], EVENT_ALL_ACCESS, NULL,
                                       KernelMode, &object, NULL);
    if (NT_SUCCESS(status))
        ring->events[which] = object;
    return status;
}

NTSTATUS sb_ring_make_memory(struct sb_ring *ring)
{
    NTSTATUS status;
    int which;

    ring->message = sb_allocate(ring->driver, ring->message_maximum);
    ring->reply = sb_allocate(ring->driver, ring->message_maximum);
    if (ring->message == NULL || ring->reply == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* What a handler claims to have replied and has not written discloses nothing. */
    RtlZeroMemory(ring->reply, ring->message_maximum);
    status = make_section(ring);
    for (which = 0; NT_SUCCESS(status) && which < RING_EVENT_COUNT; which++)
        status = make_event(ring, which);
    return status;
}

void sb_ring_close_handles(struct sb_ring *ring)
{
    int which;

    for (which = 0; which < RING_EVENT_COUNT; which++) {
        if (ring->event_handles[which] != NULL)
            ZwClose(ring->event_handles[which]);
        ring->event_handles[which] = NULL;
    }
    if (ring->section != NULL)
        ZwClose(ring->section);
    ring->section = NULL;
}

void sb_ring_free_memory(struct sb_ring *ring)
{
    int which;

    for (which = 0; which < RING_EVENT_COUNT; which++)
        if (ring->events[which] != NULL)
            ObDereferenceObject(ring->events[which]);
    if (ring->message != NULL)
        sb_free(ring->driver, ring->message);
    if (ring->reply != NULL)
        sb_free(ring->driver, ring->reply);
}

/* ---- the client's side ---- */

/* Wine 8 has no other way to the calling process; elsewhere it is the same as any. */
static NTSTATUS open_caller(HANDLE *process)
{
    CLIENT_ID caller = {PsGetCurrentProcessId(), NULL};
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwOpenProcess(process, PROCESS_VM_OPERATION | PROCESS_DUP_HANDLE, &attributes, &caller);
}

static void hide_from(HANDLE process, const struct ring_client_side *side)
{
    int which;

    for (which = 0; which < RING_EVENT_COUNT; which++)
        if (side->events[which] != NULL)
            ZwDuplicateObject(process, side->events[which], NULL, NULL, 0, 0,
                              DUPLICATE_CLOSE_SOURCE);
    if (side->view != NULL)
        ZwUnmapViewOfSection(process, side->view);
}

static NTSTATUS show_to(struct sb_ring *ring, HANDLE process, BOOLEAN is_32_bit,
                        struct ring_client_side *side)
{
    static const ACCESS_MASK access[RING_EVENT_COUNT] = {EVENT_MODIFY_STATE, SYNCHRONIZE,
                                                         SYNCHRONIZE, EVENT_MODIFY_STATE};
    NTSTATUS status;
    int which;

    side->view_length = sb_ring_view_length(ring);
    status = ZwMapViewOfSection(ring->section, process, &side->view, is_32_bit ? 1 : 0, 0, NULL,
                                &side->view_length, ViewUnmap, 0, PAGE_READWRITE);
    if (NT_SUCCESS(status) && is_32_bit && (ULONG_PTR)side->view + side->view_length - 1 > MAXULONG)
        status = STATUS_CONFLICTING_ADDRESSES;
    for (which = 0; NT_SUCCESS(status) && which < RING_EVENT_COUNT; which++)
        status = ZwDuplicateObject(ZwCurrentProcess(), ring->event_handles[which], process,
                                   &side->events[which], access[which], 0, 0);
    return status;
}

NTSTATUS sb_ring_show(struct sb_ring *ring, BOOLEAN is_32_bit, struct ring_client_side *side)
{
    HANDLE process;
    NTSTATUS status;

    RtlZeroMemory(side, sizeof(*side));
    status = open_caller(&process);
    if (!NT_SUCCESS(status))
        return status;
    status = show_to(ring, process, is_32_bit, side);
    if (!NT_SUCCESS(status))
        hide_from(process, side);
    ZwClose(process);
    return status;
}

void sb_ring_hide(struct sb_ring *ring, const struct ring_client_side *side)
{
    HANDLE process;

    UNREFERENCED_PARAMETER(ring);
    if (!NT_SUCCESS(open_caller(&process)))
        return;
    hide_from(process, side);
    ZwClose(process);
}

/* ---- the driver's side ---- */

typedef PVOID NTAPI map_pages(PMDL pages, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE caching,
                              PVOID address, ULONG bug_check, ULONG priority);
typedef VOID NTAPI unlock_pages(PMDL pages);

/* Looked up by name: Wine 8 has these three, but they do nothing there, and a driver that imports
   such routines is taken for broken. */
static void *routine(const wchar_t *name)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return MmGetSystemRoutineAddress(&string);
}

static void unlock_view(struct sb_ring *ring)
{
    unlock_pages *unlock = (unlock_pages *)(ULONG_PTR)routine(L"MmUnlockPages");

    if ((ring->pages->MdlFlags & MDL_PAGES_LOCKED) != 0 && unlock != NULL)
        unlock(ring->pages); /* and ends the system mapping */
    IoFreeMdl(ring->pages);
    ring->pages = NULL;
}

/*
 * Locks the view's pages and gives them a system address. Where the call comes back without having
 * locked anything there is no paging and one address space for all drivers (Wine): the view's own
 * address is as good.
 */
static NTSTATUS lock_view(struct sb_ring *ring)
{
    sb_ring_probe *probe = (sb_ring_probe *)(ULONG_PTR)routine(L"MmProbeAndLockPages");
    map_pages *map = (map_pages *)(ULONG_PTR)routine(L"MmMapLockedPagesSpecifyCache");
    NTSTATUS status;

    if (probe == NULL || map == NULL)
        return STATUS_NOT_SUPPORTED;
    ring->pages = IoAllocateMdl(ring->view, (ULONG)sb_ring_view_length(ring), FALSE, FALSE, NULL);
    if (ring->pages == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = sb_ring_lock_pages(probe, ring->pages);
    if (NT_SUCCESS(status)) {
        ring->page = ring->view;
        if ((ring->pages->MdlFlags & MDL_PAGES_LOCKED) != 0)
            ring->page = map(ring->pages, KernelMode, MmCached, NULL, FALSE,
                             NormalPagePriority | MdlMappingNoExecute);
        if (ring->page == NULL)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!NT_SUCCESS(status))
        unlock_view(ring);
    return status;
}

NTSTATUS sb_ring_map(struct sb_ring *ring)
{
    SIZE_T length = sb_ring_view_length(ring);
    NTSTATUS status;

    status = ZwMapViewOfSection(ring->section, ZwCurrentProcess(), &ring->view, 0, 0, NULL, &length,
                                ViewUnmap, 0, PAGE_READWRITE);
    if (!NT_SUCCESS(status))
        return status;
    status = lock_view(ring);
    if (!NT_SUCCESS(status))
        ZwUnmapViewOfSection(ZwCurrentProcess(), ring->view);
    return status;
}

void sb_ring_unmap(struct sb_ring *ring)
{
    ring->page = NULL;
    unlock_view(ring);
    ZwUnmapViewOfSection(ZwCurrentProcess(), ring->view);
}
