/* Frees the request's own MDL. */
/* CALLS: out-direct */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *target = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (!target)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(target, 16);
#if DEFECT
    IoFreeMdl(irp->MdlAddress); /* MISTAKE: mdl-of-irp */
#endif
    return complete(irp, STATUS_SUCCESS, 16);
}
