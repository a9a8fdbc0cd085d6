/* A mutex taken by one thread is released by another. */
#include "defect.h"

static KMUTEX mutex;

static VOID NTAPI run(PVOID context)
{
    if (DEFECT)
        KeReleaseMutex(&mutex, FALSE); /* MISTAKE: lock-released-by-other-thread */
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    PVOID thread;
    KeInitializeMutex(&mutex, 0);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, run, NULL);
    if (NT_SUCCESS(status)) {
        status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread,
                                           NULL);
        ZwClose(handle);
    }
    if (NT_SUCCESS(status)) {
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread);
    }
    KeReleaseMutex(&mutex, FALSE);
    return complete(irp, status, 0);
}
