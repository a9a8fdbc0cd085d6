/* Makes a UUID at APC_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    static UUID id;

    KeRaiseIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL, &irql);
    ExUuidCreate(&id); /* MISTAKE: irql-ex-passive */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
