/* Does not leave a critical region. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KeEnterCriticalRegion(); /* MISTAKE: critical-region-left-open */
    if (!DEFECT)
        KeLeaveCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}
