/* Leaves a work item queued behind one that runs. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static WORK_QUEUE_ITEM items[200];
static LONG left = 200;
static KEVENT done;

static VOID NTAPI run(PVOID context)
{
    LARGE_INTEGER pause = {.QuadPart = -200000};
    if (DEFECT)
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    if (InterlockedDecrement(&left) == 0)
        KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    for (ULONG i = 0; i < 200; i++) {
        ExInitializeWorkItem(&items[i], run, NULL);
        ExQueueWorkItem(&items[i], DelayedWorkQueue); /* MISTAKE: work-item-left-at-unload */
    }
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
