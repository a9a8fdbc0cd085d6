/* Touches a request after it was completed: the I/O manager has freed it. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
#if DEFECT
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return ((volatile IRP *)irp)->IoStatus.Status; /* MISTAKE: irp-used-after-completion */
#else
    return complete(irp, STATUS_SUCCESS, 0);
#endif
}
