/* Calls through a field of a fresh block that it has not set. */
#include "defect.h"

struct operations {
    NTSTATUS (*start)(void *context);
};

static DEFECT_NOINLINE NTSTATUS begin(void *context)
{
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile struct operations *operations =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(struct operations), DEFECT_TAG);
    NTSTATUS status;
    if (!operations)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
#if !DEFECT
    operations->start = begin;
#endif
    status = operations->start(device); /* MISTAKE: wild-call */
    ExFreePoolWithTag((void *)operations, DEFECT_TAG);
    return complete(irp, status, 0);
}
