/* Releases a resource after the critical region. */
#include "defect.h"

static ERESOURCE resource;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    if (DEFECT)
        KeLeaveCriticalRegion();
    ExReleaseResourceLite(&resource); /* MISTAKE: resource-released-apc */
    if (!DEFECT)
        KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
    return complete(irp, STATUS_SUCCESS, 0);
}
