/* Waits for rundown protection at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    static EX_RUNDOWN_REF reference;
    ExInitializeRundownProtection(&reference);

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    ExWaitForRundownProtectionRelease(&reference); /* MISTAKE: irql-ex-apc */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
