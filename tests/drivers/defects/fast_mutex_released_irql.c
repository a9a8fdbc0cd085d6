/* Releases a fast mutex at DISPATCH_LEVEL. */
#include "defect.h"

static FAST_MUTEX mutex;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    if (DEFECT)
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExReleaseFastMutex(&mutex); /* MISTAKE: fast-mutex-released-irql */
    return complete(irp, STATUS_SUCCESS, 0);
}
