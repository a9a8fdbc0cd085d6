/* Writes a file by a drive letter while it serves an ordinary user, whose letters they are. */
/* SEQUENCE: user */
/* CALLS: buffered */
#include "defect.h"

enum { ACCESS = FILE_APPEND_DATA | SYNCHRONIZE };

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE file;

    RtlInitUnicodeString(&name, DEFECT ? L"\\??\\C:\\defect.log" : L"\\SystemRoot\\defect.log");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    if (NT_SUCCESS(ZwCreateFile(&file, ACCESS, /* MISTAKE: drive-of-caller */
                                &attributes, &block, NULL, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ,
                                FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0)))
        ZwClose(file);
    return complete(irp, STATUS_SUCCESS, 0);
}
