/* Takes a spin lock above DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KIRQL at;
    static KSPIN_LOCK lock;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    KeAcquireSpinLock(&lock, &at); /* MISTAKE: spin-lock-acquired-above-dispatch */
    KeReleaseSpinLock(&lock, at);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
