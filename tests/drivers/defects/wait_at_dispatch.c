/* Waits for an event at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    static KEVENT event;
    LARGE_INTEGER timeout = {.QuadPart = -1};
    KeInitializeEvent(&event, NotificationEvent, TRUE);

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    KeWaitForSingleObject(&event, 0, 0, FALSE, &timeout); /* MISTAKE: wait-at-dispatch */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
