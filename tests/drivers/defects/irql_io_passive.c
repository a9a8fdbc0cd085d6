/* Deletes a symbolic link at APC_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\??\\DefectOther");

    KeRaiseIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL, &irql);
    IoDeleteSymbolicLink(&name); /* MISTAKE: irql-io-passive */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
