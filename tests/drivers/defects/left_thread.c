/* Leaves a system thread running. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static KEVENT stop;
static PVOID thread;

static VOID NTAPI run(PVOID context)
{
    KeWaitForSingleObject(&stop, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    OBJECT_ATTRIBUTES attributes, *at = &attributes;
    HANDLE self;
    KeInitializeEvent(&stop, NotificationEvent, FALSE);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status;
    status = PsCreateSystemThread(&self, 0, at, 0, 0, run, 0); /* MISTAKE: thread-left-at-unload */
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(self, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL);
    ZwClose(self);
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT) {
        KeSetEvent(&stop, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    }
    ObDereferenceObject(thread);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
