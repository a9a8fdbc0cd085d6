/* Waits in user mode for an event on its own stack, which may be paged out meanwhile. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KPROCESSOR_MODE mode = DEFECT ? UserMode : KernelMode;
    KeWaitForSingleObject(&event, Executive, mode, FALSE, 0); /* MISTAKE: wait-user-mode-stack */
    return complete(irp, STATUS_SUCCESS, 0);
}
