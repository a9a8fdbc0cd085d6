/* Unmaps device memory at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = -1};
    void *memory = MmAllocateContiguousMemory(PAGE_SIZE, highest);
    void *mapped = memory ? MmMapIoSpace(MmGetPhysicalAddress(memory), PAGE_SIZE, MmCached) : NULL;
    KIRQL irql;
    if (!mapped)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : APC_LEVEL, &irql);
    MmUnmapIoSpace(mapped, PAGE_SIZE); /* MISTAKE: io-space-unmap-irql */
    KeLowerIrql(irql);
    MmFreeContiguousMemory(memory);
    return complete(irp, STATUS_SUCCESS, 0);
}
