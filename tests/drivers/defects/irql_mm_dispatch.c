/* Asks for an address above DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : PASSIVE_LEVEL, &irql);
    BOOLEAN valid = MmIsAddressValid(&irql); /* MISTAKE: irql-mm-dispatch */
    (void)valid;
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
