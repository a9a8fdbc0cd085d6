/* Copies the whole input to a small buffer on the stack, in a loop of its own. */
#include "defect.h"

/* In this order, so that the loop outlives what it overwrites. */
struct locals {
    const UCHAR *input;
    ULONG length, i;
    UCHAR small[16];
};

/* The fault is at the return, which belongs to the last line. */
static DEFECT_NOINLINE void take(const UCHAR *input, ULONG length)
{
    volatile struct locals locals = {input, length};
    if (!DEFECT && length > sizeof(locals.small))
        locals.length = sizeof(locals.small);
    for (locals.i = 0; locals.i < locals.length; locals.i++)
        locals.small[locals.i] = locals.input[locals.i];
} /* MISTAKE: stack-overrun */

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    take(irp->AssociatedIrp.SystemBuffer, stack->Parameters.DeviceIoControl.InputBufferLength);
    return complete(irp, STATUS_SUCCESS, 0);
}
