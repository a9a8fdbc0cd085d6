/* Leaves a resource in the system's list. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static ERESOURCE resource;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    NTSTATUS status = ExInitializeResourceLite(&resource); /* MISTAKE: resource-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        ExDeleteResourceLite(&resource);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
