/* Reads what stands before a block that begins at its page. SEQUENCE: underruns */
#include "defect.h"

static DEFECT_NOINLINE ULONG get(const volatile ULONG *at)
{
    return at[DEFECT ? -1 : 0]; /* MISTAKE: pool-underrun */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG *block = ExAllocatePoolWithTag(NonPagedPoolNx, 32, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    block[0] = 0;
    get(block);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
