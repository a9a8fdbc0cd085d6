/* Gives the caller the device object's address as if it were a number for it. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG64 *reply = irp->AssociatedIrp.SystemBuffer;
    reply[0] = 1;
    reply[1] = DEFECT ? (ULONG64)device : 2;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 2 * sizeof *reply;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: kernel-address-disclosed */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
