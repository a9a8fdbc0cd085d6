/* Takes a resource outside a critical region. */
#include "defect.h"

static ERESOURCE resource;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    ExInitializeResourceLite(&resource);
    if (!DEFECT)
        KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE); /* MISTAKE: resource-acquired-apc */
    if (DEFECT)
        KeEnterCriticalRegion();
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
    return complete(irp, STATUS_SUCCESS, 0);
}
