/* Raises the IRQL to one below the current. HEADERS: own */
#define KfRaiseIrql header_KfRaiseIrql
#include "defect.h"
#undef KfRaiseIrql

/* The headers have it inline, with a write to cr8; newer kits import it. */
__declspec(dllimport) KIRQL NTAPI KfRaiseIrql(KIRQL irql);

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL old = KfRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL);
    KIRQL apc = KfRaiseIrql(APC_LEVEL); /* MISTAKE: irql-raise-lowers */
    KeLowerIrql(apc);
    KeLowerIrql(old);
    return complete(irp, STATUS_SUCCESS, 0);
}
