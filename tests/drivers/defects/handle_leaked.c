/* Leaves a kernel handle open when it is unloaded. */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static HANDLE handle;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateEvent(&handle, /* MISTAKE: handle-leaked-at-unload */
                                    EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
#if !DEFECT
    ZwClose(handle);
#endif
}
