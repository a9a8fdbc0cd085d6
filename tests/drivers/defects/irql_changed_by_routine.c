/* A DPC routine that returns at PASSIVE_LEVEL. */
#include "defect.h"

static KDPC dpc;

static VOID NTAPI run(PKDPC self, PVOID context, PVOID one, PVOID two)
{ /* MISTAKE: irql-changed-by-routine */
    if (DEFECT)
        KeLowerIrql(PASSIVE_LEVEL);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KeInitializeDpc(&dpc, run, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
