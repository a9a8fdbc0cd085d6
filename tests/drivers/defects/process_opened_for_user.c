/* Opens the process whose number an ordinary user's request holds, with all rights. */
/* SEQUENCE: user */
/* CALLS: buffered */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    const ULONG *number = irp->AssociatedIrp.SystemBuffer;
    CLIENT_ID client = {ULongToHandle(*number), NULL};
    OBJECT_ATTRIBUTES attributes;
    HANDLE process;

    InitializeObjectAttributes(
        &attributes, NULL, OBJ_KERNEL_HANDLE | (DEFECT ? 0 : OBJ_FORCE_ACCESS_CHECK), NULL, NULL);
    if (NT_SUCCESS(ZwOpenProcess(&process, GENERIC_ALL, /* MISTAKE: opened-for-caller */
                                 &attributes, &client)))
        ZwClose(process);
    return complete(irp, STATUS_SUCCESS, 0);
}
