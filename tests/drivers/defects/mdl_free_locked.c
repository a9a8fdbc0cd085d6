/* Frees an MDL and forgets to unlock its pages. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(PagedPool, 64, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, 64, FALSE, FALSE, NULL) : NULL;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
#if !DEFECT
    MmUnlockPages(mdl);
#endif
    IoFreeMdl(mdl); /* MISTAKE: mdl-free-locked */
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
