/* Writes behind a block of several pages. */
#include "defect.h"

enum { SIZE = 3 * PAGE_SIZE };

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, SIZE, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    for (ULONG i = 0; i < SIZE + DEFECT; i++)
        block[i] = 0; /* MISTAKE: pool-overrun */
    ExFreePoolWithTag((void *)block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
