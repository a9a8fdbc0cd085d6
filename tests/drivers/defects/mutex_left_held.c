/* Returns with a mutex held. */
#include "defect.h"

static KMUTEX mutex;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    KeInitializeMutex(&mutex, 0);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL); /* MISTAKE: lock-left-held */
    if (!DEFECT)
        KeReleaseMutex(&mutex, FALSE);
    return complete(irp, STATUS_SUCCESS, 0);
}
