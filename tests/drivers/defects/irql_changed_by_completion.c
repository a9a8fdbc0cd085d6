/* A completion routine that returns at another IRQL than it was called at. */
#define HAS_READ
#include "defect.h"

static DEFECT_NOINLINE void raise(void)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
}

static NTSTATUS NTAPI stop(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{ /* MISTAKE: irql-changed-by-completion */
    if (DEFECT)
        raise();
    DEFECT_KEEP_FRAME();
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
    IoCallDriver(device, own);
    IoFreeIrp(own);
    return complete(irp, STATUS_SUCCESS, 0);
}
