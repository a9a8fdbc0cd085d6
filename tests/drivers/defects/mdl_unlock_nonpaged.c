/* Unlocks nonpaged pool, which was never locked. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, 64, FALSE, FALSE, NULL) : NULL;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmBuildMdlForNonPagedPool(mdl);
#if DEFECT
    MmUnlockPages(mdl); /* MISTAKE: mdl-unlock-nonpaged */
#endif
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
