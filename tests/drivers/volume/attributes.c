/* Extended attributes and what is set of a volume: what the file system is sent. */
#include "volume.h"

NTSYSAPI NTSTATUS NTAPI ZwSetVolumeInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                                   FS_INFORMATION_CLASS);

enum { LONG_NAME = 1000 };

static UCHAR stored[64];
static ULONG stored_length;
static UCHAR seen_flags;
static ULONG seen_index, seen_list_length;
static CHAR seen_name[16];
static ULONG seen_class;

static NTSTATUS query(PIRP irp, PIO_STACK_LOCATION stack)
{
    PFILE_GET_EA_INFORMATION names = stack->Parameters.QueryEa.EaList;

    seen_flags = stack->Flags;
    seen_index = stack->Parameters.QueryEa.EaIndex;
    seen_list_length = stack->Parameters.QueryEa.EaListLength;
    if (names)
        RtlCopyMemory(seen_name, names->EaName, names->EaNameLength + 1);
    if (stack->Parameters.QueryEa.Length < stored_length)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, stored, stored_length);
    irp->IoStatus.Information = stored_length;
    return STATUS_SUCCESS;
}

/* Files below "\long" have long names; those called "\plain" have none, as a plain device's. */
static NTSTATUS name_of(PIRP irp, PIO_STACK_LOCATION stack)
{
    PFILE_NAME_INFORMATION answer = irp->AssociatedIrp.SystemBuffer;
    PUNICODE_STRING name = &stack->FileObject->FileName;
    ULONG length = name->Buffer[1] == 'l' ? LONG_NAME * sizeof(WCHAR) : name->Length;
    ULONG room = stack->Parameters.QueryFile.Length - FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);

    if (stack->Parameters.QueryFile.FileInformationClass != FileNameInformation ||
        name->Buffer[1] == 'p')
        return STATUS_INVALID_DEVICE_REQUEST;
    answer->FileNameLength = length;
    for (ULONG i = 0; i < length / sizeof(WCHAR) && i < room / sizeof(WCHAR); i++)
        answer->FileName[i] = i < name->Length / sizeof(WCHAR) ? name->Buffer[i] : L'x';
    irp->IoStatus.Information =
        FIELD_OFFSET(FILE_NAME_INFORMATION, FileName) + (length < room ? length : room);
    return length <= room ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTATUS attributes_request(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    irp->IoStatus.Information = 0;
    switch (stack->MajorFunction) {
    case IRP_MJ_QUERY_EA:
        return query(irp, stack);
    case IRP_MJ_SET_EA:
        stored_length = stack->Parameters.SetEa.Length;
        RtlCopyMemory(stored, irp->AssociatedIrp.SystemBuffer, stored_length);
        return STATUS_SUCCESS;
    case IRP_MJ_QUERY_INFORMATION:
        return name_of(irp, stack);
    case IRP_MJ_DIRECTORY_CONTROL: /* a folder with nothing but an unnamed file, or nothing more */
        if (stack->Flags & SL_RESTART_SCAN)
            irp->IoStatus.Information = sizeof(ULONG);
        return stack->Flags & SL_RESTART_SCAN ? STATUS_SUCCESS : STATUS_NO_SUCH_FILE;
    default:
        seen_class = stack->Parameters.SetVolume.FsInformationClass;
        stored_length = stack->Parameters.SetVolume.Length;
        RtlCopyMemory(stored, irp->AssociatedIrp.SystemBuffer, stored_length);
        return STATUS_SUCCESS;
    }
}

/* Two entries: "A" = 'x', "BC" without a value. */
static ULONG make_list(PUCHAR buffer)
{
    PFILE_FULL_EA_INFORMATION first = (PVOID)buffer, second = (PVOID)(buffer + 12);

    RtlZeroMemory(buffer, 32);
    first->NextEntryOffset = 12;
    first->EaNameLength = 1;
    first->EaValueLength = 1;
    RtlCopyMemory(first->EaName, "A\0x", 3);
    second->EaNameLength = 2;
    RtlCopyMemory(second->EaName, "BC", 3);
    return 12 + FIELD_OFFSET(FILE_FULL_EA_INFORMATION, EaName) + 3;
}

