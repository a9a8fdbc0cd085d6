/* count * size wraps, so that the block is smaller than the elements written to it. */
#include "defect.h"

struct element {
    ULONG value[4];
};

static DEFECT_NOINLINE NTSTATUS store(ULONG count)
{
    ULONG size = count * (ULONG)sizeof(struct element);
    struct element *elements;
#if !DEFECT
    if (count > MAXULONG / sizeof(struct element))
        return STATUS_INVALID_PARAMETER;
#endif
    elements = ExAllocatePoolWithTag(PagedPool, size, DEFECT_TAG);
    if (!elements)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < count; i++)
        ((volatile struct element *)elements)[i].value[0] = i; /* MISTAKE: pool-overrun */
    ExFreePoolWithTag(elements, DEFECT_TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG asked = stack->Parameters.DeviceIoControl.InputBufferLength;
    return complete(irp, store(0x10000000 + asked / 16), 0);
}
