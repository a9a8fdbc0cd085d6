/* Maps pages without locking them. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR *block = ExAllocatePoolWithTag(PagedPool, 64, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, 64, FALSE, FALSE, NULL) : NULL;
    void *mapped;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
#if DEFECT
    MmUnlockPages(mdl);
#endif
    mapped = MmMapLockedPagesSpecifyCache(mdl, KernelMode, /* MISTAKE: mdl-map-not-locked */
                                          MmCached, NULL, FALSE, NormalPagePriority);
    if (mapped)
        MmUnmapLockedPages(mapped, mdl);
#if !DEFECT
    MmUnlockPages(mdl);
#endif
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
