/* Completes a request with a spin lock held. */
#include "defect.h"

static KSPIN_LOCK lock;

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    KeAcquireSpinLock(&lock, &irql);
    if (!DEFECT)
        KeReleaseSpinLock(&lock, irql);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: irp-completed-holding-spin-lock */
    if (DEFECT)
        KeReleaseSpinLock(&lock, irql);
    return STATUS_SUCCESS;
}
