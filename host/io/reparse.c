/* A driver sends an open elsewhere: STATUS_REPARSE of IRP_MJ_CREATE, and the name it goes on with.
 */
#include "host/io/io.h"
#include "host/ke/bug_codes.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { REPARSE_TAG = 0x704E6F49 };

static NTSTATUS copy_name(struct machine *machine, const WCHAR *text, USHORT length, PWSTR *copy)
{
    *copy = mm_pool_allocate(machine, NonPagedPoolNx, length + sizeof(WCHAR), REPARSE_TAG);
    if (!*copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(*copy, text, length);
    (*copy)[length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS io_reparse(PFILE_OBJECT file, PUNICODE_STRING rest, ULONG_PTR information,
                    UNICODE_STRING *target)
{
    const UNICODE_STRING *name = &file->FileName;
    if (rest->Length == 0)
        KeBugCheckEx(DRIVER_RETURNED_STATUS_REPARSE_FOR_VOLUME_OPEN, (ULONG_PTR)file->DeviceObject,
                     (ULONG_PTR)IoGetRelatedDeviceObject(file), (ULONG_PTR)name, information);
    if (information != IO_REPARSE)
        return STATUS_IO_REPARSE_TAG_NOT_HANDLED;
    NTSTATUS status =
        copy_name(object_header_of(file)->machine, name->Buffer, name->Length, &target->Buffer);
    if (!NT_SUCCESS(status))
        return status;
    target->Length = target->MaximumLength = name->Length;
    return STATUS_REPARSE;
}

NTSTATUS NTAPI IoReplaceFileObjectName(PFILE_OBJECT file, PWSTR name, USHORT length)
{
    struct machine *machine = object_header_of(file)->machine;
    PUNICODE_STRING old = &file->FileName;
    PWSTR copy;
    if (!old->Buffer || old->MaximumLength == 0)
        return STATUS_INVALID_PARAMETER;
    if (length > old->MaximumLength) {
        NTSTATUS status = copy_name(machine, name, length, &copy);
        if (!NT_SUCCESS(status))
            return status;
        mm_pool_free(machine, old->Buffer);
        old->Buffer = copy;
        old->MaximumLength = length;
    } else {
        RtlMoveMemory(old->Buffer, name, length);
    }
    old->Length = length;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoReplaceFileObjectName)
