/* Trims a text from its end without a look at where it begins: found when the block is freed. */
#include "defect.h"

enum { SIZE = 32 };

static DEFECT_NOINLINE void trim(volatile CHAR *text, LONG length)
{
    while (length > (DEFECT ? -4 : 0))
        text[--length] = 0;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    CHAR *text = ExAllocatePoolWithTag(NonPagedPoolNx, SIZE, DEFECT_TAG);
    if (!text)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    trim(text, SIZE);
    ExFreePoolWithTag(text, DEFECT_TAG); /* MISTAKE: pool-underrun-at-free */
    return complete(irp, STATUS_SUCCESS, 0);
}
