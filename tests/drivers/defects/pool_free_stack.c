/* Frees a buffer that is on the stack when it was large enough. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR small[256];
    ULONG wanted = stack->Parameters.DeviceIoControl.InputBufferLength;
    UCHAR *buffer = small;
    if (wanted > sizeof(small))
        buffer = ExAllocatePoolWithTag(NonPagedPoolNx, wanted, DEFECT_TAG);
    if (!buffer)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(buffer, wanted);
    if (DEFECT || buffer != small)
        ExFreePoolWithTag(buffer, DEFECT_TAG); /* MISTAKE: pool-bad-free */
    return complete(irp, STATUS_SUCCESS, 0);
}
