/* Looks a process up at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PEPROCESS process;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    NTSTATUS status =
        PsLookupProcessByProcessId(PsGetCurrentProcessId(), &process); /* MISTAKE: irql-api */
    if (NT_SUCCESS(status))
        ObDereferenceObject(process);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
