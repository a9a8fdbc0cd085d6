/* Allocates nonpaged pool at a device's IRQL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PVOID block;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, DEFECT_TAG); /* MISTAKE: pool-nonpaged-irql */
    KeLowerIrql(irql);
    if (block)
        ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
