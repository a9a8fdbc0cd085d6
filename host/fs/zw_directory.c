/* System calls about directories, volumes and names, for files of any driver. */
#include "host/io/io.h"
#include "host/mm/mm.h"

enum { ZW_FILE_TAG = 0x6C46775A };

NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK status_block,
                                            PVOID buffer, ULONG length, FS_INFORMATION_CLASS class);
NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES attributes);

/* What is sent down: filled by the caller, sent with a system buffer that is given back. */
struct query {
    UCHAR major, minor, flags;
    void (*fill)(PIO_STACK_LOCATION stack, const struct query *query);
    ULONG length;
    ULONG class;
    UNICODE_STRING *pattern;
};

static NTSTATUS send(PFILE_OBJECT file, const struct query *query, PVOID buffer,
                     ULONG_PTR *information)
{
    PDEVICE_OBJECT device;
    PVOID copy =
        ExAllocatePoolWithTag(NonPagedPoolNx, query->length ? query->length : 1, ZW_FILE_TAG);
    PIRP irp = copy ? io_file_irp(file, query->major, &device) : NULL;
    if (!irp) {
        if (copy)
            ExFreePoolWithTag(copy, ZW_FILE_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    RtlZeroMemory(copy, query->length);
    irp->AssociatedIrp.SystemBuffer = copy;
    irp->UserBuffer = copy; /* where file systems without DO_BUFFERED_IO look */
    irp->Flags |= IRP_BUFFERED_IO;
    stack->MinorFunction = query->minor;
    stack->Flags = query->flags;
    query->fill(stack, query);
    NTSTATUS status = io_call_and_wait(device, irp, information);
    if (!NT_ERROR(status)) {
        if (*information > query->length)
            *information = query->length;
        RtlCopyMemory(buffer, copy, *information);
    }
    ExFreePoolWithTag(copy, ZW_FILE_TAG);
    return status;
}

/* One at a time on a synchronous file; the status block is written unless the call was refused. */
static NTSTATUS send_in_turn(PFILE_OBJECT file, const struct query *query, PVOID buffer,
                             PIO_STATUS_BLOCK status_block)
{
    ULONG_PTR information = 0;
    BOOLEAN in_turn = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (in_turn && !io_file_enter(file))
        return STATUS_THREAD_IS_TERMINATING;
    NTSTATUS status = send(file, query, buffer, &information);
    if (in_turn)
        io_file_leave(file);
    if (!NT_ERROR(status)) {
        status_block->Information = information;
        status_block->Status = status;
    }
    return status;
}

static NTSTATUS reference_event(HANDLE handle, PKEVENT *event)
{
    *event = NULL;
    if (!handle)
        return STATUS_SUCCESS;
    return ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE,
                                     current_machine()->data_exports->event_object_type,
                                     current_thread()->Tcb.previous_mode, (PVOID *)event, NULL);
}

static void fill_directory(PIO_STACK_LOCATION stack, const struct query *query)
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
    if (apc_routine)
        return STATUS_NOT_SUPPORTED; /* completes at once: there is nothing to call back */
    NTSTATUS status = ObReferenceObjectByHandle(handle, FILE_LIST_DIRECTORY, &io_file_type,
                                                KernelMode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = reference_event(event_handle, &event);
    if (!NT_SUCCESS(status))
        goto done;
    status = capture(file_name, &pattern);
    if (NT_SUCCESS(status)) {
        struct query query = {.major = IRP_MJ_DIRECTORY_CONTROL,
                              .minor = IRP_MN_QUERY_DIRECTORY,
                              .flags = (UCHAR)((single ? SL_RETURN_SINGLE_ENTRY : 0) |
                                               (restart ? SL_RESTART_SCAN : 0)),
                              .fill = fill_directory,
                              .length = length,
                              .class = class,
                              .pattern = pattern.Length ? &pattern : NULL};
        if (event)
            KeClearEvent(event);
        status = send_in_turn(file, &query, buffer, status_block);
        if (event && !NT_ERROR(status))
            KeSetEvent(event, IO_NO_INCREMENT, FALSE);
        if (pattern.Buffer)
            ExFreePoolWithTag(pattern.Buffer, ZW_FILE_TAG);
    }
    if (event)
        ob_dereference(event);
done:
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwQueryDirectoryFile)
SB_EXPORT_AS("NtQueryDirectoryFile", ZwQueryDirectoryFile)

static void fill_volume(PIO_STACK_LOCATION stack, const struct query *query)
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
    struct query query = {.major = IRP_MJ_QUERY_VOLUME_INFORMATION,
                          .fill = fill_volume,
                          .length = length,
                          .class = class};
    if (class == FileFsDeviceInformation &&
        file->DeviceObject->DeviceType != FILE_DEVICE_DISK_FILE_SYSTEM)
        status = device_information(file, buffer, length, status_block);
    else
        status = send_in_turn(file, &query, buffer, status_block);
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwQueryVolumeInformationFile)
SB_EXPORT_AS("NtQueryVolumeInformationFile", ZwQueryVolumeInformationFile)

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
