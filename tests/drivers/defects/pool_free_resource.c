/* Frees a block with an ERESOURCE in it that it never deleted. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ERESOURCE *resource = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(ERESOURCE), DEFECT_TAG);
    if (!resource)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExInitializeResourceLite(resource);
#if !DEFECT
    ExDeleteResourceLite(resource);
#endif
    ExFreePoolWithTag(resource, DEFECT_TAG); /* MISTAKE: pool-free-resource */
    return complete(irp, STATUS_SUCCESS, 0);
}
