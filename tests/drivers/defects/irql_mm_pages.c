/* Allocates pages above DISPATCH_LEVEL. */
#include "defect.h"

static DEFECT_NOINLINE PMDL allocate(void)
{
    PHYSICAL_ADDRESS low = {.QuadPart = 0}, high = {.QuadPart = -1}, skip = {.QuadPart = 0};
    PMDL pages = MmAllocatePagesForMdl(low, high, skip, 64); /* MISTAKE: irql-mm-dispatch */
    DEFECT_KEEP_FRAME();
    return pages;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql = KeGetCurrentIrql();
    if (DEFECT)
        KeRaiseIrql(DISPATCH_LEVEL + 1, &irql);
    PMDL pages = allocate();
    if (DEFECT)
        KeLowerIrql(irql);
    if (pages) {
        MmFreePagesFromMdl(pages);
        ExFreePool(pages);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}
