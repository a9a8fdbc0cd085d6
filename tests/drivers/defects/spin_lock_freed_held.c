/* Frees a block with a spin lock that is held. */
#include "defect.h"

struct block {
    ULONG values[4];
    KSPIN_LOCK lock;
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;

    struct block *block = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*block), DEFECT_TAG);
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    KeInitializeSpinLock(&block->lock);
    KeAcquireSpinLock(&block->lock, &irql);
    if (!DEFECT)
        KeReleaseSpinLock(&block->lock, irql);
    ExFreePoolWithTag(block, DEFECT_TAG); /* MISTAKE: lock-freed-held */
    return complete(irp, STATUS_SUCCESS, 0);
}
