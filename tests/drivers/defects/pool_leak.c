/* Forgets what it allocated when it was loaded. */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static void *table;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    table = ExAllocatePoolWithTag(NonPagedPoolNx, 200, DEFECT_TAG); /* MISTAKE: pool-leak */
    return table ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static void unload(PDRIVER_OBJECT driver)
{
#if !DEFECT
    ExFreePoolWithTag(table, DEFECT_TAG);
#endif
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
