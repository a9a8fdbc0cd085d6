/* Asks with UserMode for what a kernel handle of its own leads to. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    PKEVENT event;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    status = ObReferenceObjectByHandle(handle, /* MISTAKE: handle-kernel-as-user */
                                       EVENT_ALL_ACCESS, *ExEventObjectType,
                                       DEFECT ? UserMode : KernelMode, (void **)&event, NULL);
    if (NT_SUCCESS(status))
        ObDereferenceObject(event);
    ZwClose(handle);
    return complete(irp, status, 0);
}
