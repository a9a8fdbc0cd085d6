/* Describes the caller's memory as if it were nonpaged pool. */
/* CALLS: neither */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG);
    PMDL mdl =
        block ? IoAllocateMdl(DEFECT ? irp->UserBuffer : block, 64, FALSE, FALSE, NULL) : NULL;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmBuildMdlForNonPagedPool(mdl); /* MISTAKE: mdl-build-pageable */
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
