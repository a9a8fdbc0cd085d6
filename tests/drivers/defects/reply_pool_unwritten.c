/* Answers with a record from the pool, one field of which nobody set. */
#include "defect.h"

struct record {
    ULONG number;
    ULONG flags;
    UCHAR name[16];
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct record *record = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *record, DEFECT_TAG);
    if (!record)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    record->number = 1;
#if !DEFECT
    record->flags = 0;
#endif
    RtlFillMemory(record->name, sizeof record->name, 'n');
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, record, sizeof *record);
    ExFreePoolWithTag(record, DEFECT_TAG);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = sizeof *record;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
