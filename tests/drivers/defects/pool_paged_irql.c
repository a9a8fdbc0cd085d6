/* Allocates paged pool while it holds a spin lock. */
#include "defect.h"

#define TYPE (DEFECT ? PagedPool : NonPagedPoolNx)

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    void *block;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    block = ExAllocatePoolWithTag(TYPE, 64, DEFECT_TAG); /* MISTAKE: pool-paged-irql */
    KeReleaseSpinLock(&lock, irql);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
