/* Leaves a critical region at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KeEnterCriticalRegion();

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    KeLeaveCriticalRegion(); /* MISTAKE: critical-region-leave-irql */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
