/* Gives up the reference to the caller's file twice. */
/* CALLS: pointer */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct defect_pointers *pointers = irp->AssociatedIrp.SystemBuffer;
    PFILE_OBJECT file;
    NTSTATUS status = ObReferenceObjectByHandle((HANDLE)pointers->file_handle, 0, *IoFileObjectType,
                                                UserMode, (void **)&file, NULL);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    ObDereferenceObject(file);
#if DEFECT
    ObDereferenceObject(file); /* MISTAKE: object-dereferenced-too-often */
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}
