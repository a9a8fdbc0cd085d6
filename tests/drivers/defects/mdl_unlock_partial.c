/* Unlocks a partial MDL; the pages are locked by the whole one. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR *block = ExAllocatePoolWithTag(PagedPool, 64, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, 64, FALSE, FALSE, NULL) : NULL;
    PMDL part = mdl ? IoAllocateMdl(block, 32, FALSE, FALSE, NULL) : NULL;
    if (!part)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    IoBuildPartialMdl(mdl, part, block, 32);
#if DEFECT
    MmUnlockPages(part); /* MISTAKE: mdl-unlock-partial */
#endif
    IoFreeMdl(part);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
