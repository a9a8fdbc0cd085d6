/* Looks for an object behind a handle that was never made. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    HANDLE handle = NULL;
    void *object;
    if (DEFECT &&
        NT_SUCCESS(ObReferenceObjectByHandle(handle, 0, /* MISTAKE: handle-null */
                                             *ExEventObjectType, KernelMode, &object, NULL)))
        ObDereferenceObject(object);
    return complete(irp, STATUS_SUCCESS, 0);
}
