/* Takes a spin lock "at DPC level" below it. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KIRQL at;
    static KSPIN_LOCK lock;

    KeRaiseIrql(DEFECT ? PASSIVE_LEVEL : DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&lock); /* MISTAKE: spin-lock-acquired-below-dispatch */
    KeRaiseIrql(DISPATCH_LEVEL, &at);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
