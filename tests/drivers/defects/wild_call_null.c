/* Calls a routine that nobody registered. */
#include "defect.h"

static NTSTATUS (*volatile callback)(void *context);

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (DEFECT || callback)
        status = callback(device); /* MISTAKE: wild-call */
    return complete(irp, status, 0);
}
