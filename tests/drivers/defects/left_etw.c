/* Leaves an event tracing registration. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static REGHANDLE handle;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    static const GUID provider = {0x5c2a7c1b, 0x61d3, 0x4f0e, {0x8f, 0x27, 1, 2, 3, 4, 5, 6}};
    NTSTATUS status;
    status = EtwRegister(&provider, 0, 0, &handle); /* MISTAKE: etw-registration-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        EtwUnregister(handle);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
