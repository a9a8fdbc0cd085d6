/* Restores the IRQL with the first of two spin locks, while the second is held. */
#include "defect.h"

static KSPIN_LOCK lock, other;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL first, second;

    KeAcquireSpinLock(&lock, &first);
    KeAcquireSpinLock(&other, &second);
    KeReleaseSpinLock(&lock, DEFECT ? first : second); /* MISTAKE: spin-lock-held-below-dispatch */
    KeRaiseIrql(DISPATCH_LEVEL, &second);
    KeReleaseSpinLock(&other, first);
    return complete(irp, STATUS_SUCCESS, 0);
}
