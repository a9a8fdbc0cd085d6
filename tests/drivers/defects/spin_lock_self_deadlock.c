/* Takes a spin lock twice. */
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    if (DEFECT) {
        KIRQL again;
        KeAcquireSpinLock(&lock, &again); /* MISTAKE: lock-self-deadlock */
        KeReleaseSpinLock(&lock, again);
    }
    KeReleaseSpinLock(&lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
