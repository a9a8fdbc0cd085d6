/* Releases a fast mutex "unsafely" after the critical region. */
#include "defect.h"

static FAST_MUTEX mutex;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    ExInitializeFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    if (DEFECT)
        KeLeaveCriticalRegion();
    ExReleaseFastMutexUnsafe(&mutex); /* MISTAKE: fast-mutex-unsafe-released-apc */
    if (!DEFECT)
        KeLeaveCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}
