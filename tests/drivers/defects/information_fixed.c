/* Says it gave 14 bytes, whatever the caller has room for. CALLS: small-output */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    static const CHAR reply[14] = "hello, driver";
    ULONG room = stack->Parameters.DeviceIoControl.OutputBufferLength;
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, reply, sizeof(reply));
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = DEFECT || room > sizeof(reply) ? sizeof(reply) : room;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-too-long */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
