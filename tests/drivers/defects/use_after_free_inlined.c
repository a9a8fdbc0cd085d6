/* Counts in a block that it has freed, by a routine that the compiler's headers put in line. */
#include "defect.h"

struct session {
    LONG volatile calls;
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct session *session = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *session, DEFECT_TAG);
    if (!session)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    session->calls = 0;
    if (DEFECT)
        ExFreePoolWithTag(session, DEFECT_TAG);
    InterlockedIncrement(&session->calls); /* MISTAKE: use-after-free */
    if (!DEFECT)
        ExFreePoolWithTag(session, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
