/* Sleeps at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    LARGE_INTEGER interval = {.QuadPart = -1};

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    KeDelayExecutionThread(KernelMode, FALSE, &interval); /* MISTAKE: irql-ke-apc */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