void check_ea_lists(void)
{
    UCHAR buffer[32];
    PFILE_FULL_EA_INFORMATION first = (PVOID)buffer;
    ULONG length = make_list(buffer), error = 0x77;

    CHECK_STATUS(STATUS_SUCCESS, IoCheckEaBufferValidity(first, length, &error));
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, IoCheckEaBufferValidity(first, length - 1, &error));
    CHECK(error == 12);
    first->NextEntryOffset = 13; /* not aligned */
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, IoCheckEaBufferValidity(first, length, &error));
    CHECK(error == 0);
    first->NextEntryOffset = 8; /* within the first */
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, IoCheckEaBufferValidity(first, length, &error));
    make_list(buffer);
    first->EaName[1] = 'z'; /* the name has no end */
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, IoCheckEaBufferValidity(first, length, &error));
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, IoCheckEaBufferValidity(first, 3, &error));
}

void check_ea_of_file(void)
{
    UCHAR buffer[32], answer[64];
    ULONG length = make_list(buffer), index = 2;
    struct {
        ULONG next;
        UCHAR name_length;
        CHAR name[3];
    } names = {0, 2, "BC"};
    IO_STATUS_BLOCK io;
    HANDLE file;

    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\data", FILE_SYNCHRONOUS_IO_NONALERT, &file, &io));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetEaFile(file, &io, buffer, length));
    CHECK(stored_length == length && memcmp(stored, buffer, length) == 0);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryEaFile(file, &io, answer, sizeof answer, FALSE, NULL, 0, NULL, TRUE));
    CHECK(io.Information == length && memcmp(answer, buffer, length) == 0);
    CHECK(seen_flags == SL_RESTART_SCAN && seen_list_length == 0);
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryEaFile(file, &io, answer, sizeof answer, TRUE, &names,
                                               sizeof names, &index, FALSE));
    CHECK(seen_flags == (SL_RETURN_SINGLE_ENTRY | SL_INDEX_SPECIFIED) && seen_index == 2);
    CHECK(seen_list_length == sizeof names && strcmp(seen_name, "BC") == 0);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL,
                 ZwQueryEaFile(file, &io, answer, 4, FALSE, NULL, 0, NULL, FALSE));
    names.name_length = 200;
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, ZwQueryEaFile(file, &io, answer, sizeof answer, FALSE,
                                                            &names, sizeof names, NULL, FALSE));
    stored_length = 0;
    CHECK_STATUS(STATUS_EA_LIST_INCONSISTENT, ZwSetEaFile(file, &io, buffer, length - 1));
    CHECK(stored_length == 0 && io.Information == 12);
    ZwClose(file);
}

void check_volume_settings(void)
{
    FILE_FS_LABEL_INFORMATION label = {.VolumeLabelLength = 2, .VolumeLabel = L"V"};
    IO_STATUS_BLOCK io;
    HANDLE file;

    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\data", FILE_SYNCHRONOUS_IO_NONALERT, &file, &io));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetVolumeInformationFile(file, &io, &label, sizeof label,
                                                            FileFsLabelInformation));
    CHECK(seen_class == FileFsLabelInformation && stored_length == sizeof label);
    CHECK(memcmp(stored, &label, sizeof label) == 0);
    ZwClose(file);
}

static POBJECT_NAME_INFORMATION object_name(PCWSTR name, PULONG length)
{
    static UCHAR buffer[4096];
    IO_STATUS_BLOCK io;
    PFILE_OBJECT object;
    HANDLE file;

    CHECK_STATUS(STATUS_SUCCESS, volume_open(name, 0, &file, &io));
    CHECK_STATUS(STATUS_SUCCESS, ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode,
                                                           (PVOID *)&object, NULL));
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, ObQueryNameString(object, NULL, 0, length));
    CHECK_STATUS(STATUS_SUCCESS, ObQueryNameString(object, (PVOID)buffer, *length, length));
    ObDereferenceObject(object);
    ZwClose(file);
    return (PVOID)buffer;
}

/* A file's name is its device's and what its driver calls it. */
void check_file_names(void)
{
    ULONG length = 0;
    POBJECT_NAME_INFORMATION name = object_name(L"\\data", &length);

    CHECK(wcscmp(name->Name.Buffer, VOLUME_NAME L"\\data") == 0);
    CHECK(length == sizeof *name + sizeof VOLUME_NAME L"\\data");
    name = object_name(L"\\plain", &length);
    CHECK(wcscmp(name->Name.Buffer, VOLUME_NAME) == 0);
    name = object_name(L"\\long", &length);
    CHECK(name->Name.Length == sizeof VOLUME_NAME - sizeof(WCHAR) + LONG_NAME * sizeof(WCHAR));
    CHECK(name->Name.Buffer[name->Name.Length / sizeof(WCHAR) - 1] == L'x');
}
