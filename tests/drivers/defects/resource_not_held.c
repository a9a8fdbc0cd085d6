/* Releases a resource that it does not hold. */
#include "defect.h"

static ERESOURCE resource;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    if (!DEFECT)
        ExAcquireResourceSharedLite(&resource, TRUE);
    ExReleaseResourceLite(&resource); /* MISTAKE: lock-released-not-held */
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
    return complete(irp, STATUS_SUCCESS, 0);
}
