/* Uses a handle that it has closed. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    void *event;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
#if DEFECT
    ZwClose(handle);
#endif
    status = ObReferenceObjectByHandle(handle, 0, /* MISTAKE: handle-bad */
                                       *ExEventObjectType, KernelMode, &event, NULL);
    if (NT_SUCCESS(status))
        ObDereferenceObject(event);
#if !DEFECT
    ZwClose(handle);
#endif
    return complete(irp, status, 0);
}
