/* Leaves a load-image notify routine. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static VOID NTAPI notify(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO info)
{
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    NTSTATUS status =
        PsSetLoadImageNotifyRoutine(notify); /* MISTAKE: image-notify-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        PsRemoveLoadImageNotifyRoutine(notify);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
