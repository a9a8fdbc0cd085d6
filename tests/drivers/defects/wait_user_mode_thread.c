/* A system thread waits in user mode for a timer on its own stack. SEQUENCE: load */
#define HAS_LOAD
#include "defect.h"

static DEFECT_NOINLINE void wait(PKTIMER timer)
{
    LARGE_INTEGER due = {.QuadPart = -10000};
    PVOID objects[] = {timer};
    KPROCESSOR_MODE mode = DEFECT ? UserMode : KernelMode;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    KeWaitForMultipleObjects(1, objects, WaitAny, /* MISTAKE: wait-user-mode-stack */
                             Executive, mode, FALSE, NULL, NULL);
    DEFECT_KEEP_FRAME();
}

static VOID NTAPI run(PVOID context)
{
    KTIMER timer;
    wait(&timer);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    HANDLE handle;
    PVOID thread;
    NTSTATUS status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, run, NULL);
    if (!NT_SUCCESS(status))
        return status;
    ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
