/* Frees an IRP as if it were a pool block. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    IRP *own = IoAllocateIrp(1, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
#if DEFECT
    ExFreePool(own); /* MISTAKE: pool-free-irp */
#else
    IoFreeIrp(own);
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}
