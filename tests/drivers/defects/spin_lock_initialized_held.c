/* Initialises a spin lock while it holds it. */
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    if (DEFECT)
        KeInitializeSpinLock(&lock);
    KeReleaseSpinLock(&lock, irql); /* MISTAKE: lock-initialized-while-held */
    return complete(irp, STATUS_SUCCESS, 0);
}
