/* Maps pages for the application at DISPATCH_LEVEL. */
/* COMPILER: clang */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, DEFECT_TAG);
    PMDL mdl = block ? IoAllocateMdl(block, PAGE_SIZE, FALSE, FALSE, NULL) : NULL;
    void *mapped = NULL;
    KIRQL irql;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    MmBuildMdlForNonPagedPool(mdl);
    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : APC_LEVEL, &irql);
    __try {
        mapped = MmMapLockedPagesSpecifyCache(mdl, UserMode, /* MISTAKE: mdl-map-irql */
                                              MmCached, NULL, FALSE, NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
    }
    KeLowerIrql(irql);
    if (mapped)
        MmUnmapLockedPages(mapped, mdl);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
