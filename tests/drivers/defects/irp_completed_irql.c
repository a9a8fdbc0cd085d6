/* Completes a request at a device's IRQL. */
#include "defect.h"

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: irp-completed-irql */
    KeLowerIrql(irql);
    return STATUS_SUCCESS;
}
