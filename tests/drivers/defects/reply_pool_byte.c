/* Answers with one byte of a pool block that nobody wrote, too little to be told by what it is.
 * SEQUENCE: compared */
#include "defect.h"

struct session {
    ULONG number;
    UCHAR state;
};

static DEFECT_NOINLINE struct session *make_session(void)
{
    struct session *session = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *session, DEFECT_TAG);
    if (session)
        session->number = 1;
    if (session && !DEFECT)
        session->state = 2;
    return session;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR *reply = irp->AssociatedIrp.SystemBuffer;
    struct session *session = make_session();
    if (!session)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    reply[0] = (UCHAR)session->number;
    reply[1] = session->state;
    ExFreePoolWithTag(session, DEFECT_TAG);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 2;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
