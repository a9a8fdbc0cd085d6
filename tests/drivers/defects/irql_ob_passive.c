/* Looks a handle up at APC_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PVOID object;

    KeRaiseIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL, &irql);
    ObReferenceObjectByHandle((HANDLE)4, 0, NULL, KernelMode, &object,
                              NULL); /* MISTAKE: irql-ob-passive */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
