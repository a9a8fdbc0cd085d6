/* Frees nonpaged pool at a device's IRQL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    ExFreePoolWithTag(block, DEFECT_TAG); /* MISTAKE: pool-free-nonpaged-irql */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
