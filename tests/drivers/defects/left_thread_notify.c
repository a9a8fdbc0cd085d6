/* Leaves a thread notify routine. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static VOID NTAPI notify(HANDLE process, HANDLE thread, BOOLEAN created)
{
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    NTSTATUS status =
        PsSetCreateThreadNotifyRoutine(notify); /* MISTAKE: thread-notify-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        PsRemoveCreateThreadNotifyRoutine(notify);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
