/* Sends a request on with the cancel routine that it had while it waited here. */
#define HAS_READ
#include "defect.h"

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

/* A second driver below would serve it; here the same device does. */
static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    IoSetCancelRoutine(irp, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIRP own = IoAllocateIrp(device->StackSize + 1, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    IoSetNextIrpStackLocation(own);
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCancelRoutine(own, cancel);
    if (!DEFECT)
        IoSetCancelRoutine(own, NULL);
    IoCallDriver(device, own); /* MISTAKE: irp-sent-with-cancel-routine */
    return complete(irp, STATUS_SUCCESS, 0);
}
