/* Counts in paged pool while it holds a spin lock. SEQUENCE: scheduled CALLS: buffered */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static KSPIN_LOCK lock;
static volatile ULONG *counter;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeSpinLock(&lock);
    counter = ExAllocatePoolWithTag(DEFECT ? PagedPool : NonPagedPool, sizeof(ULONG), DEFECT_TAG);
    if (!counter)
        return STATUS_INSUFFICIENT_RESOURCES;
    *counter = 0;
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    ExFreePoolWithTag((PVOID)counter, DEFECT_TAG);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    *counter = 1; /* MISTAKE: paged-pool-at-dispatch */
    KeReleaseSpinLock(&lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
