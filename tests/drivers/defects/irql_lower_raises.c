/* "Lowers" the IRQL to one above the current. HEADERS: own */
#define KeLowerIrql header_KeLowerIrql
#include "defect.h"
#undef KeLowerIrql

/* The headers have it inline, with a write to cr8; newer kits import it. */
__declspec(dllimport) VOID NTAPI KeLowerIrql(KIRQL irql);

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KeLowerIrql(DEFECT ? APC_LEVEL : PASSIVE_LEVEL); /* MISTAKE: irql-lower-raises */
    return complete(irp, STATUS_SUCCESS, 0);
}
