/* A system thread ends with a mutex held. */
#include "defect.h"

static KMUTEX mutex;

static VOID NTAPI run(PVOID context)
{
    PVOID lock = &mutex;
    KeWaitForSingleObject(lock, 0, 0, FALSE, NULL); /* MISTAKE: lock-held-at-thread-end */
    if (!DEFECT)
        KeReleaseMutex(&mutex, FALSE);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    PVOID thread;
    KeInitializeMutex(&mutex, 0);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
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
    return complete(irp, status, 0);
}
