/* Takes a fast mutex at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    static FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    ExAcquireFastMutex(&mutex); /* MISTAKE: fast-mutex-acquired-irql */
    ExReleaseFastMutex(&mutex);
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
