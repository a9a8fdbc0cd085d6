/* A read that says it gave more than was asked for. */
/* CALLS: read */
#define HAS_READ
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG length = stack->Parameters.Read.Length;
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, length, 7);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = length + DEFECT;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-too-long */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
