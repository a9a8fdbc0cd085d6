/* Copies the whole input to a small buffer on the stack. */
#include "defect.h"

static DEFECT_NOINLINE UCHAR take(const void *input, ULONG length)
{
    volatile UCHAR small[16];
#if !DEFECT
    if (length > sizeof(small))
        length = sizeof(small);
#endif
    memcpy((void *)small, input, length); /* MISTAKE: stack-overrun */
    return small[0];
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR first =
        take(irp->AssociatedIrp.SystemBuffer, stack->Parameters.DeviceIoControl.InputBufferLength);
    return complete(irp, STATUS_SUCCESS, first & 0);
}
