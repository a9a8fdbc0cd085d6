/* Leaves a DPC queued behind one that runs on the same processor. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static KDPC first, second;
static KEVENT begun;

/* A threaded DPC has a thread of its own, so that the unload goes on beside it. */
static VOID NTAPI linger(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    KeSetEvent(&begun, IO_NO_INCREMENT, FALSE);
    for (int i = 0; DEFECT && i < 10000; i++)
        KeStallExecutionProcessor(50);
}

static VOID NTAPI run(PKDPC self, PVOID context, PVOID one, PVOID two)
{
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeEvent(&begun, NotificationEvent, FALSE);
    KeInitializeThreadedDpc(&first, linger, NULL);
    KeInitializeThreadedDpc(&second, run, NULL);
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    KeInsertQueueDpc(&first, NULL, NULL);
    KeWaitForSingleObject(&begun, Executive, KernelMode, FALSE, NULL);
    KeInsertQueueDpc(&second, NULL, NULL); /* MISTAKE: dpc-left-at-unload */
    if (!DEFECT)
        KeFlushQueuedDpcs();
    DEFECT_KEEP_FRAME();
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
