/* A cancel routine that does not release the cancel spin lock. SEQUENCE: cancel */
#include "defect.h"

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{ /* MISTAKE: cancel-spin-lock-kept */
    DbgPrint("cancelled\n");
    KIRQL irql = irp->CancelIrql;
    if (!DEFECT)
        IoReleaseCancelSpinLock(irql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    if (!DEFECT)
        IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel);
    return STATUS_PENDING;
}
