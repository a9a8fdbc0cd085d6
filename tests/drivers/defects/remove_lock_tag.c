/* Releases a remove lock with another tag than it was acquired with. */
#define HAS_LOAD
#include "defect.h"

static IO_REMOVE_LOCK lock;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    IoInitializeRemoveLock(&lock, DEFECT_TAG, 0, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = IoAcquireRemoveLock(&lock, irp);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    IoReleaseRemoveLock(&lock, DEFECT ? (PVOID)device : irp); /* MISTAKE: remove-lock-tag */
    return complete(irp, STATUS_SUCCESS, 0);
}
