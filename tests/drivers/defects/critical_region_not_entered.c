/* Leaves a critical region that it is not in. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (!DEFECT)
        KeEnterCriticalRegion();
    KeLeaveCriticalRegion(); /* MISTAKE: critical-region-not-entered */
    return complete(irp, STATUS_SUCCESS, 0);
}
