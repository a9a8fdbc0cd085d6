/* Opens that a driver sends elsewhere: STATUS_REPARSE. */
#include "volume.h"

#define MOUNT_POINT 0xA0000003u

static LONG loops;

/* The old way, before IoReplaceFileObjectName. */
static NTSTATUS replace(PFILE_OBJECT file, PCWSTR name)
{
    USHORT length = (USHORT)(wcslen(name) * sizeof(WCHAR));
    PWSTR buffer = ExAllocatePoolWithTag(PagedPool, length, VOLUME_TAG);

    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(buffer, name, length);
    ExFreePool(file->FileName.Buffer);
    file->FileName.Buffer = buffer;
    file->FileName.Length = file->FileName.MaximumLength = length;
    return STATUS_REPARSE;
}

static BOOLEAN is(PFILE_OBJECT file, PCWSTR name)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return RtlEqualUnicodeString(&file->FileName, &string, TRUE);
}

NTSTATUS reparse_create(PIRP irp, PFILE_OBJECT file)
{
    irp->IoStatus.Information = IO_REPARSE;
    if (is(file, L"\\away"))
        return replace(file, VOLUME_NAME L"\\here");
    if (is(file, L"\\linked"))
        return replace(file, L"\\??\\SbVolumeLink\\there");
    if (is(file, L"\\nowhere"))
        return replace(file, L"\\Device\\SbNoSuchDevice\\x");
    if (is(file, L"\\crooked"))
        return replace(file, L"here");
    if (is(file, L"\\loop")) {
        loops++;
        return replace(file, VOLUME_NAME L"\\loop");
    }
    if (is(file, L"\\tagged")) {
        irp->IoStatus.Information = MOUNT_POINT + 0x100;
        return STATUS_REPARSE;
    }
    return STATUS_SUCCESS;
}

/* The open goes on at the new name: that file is the one that counts. */
void check_reparse(void)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SbVolumeLink");
    UNICODE_STRING target = RTL_CONSTANT_STRING(VOLUME_NAME);
    IO_STATUS_BLOCK io;
    HANDLE file;
    LONG cleanups_before = cleanups, closes_before = closes;

    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\away", 0, &file, &io));
    CHECK(io.Status == STATUS_SUCCESS && io.Information == FILE_OPENED);
    CHECK(wcscmp(created_name, L"\\here") == 0);
    ZwClose(file);
    /* the file object of the first create was never opened: no cleanup, no close */
    CHECK(cleanups == cleanups_before + 1 && closes == closes_before + 1);

    CHECK_STATUS(STATUS_SUCCESS, IoCreateSymbolicLink(&link, &target));
    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\linked", 0, &file, &io));
    CHECK(wcscmp(created_name, L"\\there") == 0);
    ZwClose(file);
    IoDeleteSymbolicLink(&link);
}

void check_reparse_ends(void)
{
    IO_STATUS_BLOCK io;
    HANDLE file;
    LONG closes_before = closes;

    CHECK_STATUS(STATUS_OBJECT_PATH_NOT_FOUND, volume_open(L"\\nowhere", 0, &file, &io));
    CHECK_STATUS(STATUS_OBJECT_PATH_SYNTAX_BAD, volume_open(L"\\crooked", 0, &file, &io));
    CHECK(NT_ERROR(volume_open(L"\\loop", 0, &file, &io)));
    CHECK(loops > 1 && loops < 1000);
    CHECK_STATUS(STATUS_IO_REPARSE_TAG_NOT_HANDLED, volume_open(L"\\tagged", 0, &file, &io));
    CHECK(closes == closes_before);
}

void check_replaced_name(void)
{
    NTSTATUS(NTAPI * replace_name)
    (PFILE_OBJECT, PWSTR, USHORT) = routine(L"IoReplaceFileObjectName");
    static WCHAR longer[] = L"\\a much longer name than the one that was there", shorter[] = L"\\s";
    PFILE_OBJECT object;
    IO_STATUS_BLOCK io;
    HANDLE file;

    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\name", 0, &file, &io));
    CHECK_STATUS(STATUS_SUCCESS, ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode,
                                                           (PVOID *)&object, NULL));
    CHECK_STATUS(STATUS_SUCCESS, replace_name(object, longer, sizeof longer - sizeof(WCHAR)));
    CHECK(is(object, longer));
    CHECK_STATUS(STATUS_SUCCESS, replace_name(object, shorter, sizeof shorter - sizeof(WCHAR)));
    CHECK(is(object, shorter));
    ObDereferenceObject(object);
    ZwClose(file);

    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"", 0, &file, &io));
    CHECK_STATUS(STATUS_SUCCESS, ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode,
                                                           (PVOID *)&object, NULL));
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 replace_name(object, shorter, sizeof shorter - sizeof(WCHAR)));
    ObDereferenceObject(object);
    ZwClose(file);
}
