/* Answers with one byte of a pool block that nobody wrote, too little to be told by what it is,
 * beside a time and a random number, which are other ones in each answer. SEQUENCE: compared */
#include "defect.h"

struct session {
    ULONG number;
    UCHAR state;
};

struct answer {
    ULONG number, state, random;
    LARGE_INTEGER time;
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

static DEFECT_NOINLINE void fill(struct answer *answer, const struct session *session)
{
    RtlZeroMemory(answer, sizeof *answer);
    answer->number = session->number;
    answer->state = session->state;
    answer->time = KeQueryPerformanceCounter(NULL);
    answer->random = answer->time.LowPart;
    answer->random = RtlRandomEx(&answer->random);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct session *session = make_session();
    if (!session)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    fill(irp->AssociatedIrp.SystemBuffer, session);
    ExFreePoolWithTag(session, DEFECT_TAG);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = sizeof(struct answer);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
