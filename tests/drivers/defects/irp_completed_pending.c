/* Completes a request with STATUS_PENDING. */
#include "defect.h"

static volatile LONG done; /* so that the call is not the last thing */

static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    irp->IoStatus.Information = 0;
    irp->IoStatus.Status = DEFECT ? STATUS_PENDING : STATUS_SUCCESS;
    NTSTATUS status = irp->IoStatus.Status;
    if (DEFECT)
        IoMarkIrpPending(irp);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: irp-completed-pending */
    done++;
    return status;
}
