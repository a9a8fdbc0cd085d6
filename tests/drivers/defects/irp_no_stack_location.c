/* Sends on a request that has no location left. */
#include "defect.h"

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (DEFECT)
        IoCallDriver(device, irp); /* MISTAKE: irp-no-stack-location */
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}
