/* Keeps using a context that its close freed. */
#define HAS_UNLOAD
#include "defect.h"

static volatile ULONG *context;

static DEFECT_NOINLINE void forget(void)
{
    ExFreePool((void *)context);
#if !DEFECT
    context = NULL;
#endif
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    context = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, DEFECT_TAG);
    if (!context)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    forget();
    if (context)
        context[100] = 1; /* MISTAKE: use-after-free */
    return complete(irp, STATUS_SUCCESS, 0);
}

static void unload(PDRIVER_OBJECT driver)
{
}
