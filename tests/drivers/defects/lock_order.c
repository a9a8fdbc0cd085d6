/* Takes two spin locks in one order for control requests and in the other for reads. */
#define HAS_READ
#include "defect.h"

static KSPIN_LOCK queue_lock, state_lock;

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KeAcquireSpinLock(&queue_lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&state_lock);
    KeReleaseSpinLockFromDpcLevel(&state_lock);
    KeReleaseSpinLock(&queue_lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DEFECT_NOINLINE NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KeAcquireSpinLock(DEFECT ? &state_lock : &queue_lock, &irql);
    KeAcquireSpinLockAtDpcLevel(DEFECT ? &queue_lock : &state_lock); /* MISTAKE: lock-order */
    KeReleaseSpinLockFromDpcLevel(DEFECT ? &queue_lock : &state_lock);
    KeReleaseSpinLock(DEFECT ? &state_lock : &queue_lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
