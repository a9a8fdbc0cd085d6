/* Frees an IRP of its own that the driver it was sent to still has. */
#define HAS_READ
#include "defect.h"

static PIRP pended;

static NTSTATUS NTAPI stop(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (irp->RequestorMode != KernelMode || stack->FileObject)
        return complete(irp, STATUS_SUCCESS, 0);
    IoMarkIrpPending(irp);
    pended = irp;
    return STATUS_PENDING;
}

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIRP own = IoAllocateIrp(device->StackSize, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(own, stop, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(device, own);
    if (!DEFECT)
        complete(pended, STATUS_SUCCESS, 0);
    IoFreeIrp(own); /* MISTAKE: irp-freed-in-use */
    if (DEFECT) {
        complete(pended, STATUS_SUCCESS, 0);
        IoFreeIrp(own);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}
