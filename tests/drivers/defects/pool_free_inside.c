/* Frees the pointer that it moved along the block. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG), *at = block;
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    at += DEFECT * 16;
    ExFreePoolWithTag(at, DEFECT_TAG); /* MISTAKE: pool-bad-free */
    return complete(irp, STATUS_SUCCESS, 0);
}
