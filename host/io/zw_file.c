/*
 * The file system calls of drivers: ZwXxx (the kernel's own request) and NtXxx (with the thread's
 * previous mode, whose buffers are then probed).
 */
#include "host/io/buffers.h"
#include "host/io/zw.h"
#include "host/ke/ke.h"

KPROCESSOR_MODE zw_previous_mode(void)
{
    return current_thread()->Tcb.previous_mode;
}

/* ---- create, open ---- */
static NTSTATUS create(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                       PIO_STATUS_BLOCK result, struct io_open *open, KPROCESSOR_MODE mode)
{
    HANDLE opened;
    NTSTATUS status = io_file_open(attributes, access, mode, open, &opened);
    result->Status = status;
    result->Information = open->information;
    if (NT_SUCCESS(status))
        *handle = opened;
    return status;
}

static NTSTATUS create_file(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PIO_STATUS_BLOCK result, PLARGE_INTEGER size, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options, PVOID ea,
                            ULONG ea_length, KPROCESSOR_MODE mode)
{
    struct io_open open = {.share_access = share,
                           .options = options,
                           .disposition = disposition,
                           .file_attributes = file_attributes,
                           .ea = ea,
                           .ea_length = ea ? ea_length : 0};
    if (size)
        open.allocation_size = *size;
    return create(handle, access, attributes, result, &open, mode);
}

NTSTATUS NTAPI ZwCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PIO_STATUS_BLOCK result, PLARGE_INTEGER size, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options, PVOID ea,
                            ULONG ea_length)
{
    return create_file(handle, access, attributes, result, size, file_attributes, share,
                       disposition, options, ea, ea_length, KernelMode);
}
SB_EXPORT(ZwCreateFile)

NTSTATUS NTAPI NtCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PIO_STATUS_BLOCK result, PLARGE_INTEGER size, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options, PVOID ea,
                            ULONG ea_length)
{
    return create_file(handle, access, attributes, result, size, file_attributes, share,
                       disposition, options, ea, ea_length, zw_previous_mode());
}
SB_EXPORT(NtCreateFile)

NTSTATUS NTAPI ZwOpenFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                          PIO_STATUS_BLOCK result, ULONG share, ULONG options)
{
    return create_file(handle, access, attributes, result, NULL, 0, share, FILE_OPEN, options, NULL,
                       0, KernelMode);
}
SB_EXPORT(ZwOpenFile)

NTSTATUS NTAPI NtOpenFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                          PIO_STATUS_BLOCK result, ULONG share, ULONG options)
{
    return create_file(handle, access, attributes, result, NULL, 0, share, FILE_OPEN, options, NULL,
                       0, zw_previous_mode());
}
SB_EXPORT(NtOpenFile)

/* The kernel's own open unless IO_FORCE_ACCESS_CHECK asks for the caller's rights. */
NTSTATUS NTAPI IoCreateFileSpecifyDeviceObjectHint(
    PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK result,
    PLARGE_INTEGER size, ULONG file_attributes, ULONG share, ULONG disposition, ULONG options,
    PVOID ea, ULONG ea_length, CREATE_FILE_TYPE type, PVOID parameters, ULONG flags, PVOID hint)
{
    struct io_open open = {.share_access = share,
                           .options = options,
                           .disposition = disposition,
                           .file_attributes = file_attributes,
                           .ea = ea,
                           .ea_length = ea ? ea_length : 0,
                           .create_flags = flags,
                           .hint = hint};
    if (type != CreateFileTypeNone)
        return STATUS_NOT_IMPLEMENTED; /* pipes and mailslots */
    if (size)
        open.allocation_size = *size;
    return create(handle, access, attributes, result, &open,
                  flags & IO_FORCE_ACCESS_CHECK ? UserMode : KernelMode);
}
SB_EXPORT(IoCreateFileSpecifyDeviceObjectHint)

NTSTATUS NTAPI IoCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PIO_STATUS_BLOCK result, PLARGE_INTEGER size, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options, PVOID ea,
                            ULONG ea_length, CREATE_FILE_TYPE type, PVOID parameters, ULONG flags)
{
    return IoCreateFileSpecifyDeviceObjectHint(handle, access, attributes, result, size,
                                               file_attributes, share, disposition, options, ea,
                                               ea_length, type, parameters, flags, NULL);
}
SB_EXPORT(IoCreateFile)

