/* Divides by a number of the caller's. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG parts = *(const ULONG *)irp->AssociatedIrp.SystemBuffer & 0;
    volatile ULONG share = 0;
    if (DEFECT || parts)
        share = 100 / parts; /* MISTAKE: unhandled-exception */
    return complete(irp, STATUS_SUCCESS, share & 0);
}
