/* Copies a fresh pool block into the caller's own pages. */
/* CALLS: out-direct */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *target = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 32, DEFECT_TAG);
    if (!target || !block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(block, DEFECT ? 16 : 32);
    RtlCopyMemory(target, block, 32);
    ExFreePoolWithTag(block, DEFECT_TAG);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 32;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
