/* Frees an IRP of its own twice. */
#include "defect.h"

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIRP own = IoAllocateIrp(1, FALSE);
    if (own)
        IoFreeIrp(own);
    if (own && DEFECT)
        IoFreeIrp(own); /* MISTAKE: irp-freed-bad */
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}
