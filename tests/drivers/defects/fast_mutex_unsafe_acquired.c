/* Takes a fast mutex "unsafely" outside a critical region. */
#include "defect.h"

static FAST_MUTEX mutex;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    ExInitializeFastMutex(&mutex);
    if (!DEFECT)
        KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex); /* MISTAKE: fast-mutex-unsafe-acquired-apc */
    if (DEFECT)
        KeEnterCriticalRegion();
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}
