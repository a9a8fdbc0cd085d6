/* Prints a Unicode string at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    DbgPrint("%ws\n", L"text"); /* MISTAKE: print-unicode-irql */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
