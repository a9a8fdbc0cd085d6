/* Releases a spin lock at PASSIVE_LEVEL. */
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    if (DEFECT)
        KeLowerIrql(irql);
    KeReleaseSpinLock(&lock, irql); /* MISTAKE: spin-lock-released-irql */
    return complete(irp, STATUS_SUCCESS, 0);
}
