/* Changes a constant. */
#include "defect.h"

static const ULONG limits[4] = {100, 200, 300, 400};
static ULONG counts[4];

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *where = DEFECT ? (volatile ULONG *)limits : counts;
    where[1] = 250; /* MISTAKE: write-to-read-only */
    return complete(irp, STATUS_SUCCESS, 0);
}
