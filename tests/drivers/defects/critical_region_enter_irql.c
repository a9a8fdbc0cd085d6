/* Enters a critical region at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    KeEnterCriticalRegion(); /* MISTAKE: critical-region-enter-irql */
    KeLowerIrql(irql);
    KeLeaveCriticalRegion();
    KeRaiseIrql(irql, &irql);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
