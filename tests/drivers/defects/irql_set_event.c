/* Sets an event at a device's IRQL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    static KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 3 : PASSIVE_LEVEL, &irql);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE); /* MISTAKE: irql-set-event */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
