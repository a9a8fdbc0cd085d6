/* Queues a work item in paged pool. SEQUENCE: load */
#define HAS_LOAD
#include "defect.h"

static KEVENT done;

static VOID NTAPI run(PVOID context)
{
    ExFreePoolWithTag(context, DEFECT_TAG);
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    POOL_TYPE type = DEFECT ? PagedPool : NonPagedPool;
    PWORK_QUEUE_ITEM item = ExAllocatePoolWithTag(type, sizeof(*item), DEFECT_TAG);
    if (!item)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(item, run, item);
    ExQueueWorkItem(item, DelayedWorkQueue); /* MISTAKE: work-item-pageable */
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
