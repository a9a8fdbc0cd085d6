/* Waits in its unload routine for what does not come. SEQUENCE: stuck */
#define HAS_UNLOAD
#include "defect.h"

static void unload(PDRIVER_OBJECT driver)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, !DEFECT);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); /* MISTAKE: unload-stuck */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
