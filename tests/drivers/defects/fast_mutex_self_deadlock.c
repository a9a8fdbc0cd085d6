/* Takes a fast mutex twice. */
#include "defect.h"

static FAST_MUTEX mutex;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    if (DEFECT)
        ExAcquireFastMutex(&mutex); /* MISTAKE: lock-self-deadlock */
    ExReleaseFastMutex(&mutex);
    return complete(irp, STATUS_SUCCESS, 0);
}
