/* Unmaps pages above DISPATCH_LEVEL. */
/* CALLS: out-direct */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *target = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    KIRQL irql;
    if (!target)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(target, 16);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    MmUnmapLockedPages(target, irp->MdlAddress); /* MISTAKE: mdl-unmap-irql */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 16);
}
