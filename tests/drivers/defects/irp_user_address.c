/* Gives the caller's buffer to another driver in a request of its own. CALLS: neither */
#define HAS_READ
#include "defect.h"

static UCHAR buffer[16];

static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIRP own = IoAllocateIrp(1, FALSE);
    if (!own)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    own->RequestorMode = KernelMode;
    own->UserBuffer = DEFECT ? irp->UserBuffer : buffer;
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(own, completed, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(device, own); /* MISTAKE: irp-kernel-mode-user-address */
    return complete(irp, STATUS_SUCCESS, 0);
}
