/* Waits for an event that was never initialised. */
#include "defect.h"

static KEVENT event;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    LARGE_INTEGER timeout = {.QuadPart = -1000};

    if (!DEFECT)
        KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForSingleObject(&event, 0, 0, FALSE, &timeout); /* MISTAKE: wait-object-uninitialized */
    return complete(irp, STATUS_SUCCESS, 0);
}
