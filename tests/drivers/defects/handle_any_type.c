/* Takes the caller's handle for a file, whatever it is. */
/* CALLS: pointer */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct defect_pointers *pointers = irp->AssociatedIrp.SystemBuffer;
    PFILE_OBJECT file;
    NTSTATUS status = ObReferenceObjectByHandle(/* MISTAKE: handle-type-unchecked */
                                                (HANDLE)pointers->file_handle, 0,
                                                DEFECT ? NULL : *IoFileObjectType, UserMode,
                                                (void **)&file, NULL);
    if (NT_SUCCESS(status))
        ObDereferenceObject(file);
    return complete(irp, status, 0);
}
