/* Maps device memory above DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = -1};
    void *memory = MmAllocateContiguousMemory(PAGE_SIZE, highest);
    KIRQL irql;
    if (!memory)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    PHYSICAL_ADDRESS address = MmGetPhysicalAddress(memory);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL + 1 : DISPATCH_LEVEL, &irql);
    void *mapped = MmMapIoSpace(address, PAGE_SIZE, MmCached); /* MISTAKE: io-space-map-irql */
    KeLowerIrql(irql);
    if (mapped)
        MmUnmapIoSpace(mapped, PAGE_SIZE);
    MmFreeContiguousMemory(memory);
    return complete(irp, STATUS_SUCCESS, 0);
}
