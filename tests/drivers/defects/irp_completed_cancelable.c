/* Completes a request with its cancel routine set. */
#include "defect.h"

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

static volatile LONG done; /* so that the call is not the last thing */

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    IoSetCancelRoutine(irp, cancel);
    if (!DEFECT)
        IoSetCancelRoutine(irp, NULL);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: irp-completed-with-cancel-routine */
    done++;
    return STATUS_SUCCESS;
}
