/* Takes a spin lock as a queued one and releases it as a plain one. */
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    if (DEFECT)
        KeReleaseSpinLock(&lock, handle.OldIrql); /* MISTAKE: lock-kind-mismatch */
    else
        KeReleaseInStackQueuedSpinLock(&handle);
    return complete(irp, STATUS_SUCCESS, 0);
}
