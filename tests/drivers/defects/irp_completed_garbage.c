/* Completes a request with a status that was never set. */
#include "defect.h"

static volatile LONG done; /* so that the call is not the last thing */

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = DEFECT ? (NTSTATUS)0xFFFFFFFF : STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: irp-completed-garbage-status */
    done++;
    return status;
}
