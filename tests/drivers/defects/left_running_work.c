/* Unloads while its work item runs. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static WORK_QUEUE_ITEM item;
static KEVENT begun, done;

static VOID NTAPI run(PVOID context)
{
    LARGE_INTEGER pause = {.QuadPart = -3000000};
    KeSetEvent(&begun, IO_NO_INCREMENT, FALSE);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeEvent(&begun, NotificationEvent, FALSE);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, run, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue); /* MISTAKE: work-item-left-at-unload */
    KeWaitForSingleObject(&begun, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
