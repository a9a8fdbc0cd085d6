/* Compares Unicode strings without regard to case at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    UNICODE_STRING one = RTL_CONSTANT_STRING(L"one");
    UNICODE_STRING other = RTL_CONSTANT_STRING(L"ONE");

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    BOOLEAN same = RtlEqualUnicodeString(&one, &other, TRUE); /* MISTAKE: irql-rtl-passive */
    (void)same;
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
