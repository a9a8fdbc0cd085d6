/* Completes a request twice. */
#include "defect.h"

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    complete(irp, STATUS_SUCCESS, 0);
    if (DEFECT)
        IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: irp-completed-twice */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
