/* Reads a block that it has just freed. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG);
    ULONG value;
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    *block = 1;
#if DEFECT
    ExFreePoolWithTag((void *)block, DEFECT_TAG);
    value = *block; /* MISTAKE: use-after-free */
#else
    value = *block;
    ExFreePoolWithTag((void *)block, DEFECT_TAG);
#endif
    return complete(irp, STATUS_SUCCESS, value & 0);
}
