/* Takes a fast mutex that was never initialised. */
#include "defect.h"

static FAST_MUTEX mutex;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    if (!DEFECT)
        ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex); /* MISTAKE: lock-uninitialized */
    ExReleaseFastMutex(&mutex);
    return complete(irp, STATUS_SUCCESS, 0);
}
