/* Looks at an event after its handle, which was all that held it, was closed. */
#include "defect.h"

static DEFECT_NOINLINE LONG look(PKEVENT event)
{
    return *(volatile LONG *)&event->Header.SignalState; /* MISTAKE: object-used-after-free */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    PKEVENT event;
    HANDLE handle;
    LONG state = 0;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    status = ObReferenceObjectByHandle(handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode,
                                       (void **)&event, NULL);
    ZwClose(handle);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
#if DEFECT
    ObDereferenceObject(event);
    state = look(event);
#else
    state = look(event);
    ObDereferenceObject(event);
#endif
    return complete(irp, state ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS, 0);
}