/* Extra create parameters and transactions, which nothing here makes, are left out. */
NTSTATUS NTAPI IoCreateFileEx(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                              PIO_STATUS_BLOCK result, PLARGE_INTEGER size, ULONG file_attributes,
                              ULONG share, ULONG disposition, ULONG options, PVOID ea,
                              ULONG ea_length, CREATE_FILE_TYPE type, PVOID parameters, ULONG flags,
                              PIO_DRIVER_CREATE_CONTEXT context)
{
    if (context && context->Size < (CSHORT)sizeof(*context))
        return STATUS_INVALID_PARAMETER;
    return IoCreateFileSpecifyDeviceObjectHint(
        handle, access, attributes, result, size, file_attributes, share, disposition, options, ea,
        ea_length, type, parameters, flags, context ? context->DeviceObjectHint : NULL);
}
SB_EXPORT(IoCreateFileEx)

/* ---- requests on a file ---- */
NTSTATUS zw_send(HANDLE file, HANDLE event, struct io_request *request)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    POBJECT_TYPE event_type = current_machine()->data_exports->event_object_type;
    struct handle_entry entry;
    NTSTATUS status = ob_handle_reference(process, file, 0, &io_file_type, request->mode,
                                          (void **)&request->file, &entry);
    if (!NT_SUCCESS(status))
        return status;
    request->access = entry.access;
    if (event)
        status = ob_handle_reference(process, event, EVENT_MODIFY_STATE, event_type, request->mode,
                                     (void **)&request->event, &entry);
    if (NT_SUCCESS(status))
        status = io_request_send(request);
    if (request->event)
        ob_dereference(request->event);
    ob_dereference(request->file);
    return status;
}

static NTSTATUS control(UCHAR major, HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                        PVOID apc_context, PIO_STATUS_BLOCK result, ULONG code, PVOID input,
                        ULONG input_length, PVOID output, ULONG output_length, KPROCESSOR_MODE mode)
{
    struct io_request request = {.mode = mode,
                                 .major = major,
                                 .apc_routine = apc,
                                 .apc_context = apc_context,
                                 .status_block = result,
                                 .control_code = code,
                                 .input = input,
                                 .input_length = input_length,
                                 .output = output,
                                 .output_length = output_length};
    return zw_send(file, event, &request);
}

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                                     PVOID apc_context, PIO_STATUS_BLOCK result, ULONG code,
                                     PVOID input, ULONG input_length, PVOID output,
                                     ULONG output_length)
{
    return control(IRP_MJ_DEVICE_CONTROL, file, event, apc, apc_context, result, code, input,
                   input_length, output, output_length, KernelMode);
}
SB_EXPORT(ZwDeviceIoControlFile)

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                                     PVOID apc_context, PIO_STATUS_BLOCK result, ULONG code,
                                     PVOID input, ULONG input_length, PVOID output,
                                     ULONG output_length)
{
    return control(IRP_MJ_DEVICE_CONTROL, file, event, apc, apc_context, result, code, input,
                   input_length, output, output_length, zw_previous_mode());
}
SB_EXPORT(NtDeviceIoControlFile)

NTSTATUS NTAPI ZwFsControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                               PIO_STATUS_BLOCK result, ULONG code, PVOID input, ULONG input_length,
                               PVOID output, ULONG output_length)
{
    return control(IRP_MJ_FILE_SYSTEM_CONTROL, file, event, apc, apc_context, result, code, input,
                   input_length, output, output_length, KernelMode);
}
SB_EXPORT(ZwFsControlFile)

static NTSTATUS transfer(UCHAR major, HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                         PVOID apc_context, PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                         PLARGE_INTEGER offset, PULONG key, KPROCESSOR_MODE mode)
{
    BOOLEAN reads = major == IRP_MJ_READ;
    struct io_request request = {.mode = mode,
                                 .major = major,
                                 .apc_routine = apc,
                                 .apc_context = apc_context,
                                 .status_block = result,
                                 .input = reads ? NULL : buffer,
                                 .input_length = reads ? 0 : length,
                                 .output = reads ? buffer : NULL,
                                 .output_length = reads ? length : 0,
                                 .has_offset = offset != NULL,
                                 .has_key = key != NULL};
    if (offset)
        request.offset = *offset;
    if (key)
        request.key = *key;
    return zw_send(file, event, &request);
}

NTSTATUS NTAPI ZwReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                          PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                          PLARGE_INTEGER offset, PULONG key)
{
    return transfer(IRP_MJ_READ, file, event, apc, apc_context, result, buffer, length, offset, key,
                    KernelMode);
}
SB_EXPORT(ZwReadFile)

NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                          PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                          PLARGE_INTEGER offset, PULONG key)
{
    return transfer(IRP_MJ_READ, file, event, apc, apc_context, result, buffer, length, offset, key,
                    zw_previous_mode());
}
SB_EXPORT(NtReadFile)

NTSTATUS NTAPI ZwWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                           PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                           PLARGE_INTEGER offset, PULONG key)
{
    return transfer(IRP_MJ_WRITE, file, event, apc, apc_context, result, buffer, length, offset,
                    key, KernelMode);
}
SB_EXPORT(ZwWriteFile)

NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                           PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                           PLARGE_INTEGER offset, PULONG key)
{
    return transfer(IRP_MJ_WRITE, file, event, apc, apc_context, result, buffer, length, offset,
                    key, zw_previous_mode());
}
SB_EXPORT(NtWriteFile)

/* ---- what needs only the file ---- */
NTSTATUS zw_file(HANDLE handle, ACCESS_MASK access, KPROCESSOR_MODE mode, struct io_file **file,
                 ACCESS_MASK *granted)
{
    struct handle_entry entry;
    NTSTATUS status = ob_handle_reference(current_thread()->Tcb.process, handle, access,
                                          &io_file_type, mode, (void **)file, &entry);
    if (NT_SUCCESS(status))
        *granted = entry.access;
    return status;
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE handle, PIO_STATUS_BLOCK result)
{
    struct io_file *file;
    ACCESS_MASK granted;
    NTSTATUS status = zw_file(handle, 0, KernelMode, &file, &granted);
    if (!NT_SUCCESS(status))
        return status;
    status = io_file_flush(file, KernelMode, result);
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwFlushBuffersFile)

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE handle, PIO_STATUS_BLOCK result, PVOID buffer,
                                      ULONG length, FILE_INFORMATION_CLASS class)
{
    struct io_file *file;
    ACCESS_MASK granted;
    NTSTATUS status = zw_file(handle, 0, KernelMode, &file, &granted);
    if (!NT_SUCCESS(status))
        return status;
    status = io_file_query(file, granted, class, buffer, length, result);
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwQueryInformationFile)
SB_EXPORT_AS("NtQueryInformationFile", ZwQueryInformationFile)

NTSTATUS NTAPI ZwSetInformationFile(HANDLE handle, PIO_STATUS_BLOCK result, PVOID buffer,
                                    ULONG length, FILE_INFORMATION_CLASS class)
{
    struct io_file *file;
    ACCESS_MASK granted;
    NTSTATUS status = zw_file(handle, 0, KernelMode, &file, &granted);
    if (!NT_SUCCESS(status))
        return status;
    status = io_file_set(file, granted, class, buffer, length, KernelMode, result);
    ob_dereference(file);
    return status;
}
SB_EXPORT(ZwSetInformationFile)
SB_EXPORT_AS("NtSetInformationFile", ZwSetInformationFile)

/* Waits, as NT does, until what was cancelled has ended; gives STATUS_NOT_FOUND for nothing found
 * where asked for one request. */
NTSTATUS zw_cancel(HANDLE handle, PETHREAD thread, PIO_STATUS_BLOCK request, BOOLEAN one,
                   PIO_STATUS_BLOCK result, KPROCESSOR_MODE mode)
{
    struct io_file *file;
    ACCESS_MASK granted;
    NTSTATUS status = zw_file(handle, 0, mode, &file, &granted);
    if (!NT_SUCCESS(status))
        return status;
    ULONG count = io_cancel_file(current_thread()->Tcb.process, thread, &file->file, request);
    ob_dereference(file);
    status = one && count == 0 ? STATUS_NOT_FOUND : STATUS_SUCCESS;
    result->Status = status;
    result->Information = 0;
    return status;
}

NTSTATUS NTAPI ZwCancelIoFile(HANDLE handle, PIO_STATUS_BLOCK result)
{
    return zw_cancel(handle, current_thread(), NULL, FALSE, result, KernelMode);
}
SB_EXPORT(ZwCancelIoFile)

NTSTATUS NTAPI ZwCancelIoFileEx(HANDLE handle, PIO_STATUS_BLOCK request, PIO_STATUS_BLOCK result)
{
    return zw_cancel(handle, NULL, request, TRUE, result, KernelMode);
}
SB_EXPORT(ZwCancelIoFileEx)
