/* Registers for processes at APC_LEVEL. */
#include "defect.h"

static VOID NTAPI notify(HANDLE parent, HANDLE process, BOOLEAN created)
{
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeRaiseIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL, &irql);
    NTSTATUS status = PsSetCreateProcessNotifyRoutine(notify, FALSE); /* MISTAKE: irql-ps-passive */
    KeLowerIrql(irql);
    if (NT_SUCCESS(status))
        PsSetCreateProcessNotifyRoutine(notify, TRUE);
    KeRaiseIrql(irql, &irql);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
