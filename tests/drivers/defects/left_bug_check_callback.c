/* Leaves a bug check callback. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static KBUGCHECK_CALLBACK_RECORD record;

static VOID NTAPI run(PVOID buffer, ULONG length)
{
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    PKBUGCHECK_CALLBACK_RECORD at = &record;
    KeRegisterBugCheckCallback(at, run, 0, 0, 0); /* MISTAKE: bug-check-callback-left-at-unload */
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        KeDeregisterBugCheckCallback(&record);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
