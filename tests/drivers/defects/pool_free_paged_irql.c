/* Frees paged pool while it holds a spin lock. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    void *block = ExAllocatePoolWithTag(DEFECT ? PagedPool : NonPagedPoolNx, 64, DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    ExFreePoolWithTag(block, DEFECT_TAG); /* MISTAKE: pool-free-paged-irql */
    KeReleaseSpinLock(&lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
