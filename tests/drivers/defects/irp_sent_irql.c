/* Sends an IRP at a device's IRQL. */
#include "defect.h"

static NTSTATUS NTAPI stop(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PIRP own = IoAllocateIrp(device->StackSize, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(own, stop, NULL, TRUE, TRUE, TRUE);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    IoCallDriver(device, own); /* MISTAKE: irp-sent-irql */
    KeLowerIrql(irql);
    IoFreeIrp(own);
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}
