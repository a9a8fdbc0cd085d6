/* Frees the request of its caller. */
#include "defect.h"

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (DEFECT)
        IoFreeIrp(irp); /* MISTAKE: irp-freed-threaded */
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}
