/* Opens a file that an ordinary user's request names with the kernel's rights. */
/* SEQUENCE: user */
/* CALLS: buffered */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    USHORT length = (USHORT)stack->Parameters.DeviceIoControl.InputBufferLength;
    UNICODE_STRING name = {length, length, irp->AssociatedIrp.SystemBuffer};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    NTSTATUS status;
    HANDLE file;

    InitializeObjectAttributes(
        &attributes, &name, OBJ_KERNEL_HANDLE | (DEFECT ? 0 : OBJ_FORCE_ACCESS_CHECK), NULL, NULL);
    status = ZwCreateFile(&file, FILE_READ_DATA | SYNCHRONIZE, /* MISTAKE: opened-for-caller */
                          &attributes, &block, NULL, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ,
                          FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (NT_SUCCESS(status))
        ZwClose(file);
    return complete(irp, STATUS_SUCCESS, 0);
}
