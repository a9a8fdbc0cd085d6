/* Leaves an IRP that it allocated. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PIRP own;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    own = IoAllocateIrp(1, FALSE); /* MISTAKE: irp-left-at-unload */
    return own ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        IoFreeIrp(own);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
