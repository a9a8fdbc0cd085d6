/* Initialises a resource a second time. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static ERESOURCE resource;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    ExInitializeResourceLite(&resource);
    if (DEFECT)
        ExInitializeResourceLite(&resource); /* MISTAKE: initialized-again */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    ExDeleteResourceLite(&resource);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
