/*
 * An anonymous section of the driver's; one view in the caller; a second one made by a system
 * thread in the System process, locked by an MDL whose system address is good in any context.
 */
#include "memory.h"

static HANDLE section;
static PMDL mdl;
static void *system_view;
static volatile UCHAR *system_address;
static KEVENT mapped, stop;
static PKTHREAD thread;

static VOID NTAPI hold_view(PVOID context)
{
    SIZE_T size = 0;
    (void)context;
    CHECK_STATUS(STATUS_SUCCESS, ZwMapViewOfSection(section, ZwCurrentProcess(), &system_view, 0, 0,
                                                    NULL, &size, ViewUnmap, 0, PAGE_READWRITE));
    mdl = IoAllocateMdl(system_view, (ULONG)size, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    system_address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(system_address != NULL);
    KeSetEvent(&mapped, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&stop, Executive, KernelMode, FALSE, NULL);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), system_view));
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS share_page(void **address)
{
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER size = {.QuadPart = PAGE_SIZE};
    SIZE_T view_size = 0;
    void *view = NULL;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateSection(&section, SECTION_ALL_ACCESS, &attributes, &size,
                                      PAGE_READWRITE, SEC_COMMIT, NULL);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeEvent(&mapped, NotificationEvent, FALSE);
    KeInitializeEvent(&stop, NotificationEvent, FALSE);
    thread = start_thread(hold_view, NULL);
    KeWaitForSingleObject(&mapped, Executive, KernelMode, FALSE, NULL);
    status = ZwMapViewOfSection(section, ZwCurrentProcess(), &view, 0, 0, NULL, &view_size,
                                ViewUnmap, 0, PAGE_READWRITE);
    system_address[1] = 0x21;
    CHECK(view != system_view);
    *address = view;
    return status;
}

NTSTATUS look_at_shared_page(UCHAR *value)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    UCHAR seen = system_address[0];
    KeLowerIrql(irql);
    *value = seen;
    return STATUS_SUCCESS;
}

void unshare_page(void)
{
    if (!thread)
        return;
    KeSetEvent(&stop, IO_NO_INCREMENT, FALSE);
    join(thread);
    ZwClose(section);
}
