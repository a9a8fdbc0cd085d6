/* Frees with another tag than it allocated with. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExFreePoolWithTag(block, DEFECT ? 'rehT' : DEFECT_TAG); /* MISTAKE: pool-tag-mismatch */
    return complete(irp, STATUS_SUCCESS, 0);
}
