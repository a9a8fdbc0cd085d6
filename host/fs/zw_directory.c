/* System calls about directories, volumes and names, for files of any driver. */
#include "host/fs/zw_query.h"
#include "host/io/completion_apc.h"
#include "host/mm/mm.h"

enum { ZW_FILE_TAG = 0x6C46775A };

NTSTATUS NTAPI ZwSetVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK status_block,
                                          PVOID buffer, ULONG length, FS_INFORMATION_CLASS class);
NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK status_block,
                                            PVOID buffer, ULONG length, FS_INFORMATION_CLASS class);
NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES attributes);

static NTSTATUS reference_event(HANDLE handle, PKEVENT *event)
{
    *event = NULL;
    if (!handle)
        return STATUS_SUCCESS;
    return ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE,
                                     current_machine()->data_exports->event_object_type,
                                     current_thread()->Tcb.previous_mode, (PVOID *)event, NULL);
}

static void fill_directory(PIO_STACK_LOCATION stack, const struct zw_query *query)
{
    stack->Parameters.QueryDirectory.Length = query->length;
    stack->Parameters.QueryDirectory.FileName = query->pattern;
    stack->Parameters.QueryDirectory.FileInformationClass = query->class;
}

static NTSTATUS capture(PCUNICODE_STRING from, UNICODE_STRING *to)
{
    *to = (UNICODE_STRING){0};
    if (!from || !from->Length)
        return STATUS_SUCCESS;
    UNICODE_STRING seen = *from;
    if (seen.Length % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    PWSTR text = ExAllocatePoolWithTag(PagedPool, seen.Length, ZW_FILE_TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(text, seen.Buffer, seen.Length);
    *to = (UNICODE_STRING){seen.Length, seen.Length, text};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryDirectoryFile(HANDLE handle, HANDLE event_handle, PIO_APC_ROUTINE apc_routine,
                                    PVOID apc_context, PIO_STATUS_BLOCK status_block, PVOID buffer,
                                    ULONG length, FILE_INFORMATION_CLASS class, BOOLEAN single,
                                    PUNICODE_STRING file_name, BOOLEAN restart)
{
    UNICODE_STRING pattern;
    PFILE_OBJECT file;
    PKEVENT event;
    PKAPC apc = NULL;
    NTSTATUS status = ObReferenceObjectByHandle(handle, FILE_LIST_DIRECTORY, &io_file_type,
                                                KernelMode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = reference_event(event_handle, &event);
    if (!NT_SUCCESS(status))
        goto done;
    status = capture(file_name, &pattern);
    if (NT_SUCCESS(status))
        status = io_call_apc_make(apc_routine, apc_context, &apc);
    if (NT_SUCCESS(status)) {
        struct zw_query query = {.major = IRP_MJ_DIRECTORY_CONTROL,
                                 .minor = IRP_MN_QUERY_DIRECTORY,
                                 .flags = (UCHAR)((single ? SL_RETURN_SINGLE_ENTRY : 0) |
                                                  (restart ? SL_RESTART_SCAN : 0)),
                                 .fill = fill_directory,
                                 .length = length,
                                 .class = class,
                                 .pattern = pattern.Length ? &pattern : NULL};
        if (event)
            KeClearEvent(event);
        status = zw_query(file, &query, buffer, status_block);
        if (event && !NT_ERROR(status))
            KeSetEvent(event, IO_NO_INCREMENT, FALSE);
        io_call_apc_end(apc, status_block, !NT_ERROR(status));
    }
    if (pattern.Buffer)
        ExFreePoolWithTag(pattern.Buffer, ZW_FILE_TAG);
    if (event)
        ob_dereference(event);
done:
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwQueryDirectoryFile)
SB_EXPORT_AS("NtQueryDirectoryFile", ZwQueryDirectoryFile)

static void fill_volume(PIO_STACK_LOCATION stack, const struct zw_query *query)
{
    stack->Parameters.QueryVolume.Length = query->length;
    stack->Parameters.QueryVolume.FsInformationClass = query->class;
}

/* The I/O manager knows each device's type itself. */
static NTSTATUS device_information(PFILE_OBJECT file, PVOID buffer, ULONG length,
                                   PIO_STATUS_BLOCK status_block)
{
    PFILE_FS_DEVICE_INFORMATION information = buffer;
    if (length < sizeof(*information))
        return STATUS_INFO_LENGTH_MISMATCH;
    information->DeviceType = file->DeviceObject->DeviceType;
    information->Characteristics = file->DeviceObject->Characteristics;
    status_block->Status = STATUS_SUCCESS;
    status_block->Information = sizeof(*information);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK status_block,
                                            PVOID buffer, ULONG length, FS_INFORMATION_CLASS class)
{
    PFILE_OBJECT file;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, 0, &io_file_type, KernelMode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    struct zw_query query = {.major = IRP_MJ_QUERY_VOLUME_INFORMATION,
                             .fill = fill_volume,
                             .length = length,
                             .class = class};
    if (class == FileFsDeviceInformation &&
        file->DeviceObject->DeviceType != FILE_DEVICE_DISK_FILE_SYSTEM)
        status = device_information(file, buffer, length, status_block);
    else
        status = zw_query(file, &query, buffer, status_block);
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwQueryVolumeInformationFile)
SB_EXPORT_AS("NtQueryVolumeInformationFile", ZwQueryVolumeInformationFile)

static void fill_set_volume(PIO_STACK_LOCATION stack, const struct zw_query *query)
{
    stack->Parameters.SetVolume.Length = query->length;
    stack->Parameters.SetVolume.FsInformationClass = query->class;
}

NTSTATUS NTAPI ZwSetVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK status_block,
                                          PVOID buffer, ULONG length, FS_INFORMATION_CLASS class)
{
    struct zw_query query = {.major = IRP_MJ_SET_VOLUME_INFORMATION,
                             .is_input = TRUE,
                             .fill = fill_set_volume,
                             .length = length,
                             .class = class};
    return zw_query_handle(handle, FILE_WRITE_DATA, &query, buffer, status_block);
}
SB_EXPORT(ZwSetVolumeInformationFile)

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES attributes,
                                         PFILE_NETWORK_OPEN_INFORMATION information)
{
    IO_STATUS_BLOCK status_block;
    HANDLE file;
    NTSTATUS status =
        ZwOpenFile(&file, FILE_READ_ATTRIBUTES | SYNCHRONIZE, attributes, &status_block,
                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                   FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_REPARSE_POINT);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryInformationFile(file, &status_block, information, sizeof(*information),
                                    FileNetworkOpenInformation);
    ZwClose(file);
    return status;
}
SB_EXPORT(ZwQueryFullAttributesFile)

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES attributes)
{
    IO_STATUS_BLOCK status_block;
    HANDLE file;
    NTSTATUS status = ZwOpenFile(&file, DELETE, attributes, &status_block,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                 FILE_DELETE_ON_CLOSE | FILE_OPEN_REPARSE_POINT);
    return NT_SUCCESS(status) ? ZwClose(file) : status;
}
SB_EXPORT(ZwDeleteFile)
SB_EXPORT_AS("NtDeleteFile", ZwDeleteFile)
