/* Never looks at the input's length: without input and output there is no buffer. CALLS: empty */
#include "defect.h"

static DEFECT_NOINLINE ULONG get(const volatile ULONG *input)
{
    return input[0]; /* MISTAKE: null-dereference */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (!DEFECT && stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
        return complete(irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    return complete(
        irp, get(irp->AssociatedIrp.SystemBuffer) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, 0);
}
