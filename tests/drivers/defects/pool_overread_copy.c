/* Copies more from a block than it holds: what lies behind goes to the caller. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    UCHAR *version = ExAllocatePoolWithTag(PagedPool, 40, DEFECT_TAG);
    if (!version)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(version, 40);
#if !DEFECT
    if (length > 40)
        length = 40;
#endif
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, version, length); /* MISTAKE: pool-overrun */
    ExFreePoolWithTag(version, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, length);
}
