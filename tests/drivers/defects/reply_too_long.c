/* Says it wrote twice as much as the caller has room for. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    RtlZeroMemory(irp->AssociatedIrp.SystemBuffer, length);
#if DEFECT
    length *= 2;
#endif
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = length;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-too-long */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
