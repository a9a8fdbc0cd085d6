/* Leaves a symbolic link. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\DefectOther");

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Defect");
    NTSTATUS status =
        IoCreateSymbolicLink(&link, &target); /* MISTAKE: symbolic-link-left-at-unload */
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        IoDeleteSymbolicLink(&link);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
