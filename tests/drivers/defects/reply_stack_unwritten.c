/* Answers with a structure on the stack, part of which nobody set. */
#include "defect.h"

struct record {
    ULONG number;
    UCHAR name[28];
};

static DEFECT_NOINLINE void fill(struct record *record)
{
    record->number = 1;
    RtlFillMemory(record->name, DEFECT ? 12 : sizeof record->name, 'n');
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct record record;
    fill(&record);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &record, sizeof record);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = sizeof record;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
