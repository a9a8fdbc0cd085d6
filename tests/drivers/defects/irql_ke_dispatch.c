/* Sets a timer above DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    static KTIMER timer;
    LARGE_INTEGER due = {.QuadPart = -10000000};
    KeInitializeTimer(&timer);

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : PASSIVE_LEVEL, &irql);
    KeSetTimer(&timer, due, NULL); /* MISTAKE: irql-ke-dispatch */
    KeLowerIrql(irql);
    KeCancelTimer(&timer);
    KeRaiseIrql(irql, &irql);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
