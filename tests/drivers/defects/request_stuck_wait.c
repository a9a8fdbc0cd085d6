/* Waits for an event that nobody sets. SEQUENCE: stuck */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, !DEFECT);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); /* MISTAKE: request-stuck */
    return complete(irp, STATUS_SUCCESS, 0);
}
