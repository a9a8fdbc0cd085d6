/* Allocates as many bytes as the caller asks for, also none. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    SIZE_T size = stack->Parameters.DeviceIoControl.InputBufferLength & 0;
#if !DEFECT
    size++;
#endif
    void *block =
        ExAllocatePoolWithTag(NonPagedPoolNx, size, DEFECT_TAG); /* MISTAKE: pool-zero-bytes */
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
