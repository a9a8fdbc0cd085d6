/* Writes where the caller says: any address of the kernel. */
#include "defect.h"

struct input {
    ULONG64 value;
    volatile ULONG64 *address;
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    const struct input *input = irp->AssociatedIrp.SystemBuffer;
    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*input))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
#if DEFECT
    *input->address = input->value; /* MISTAKE: request-pointer */
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}
