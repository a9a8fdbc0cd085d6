/* Takes the caller's handle with KernelMode, so that its access is not checked. */
/* CALLS: pointer */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct defect_pointers *pointers = irp->AssociatedIrp.SystemBuffer;
    PFILE_OBJECT file;
    NTSTATUS status =
        ObReferenceObjectByHandle(/* MISTAKE: handle-user-as-kernel */
                                  (HANDLE)pointers->file_handle, FILE_WRITE_DATA, *IoFileObjectType,
                                  DEFECT ? KernelMode : UserMode, (void **)&file, NULL);
    if (NT_SUCCESS(status))
        ObDereferenceObject(file);
    return complete(irp, status, 0);
}
