/* Unlocks pages above DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(PagedPool, 64, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, 64, FALSE, FALSE, NULL) : NULL;
    KIRQL irql;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : PASSIVE_LEVEL, &irql);
    MmUnlockPages(mdl); /* MISTAKE: mdl-unlock-irql */
    KeLowerIrql(irql);

    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
