/* Maps pages that are mapped. */
/* CALLS: out-direct */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *target = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
#if DEFECT
    target = MmMapLockedPagesSpecifyCache(irp->MdlAddress, KernelMode, /* MISTAKE: mdl-map-twice */
                                          MmCached, NULL, FALSE, NormalPagePriority);
#endif
    if (!target)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(target, 16);
    return complete(irp, STATUS_SUCCESS, 16);
}
