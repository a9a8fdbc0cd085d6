/* Looks for a terminator that the block need not hold. */
#include "defect.h"

enum { SIZE = 48 };

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(PagedPool, SIZE, DEFECT_TAG);
    ULONG length = 0;
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    for (ULONG i = 0; i < SIZE; i++)
        block[i] = 'x';
#if !DEFECT
    block[SIZE - 1] = 0;
#endif
    while (block[length] != 0) /* MISTAKE: pool-overrun */
        length++;
    ExFreePoolWithTag((void *)block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
