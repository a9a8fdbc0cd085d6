/* Calls what lies in memory that holds no code. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DEFECT_TAG);
    NTSTATUS (*volatile code)(void) = (NTSTATUS(*)(void))block;
    NTSTATUS status = STATUS_SUCCESS;
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    block[0] = 0xC3;
#if DEFECT
    status = code(); /* MISTAKE: wild-call */
#endif
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, status & 0, 0);
}
