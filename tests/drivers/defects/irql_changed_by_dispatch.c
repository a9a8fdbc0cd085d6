/* Returns at DISPATCH_LEVEL. HEADERS: own */
#define KfRaiseIrql header_KfRaiseIrql
#include "defect.h"
#undef KfRaiseIrql

/* The headers have it inline, with a write to cr8; newer kits import it. */
__declspec(dllimport) KIRQL NTAPI KfRaiseIrql(KIRQL irql);

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL); /* MISTAKE: irql-changed-by-dispatch */
    if (!DEFECT)
        KeLowerIrql(old);
    return complete(irp, STATUS_SUCCESS, 0);
}
