/* Frees a block with a timer in it that is still to expire. */
#include "defect.h"

struct context {
    ULONG state;
    KTIMER timer;
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct context *context =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(struct context), DEFECT_TAG);
    LARGE_INTEGER due = {.QuadPart = -100000000};
    if (!context)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    KeInitializeTimer(&context->timer);
    KeSetTimer(&context->timer, due, NULL);
#if !DEFECT
    KeCancelTimer(&context->timer);
#endif
    ExFreePoolWithTag(context, DEFECT_TAG); /* MISTAKE: pool-free-active-timer */
    return complete(irp, STATUS_SUCCESS, 0);
}
