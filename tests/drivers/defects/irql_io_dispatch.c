/* Allocates a work item above DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : PASSIVE_LEVEL, &irql);
    PIO_WORKITEM item = IoAllocateWorkItem(device); /* MISTAKE: irql-io-dispatch */
    KeLowerIrql(irql);
    if (item)
        IoFreeWorkItem(item);
    KeRaiseIrql(irql, &irql);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
