/* Frees an MDL of nonpaged pool while it is mapped a second time. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, 64, FALSE, FALSE, NULL) : NULL;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmBuildMdlForNonPagedPool(mdl);
    void *mapped =
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
#if !DEFECT
    if (mapped)
        MmUnmapLockedPages(mapped, mdl);
#endif
    IoFreeMdl(mdl); /* MISTAKE: mdl-free-mapped */
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, mapped ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES, 0);
}
