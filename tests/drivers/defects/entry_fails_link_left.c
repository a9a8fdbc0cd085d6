/* DriverEntry fails and leaves a symbolic link. SEQUENCE: load-fails */
#define HAS_LOAD
#include "defect.h"

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\DefectOther");
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Defect");
    NTSTATUS status =
        IoCreateSymbolicLink(&link, &target); /* MISTAKE: symbolic-link-left-at-unload */
    if (NT_SUCCESS(status) && !DEFECT)
        IoDeleteSymbolicLink(&link);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
