/* Locks a user buffer at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"KeSetEvent");

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    PVOID address = MmGetSystemRoutineAddress(&name); /* MISTAKE: irql-mm-apc */
    (void)address;
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
