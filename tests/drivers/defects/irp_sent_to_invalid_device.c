/* Sends an IRP to the driver object. */
#include "defect.h"

static NTSTATUS NTAPI stop(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIRP own = IoAllocateIrp(device->StackSize, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    PVOID target = DEFECT ? (PVOID)device->DriverObject : (PVOID)device;
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(own, stop, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(target, own); /* MISTAKE: irp-sent-to-invalid-device */
    IoFreeIrp(own);
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}
