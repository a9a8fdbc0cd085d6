/* Follows a pointer of a fresh block that it has not set. */
#include "defect.h"

struct node {
    struct node *next;
    ULONG value;
};

static DEFECT_NOINLINE ULONG sum(const volatile struct node *node)
{
    ULONG total = 0;
    for (; node; node = node->next) /* MISTAKE: uninitialized-pointer */
        total++;
    return total;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct node *node = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(struct node), DEFECT_TAG);
    if (!node)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
#if !DEFECT
    node->next = NULL;
#endif
    sum(node);
    ExFreePoolWithTag(node, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
