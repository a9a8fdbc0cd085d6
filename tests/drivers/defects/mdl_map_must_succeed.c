/* Maps the caller's pages by the old routine, which stops the system when it cannot. */
/* CALLS: out-direct */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *target;
#if DEFECT
    target = MmMapLockedPages(irp->MdlAddress, KernelMode); /* MISTAKE: mdl-map-must-succeed */
#else
    target = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
#endif
    if (!target)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(target, 16);
    return complete(irp, STATUS_SUCCESS, 16);
}
