/* Looks a handle up at APC_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PVOID out = NULL;
    HANDLE self = ZwCurrentProcess();
    POBJECT_TYPE type = *PsProcessType;

    KeRaiseIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL, &irql);
    ObReferenceObjectByHandle(self, 0, type, 0, &out, NULL); /* MISTAKE: irql-ob-passive */
    KeLowerIrql(irql);
    if (out)
        ObDereferenceObject(out);
    return complete(irp, STATUS_SUCCESS, 0);
}
