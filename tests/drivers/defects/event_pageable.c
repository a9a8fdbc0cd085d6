/* An event in paged pool. */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PKEVENT event;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    event = ExAllocatePoolWithTag(DEFECT ? PagedPool : NonPagedPool, sizeof(*event), DEFECT_TAG);
    if (!event)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(event, /* MISTAKE: synchronization-object-pageable */
                      SynchronizationEvent, TRUE);
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    ExFreePoolWithTag(event, DEFECT_TAG);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return complete(irp, STATUS_SUCCESS, 0);
}
