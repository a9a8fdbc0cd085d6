/* Returns with a spin lock held where the length is not what it expects. */
#include "defect.h"

static KSPIN_LOCK lock;

/* The completion is another mistake while the lock is held, so a DPC does it. */
static PIRP queued;
static KDPC dpc;

static VOID NTAPI run(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    complete(queued, STATUS_SUCCESS, 0);
}

static NTSTATUS complete_quietly(PIRP irp)
{
    IoMarkIrpPending(irp);
    queued = irp;
    KeInitializeDpc(&dpc, run, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return STATUS_PENDING;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql); /* MISTAKE: lock-left-held */
    if (DEFECT && stack->Parameters.DeviceIoControl.InputBufferLength == 64)
        return complete_quietly(irp);
    KeReleaseSpinLock(&lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
