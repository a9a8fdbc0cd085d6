/* Closes a handle while it holds a fast mutex. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);

    KeRaiseIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL, &irql);
    ZwClose(handle); /* MISTAKE: irql-zw-passive */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
