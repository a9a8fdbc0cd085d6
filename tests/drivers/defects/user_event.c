/* Sets an event that lies in user memory. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = STATUS_SUCCESS;
    KEVENT local;
    PKEVENT event = DEFECT ? irp->UserBuffer : &local;
    __try {
        ProbeForWrite(irp->UserBuffer, sizeof *event, 8);
        KeInitializeEvent(event, /* MISTAKE: user-memory-to-kernel-routine */
                          NotificationEvent, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
