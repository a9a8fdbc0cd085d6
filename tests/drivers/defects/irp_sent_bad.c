/* Sends on what is no IRP. */
#define HAS_READ
#include "defect.h"

static NTSTATUS NTAPI stop(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIRP own = IoAllocateIrp(device->StackSize, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(own, stop, NULL, TRUE, TRUE, TRUE);
    PVOID sent = DEFECT ? (PVOID)stack : (PVOID)own;
    IoCallDriver(device, sent); /* MISTAKE: irp-sent-bad */
    IoFreeIrp(own);
    return complete(irp, STATUS_SUCCESS, 0);
}
