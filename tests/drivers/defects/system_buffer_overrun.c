/* Believes the input to be longer than it is. */
#include "defect.h"

struct input {
    ULONG64 values[DEFECT ? 9 : 8]; /* the caller sends 64 bytes */
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    const volatile struct input *input = irp->AssociatedIrp.SystemBuffer;
    ULONG64 sum = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(input->values); i++)
        sum += input->values[i]; /* MISTAKE: pool-overrun */
    return complete(irp, STATUS_SUCCESS, sum & 0);
}
