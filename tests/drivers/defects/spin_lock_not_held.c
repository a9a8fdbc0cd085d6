/* Releases a spin lock twice. */
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    KeReleaseSpinLock(&lock, irql);
    if (DEFECT) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeReleaseSpinLock(&lock, irql); /* MISTAKE: lock-released-not-held */
    }
    return complete(irp, STATUS_SUCCESS, 0);
}
