/* Never looks at the output's length: the reply is longer than the buffer. CALLS: short */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    volatile ULONG *reply = irp->AssociatedIrp.SystemBuffer;
    if (!DEFECT && length < 14)
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    reply[3] = 0x72657669; /* MISTAKE: pool-overrun */
    return complete(irp, STATUS_SUCCESS, 0);
}
