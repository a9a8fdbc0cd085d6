/* Allocates an MDL at load and never frees it. */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static UCHAR buffer[64];
static PMDL mdl;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    mdl = IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL); /* MISTAKE: mdl-leaked-at-unload */
    return mdl ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static void unload(PDRIVER_OBJECT driver)
{
#if !DEFECT
    IoFreeMdl(mdl);
#endif
}
