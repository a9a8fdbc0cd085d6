/* Clears one element more than the block holds. */
#include "defect.h"

enum { COUNT = 8, CLEARED = COUNT + DEFECT };

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *block =
        ExAllocatePoolWithTag(NonPagedPoolNx, COUNT * sizeof(ULONG), DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    for (ULONG i = 0; i < CLEARED; i++)
        block[i] = 0; /* MISTAKE: pool-overrun */
    ExFreePoolWithTag((void *)block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
