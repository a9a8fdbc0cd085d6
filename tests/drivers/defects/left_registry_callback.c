/* Leaves a registry callback. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static LARGE_INTEGER cookie;

static NTSTATUS NTAPI notify(PVOID context, PVOID one, PVOID two)
{
    return STATUS_SUCCESS;
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    NTSTATUS status =
        CmRegisterCallback(notify, NULL, &cookie); /* MISTAKE: registry-callback-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        CmUnRegisterCallback(cookie);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
