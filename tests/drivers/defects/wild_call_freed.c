/* Calls through an object that was freed. */
#include "defect.h"

struct object {
    NTSTATUS (*destroy)(void *context);
};

static DEFECT_NOINLINE NTSTATUS destroy(void *context)
{
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile struct object *object =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(struct object), DEFECT_TAG);
    NTSTATUS status = STATUS_SUCCESS;
    if (!object)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    object->destroy = destroy;
#if !DEFECT
    status = object->destroy(device);
#endif
    ExFreePoolWithTag((void *)object, DEFECT_TAG);
#if DEFECT
    status = object->destroy(device); /* MISTAKE: use-after-free */
#endif
    return complete(irp, status, 0);
}
