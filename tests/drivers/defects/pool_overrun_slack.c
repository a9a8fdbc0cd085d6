/* Writes one byte beyond a block whose size is no multiple of 16: found when it is freed. */
#include "defect.h"

enum { SIZE = 20 };

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, SIZE, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    for (ULONG i = 0; i < SIZE + DEFECT; i++)
        block[i] = 0;
    ExFreePoolWithTag((void *)block, DEFECT_TAG); /* MISTAKE: pool-overrun-at-free */
    return complete(irp, STATUS_SUCCESS, 0);
}
