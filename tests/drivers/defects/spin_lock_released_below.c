/* Releases a spin lock "from DPC level" below it. */
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    if (DEFECT)
        KeLowerIrql(irql);
    KeReleaseSpinLockFromDpcLevel(&lock); /* MISTAKE: spin-lock-released-below-dispatch */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
