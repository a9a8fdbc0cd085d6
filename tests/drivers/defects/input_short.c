/* Reads five fields from an input that has one. CALLS: short */
#include "defect.h"

static DEFECT_NOINLINE ULONG get(const volatile ULONG *input)
{
    return input[4]; /* MISTAKE: pool-overrun */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (!DEFECT && stack->Parameters.DeviceIoControl.InputBufferLength < 5 * sizeof(ULONG))
        return complete(irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    return complete(
        irp, get(irp->AssociatedIrp.SystemBuffer) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, 0);
}
