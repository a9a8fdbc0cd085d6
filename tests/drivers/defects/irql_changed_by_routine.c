/* A DPC routine that returns at PASSIVE_LEVEL. HEADERS: own */
#define KeLowerIrql header_KeLowerIrql
#include "defect.h"
#undef KeLowerIrql

/* The headers have it inline, with a write to cr8; newer kits import it. */
__declspec(dllimport) VOID NTAPI KeLowerIrql(KIRQL irql);

static KDPC dpc;

static VOID NTAPI run(PKDPC self, PVOID context, PVOID one, PVOID two)
{ /* MISTAKE: irql-changed-by-routine */
    if (DEFECT)
        KeLowerIrql(PASSIVE_LEVEL);
    DEFECT_KEEP_FRAME();
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KeInitializeDpc(&dpc, run, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
