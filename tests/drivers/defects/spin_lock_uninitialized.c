/* Takes a spin lock in memory that is not zero. */
#include "defect.h"

static KSPIN_LOCK lock = 0x4141414141414141;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    if (!DEFECT)
        KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql); /* MISTAKE: lock-uninitialized */
    KeReleaseSpinLock(&lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
