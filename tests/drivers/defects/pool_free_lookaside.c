/* Frees a block with a lookaside list in it that it never deleted. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NPAGED_LOOKASIDE_LIST *list =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(NPAGED_LOOKASIDE_LIST), DEFECT_TAG);
    if (!list)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, 64, DEFECT_TAG, 0);
#if !DEFECT
    ExDeleteNPagedLookasideList(list);
#endif
    ExFreePoolWithTag(list, DEFECT_TAG); /* MISTAKE: pool-free-lookaside */
    return complete(irp, STATUS_SUCCESS, 0);
}
