/* Makes a handle for itself in the table of whatever process calls. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, NULL, DEFECT ? 0 : OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateEvent(&handle, EVENT_ALL_ACCESS, /* MISTAKE: handle-not-kernel */
                                    &attributes, NotificationEvent, FALSE);
    if (NT_SUCCESS(status))
        ZwClose(handle);
    return complete(irp, status, 0);
}
