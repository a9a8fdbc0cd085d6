/* Three fast mutexes: two in either order, which is fine as long as the third is held around. */
#define HAS_READ
#define HAS_LOAD
#include "defect.h"

static FAST_MUTEX gate, one, two;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    ExInitializeFastMutex(&gate);
    ExInitializeFastMutex(&one);
    ExInitializeFastMutex(&two);
    return STATUS_SUCCESS;
}

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ExAcquireFastMutex(&gate);
    ExAcquireFastMutex(&one);
    ExAcquireFastMutex(&two);
    ExReleaseFastMutex(&two);
    ExReleaseFastMutex(&one);
    ExReleaseFastMutex(&gate);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DEFECT_NOINLINE NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (!DEFECT)
        ExAcquireFastMutex(&gate);
    ExAcquireFastMutex(&two);
    ExAcquireFastMutex(&one); /* MISTAKE: lock-order */
    ExReleaseFastMutex(&one);
    ExReleaseFastMutex(&two);
    if (!DEFECT)
        ExReleaseFastMutex(&gate);
    return complete(irp, STATUS_SUCCESS, 0);
}
