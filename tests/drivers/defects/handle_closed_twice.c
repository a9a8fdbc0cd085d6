/* Closes its handle twice. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    ZwClose(handle);
#if DEFECT
    ZwClose(handle); /* MISTAKE: handle-close-invalid */
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}
