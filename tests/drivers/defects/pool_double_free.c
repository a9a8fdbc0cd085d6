/* Frees a block on an error path and again at the end. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 100, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExFreePoolWithTag(block, DEFECT_TAG);
#if DEFECT
    ExFreePoolWithTag(block, DEFECT_TAG); /* MISTAKE: pool-double-free */
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}
