/* Uses one lock queue handle for two spin locks. */
#include "defect.h"

static KSPIN_LOCK lock, other;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KLOCK_QUEUE_HANDLE one, two, *handle = DEFECT ? &one : &two;

    KeAcquireInStackQueuedSpinLock(&lock, &one);
    KeAcquireInStackQueuedSpinLock(&other, handle); /* MISTAKE: queued-spin-lock-handle-in-use */
    KeReleaseInStackQueuedSpinLock(&two);
    KeReleaseInStackQueuedSpinLock(&one);
    return complete(irp, STATUS_SUCCESS, 0);
}
