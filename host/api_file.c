/* include/sysbuf/host.h: an application's calls on files. */
#include "host/api.h"

#include "host/io/buffers.h"
#include "host/io/zw.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

_Static_assert(sizeof(struct sb_io_status) == sizeof(IO_STATUS_BLOCK), "sb_io_status");

struct open_arguments {
    const char *path;
    const struct sb_open_options *options;
    HANDLE handle;
};

/* "\\.\X" and "\\?\X" are "\??\X" to NT; the rest is an NT path already. */
static NTSTATUS nt_path(const char *path, PWSTR buffer, ULONG capacity, UNICODE_STRING *result)
{
    static const char dos_prefix[] = "\\\?\?\\";
    ULONG used = 0, bytes = 0, length = 0;
    if (path[0] == '\\' && path[1] == '\\' && (path[2] == '.' || path[2] == '?') &&
        path[3] == '\\') {
        while (dos_prefix[used]) {
            buffer[used] = (WCHAR)dos_prefix[used];
            used++;
        }
        path += 4;
    }
    while (path[length])
        length++;
    NTSTATUS status =
        RtlUTF8ToUnicodeN(buffer + used, (capacity - used) * sizeof(WCHAR), &bytes, path, length);
    if (status != STATUS_SUCCESS)
        return status == STATUS_BUFFER_TOO_SMALL ? STATUS_NAME_TOO_LONG
                                                 : STATUS_OBJECT_NAME_INVALID;
    result->Buffer = buffer;
    result->Length = result->MaximumLength = (USHORT)(used * sizeof(WCHAR) + bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS open_file(void *context)
{
    static const struct sb_open_options defaults;
    struct open_arguments *arguments = context;
    const struct sb_open_options *options = arguments->options ? arguments->options : &defaults;
    WCHAR buffer[1024];
    UNICODE_STRING path;
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status = nt_path(arguments->path, buffer, RTL_NUMBER_OF(buffer), &path);
    if (!NT_SUCCESS(status))
        return status;
    struct io_open open = {
        .share_access = options->share,
        .disposition = options->disposition ? options->disposition : FILE_OPEN,
        .options = options->options | (options->is_overlapped ? 0 : FILE_SYNCHRONOUS_IO_NONALERT),
        .file_attributes = FILE_ATTRIBUTE_NORMAL,
    };
    ACCESS_MASK access = options->access ? options->access : GENERIC_READ | GENERIC_WRITE;
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE, (HANDLE)options->root,
                               NULL);
    if (options->is_inherited)
        attributes.Attributes |= OBJ_INHERIT;
    return io_file_open(&attributes, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, UserMode, &open,
                        &arguments->handle);
}

sb_status sb_process_open(struct sb_process *process, const char *path,
                          const struct sb_open_options *options, sb_handle *handle)
{
    struct open_arguments arguments = {path, options, NULL};
    NTSTATUS status = machine_call(process_of(process), open_file, &arguments);
    if (NT_SUCCESS(status))
        *handle = (sb_handle)arguments.handle;
    return status;
}

struct request_arguments {
    struct io_request request;
    HANDLE file, event;
};

static NTSTATUS send_request(void *context)
{
    struct request_arguments *arguments = context;
    return zw_send(arguments->file, arguments->event, &arguments->request);
}

/* As Win32 does: the status block's address is the packet's context, and an event whose lowest bit
 * is set keeps the packet away. */
static struct request_arguments make_request(UCHAR major, sb_handle file, sb_handle event,
                                             struct sb_io_status *io_status)
{
    return (struct request_arguments){.request = {.status_block = (PIO_STATUS_BLOCK)io_status,
                                                  .apc_context = event & 1 ? NULL : io_status,
                                                  .mode = UserMode,
                                                  .major = major},
                                      .file = (HANDLE)file,
                                      .event = (HANDLE)(event & ~(sb_handle)3)};
}

sb_status sb_process_ioctl(struct sb_process *process, sb_handle file, sb_handle event,
                           struct sb_io_status *io_status, uint32_t code, const void *input,
                           uint32_t input_length, void *output, uint32_t output_length)
{
    struct request_arguments arguments =
        make_request(IRP_MJ_DEVICE_CONTROL, file, event, io_status);
    arguments.request.control_code = code;
    arguments.request.input = (void *)input;
    arguments.request.input_length = input_length;
    arguments.request.output = output;
    arguments.request.output_length = output_length;
    return machine_call(process_of(process), send_request, &arguments);
}

static void set_offset(struct io_request *request, int64_t offset)
{
    request->has_offset = offset != SB_FILE_POSITION;
    request->offset.QuadPart = offset;
}

sb_status sb_process_read(struct sb_process *process, sb_handle file, sb_handle event,
                          struct sb_io_status *io_status, void *buffer, uint32_t length,
                          int64_t offset)
{
    struct request_arguments arguments = make_request(IRP_MJ_READ, file, event, io_status);
    arguments.request.output = buffer;
    arguments.request.output_length = length;
    set_offset(&arguments.request, offset);
    return machine_call(process_of(process), send_request, &arguments);
}

sb_status sb_process_write(struct sb_process *process, sb_handle file, sb_handle event,
                           struct sb_io_status *io_status, const void *buffer, uint32_t length,
                           int64_t offset)
{
    struct request_arguments arguments = make_request(IRP_MJ_WRITE, file, event, io_status);
    arguments.request.input = (void *)buffer;
    arguments.request.input_length = length;
    set_offset(&arguments.request, offset);
    return machine_call(process_of(process), send_request, &arguments);
}

/* ---- flush, information, cancel ---- */
struct file_arguments {
    HANDLE file;
    struct sb_io_status *io_status;
    uint32_t class;
    void *buffer;
    uint32_t length;
};

static NTSTATUS flush(void *context)
{
    struct file_arguments *arguments = context;
    struct io_file *file;
    ACCESS_MASK access;
    NTSTATUS status = zw_file(arguments->file, 0, UserMode, &file, &access);
    if (!NT_SUCCESS(status))
        return status;
    if (access & (FILE_WRITE_DATA | FILE_APPEND_DATA))
        status = io_file_flush(file, UserMode, (PIO_STATUS_BLOCK)arguments->io_status);
    else
        status = STATUS_ACCESS_DENIED;
    ob_dereference(file);
    return status;
}

sb_status sb_process_flush(struct sb_process *process, sb_handle file,
                           struct sb_io_status *io_status)
{
    struct file_arguments arguments = {(HANDLE)file, io_status, 0, NULL, 0};
    return machine_call(process_of(process), flush, &arguments);
}

static NTSTATUS query_information(void *context)
{
    struct file_arguments *arguments = context;
    struct io_file *file;
    ACCESS_MASK access;
    NTSTATUS status = zw_file(arguments->file, 0, UserMode, &file, &access);
    if (!NT_SUCCESS(status))
        return status;
    status =
        io_file_query(file, access, (FILE_INFORMATION_CLASS)arguments->class, arguments->buffer,
                      arguments->length, (PIO_STATUS_BLOCK)arguments->io_status);
    ob_dereference(file);
    return status;
}

static NTSTATUS set_information(void *context)
{
    struct file_arguments *arguments = context;
    struct io_file *file;
    ACCESS_MASK access;
    NTSTATUS status = zw_file(arguments->file, 0, UserMode, &file, &access);
    if (!NT_SUCCESS(status))
        return status;
    status = io_file_set(file, access, (FILE_INFORMATION_CLASS)arguments->class, arguments->buffer,
                         arguments->length, UserMode, (PIO_STATUS_BLOCK)arguments->io_status);
    ob_dereference(file);
    return status;
}

sb_status sb_process_query_information(struct sb_process *process, sb_handle file,
                                       struct sb_io_status *io_status, uint32_t information_class,
                                       void *buffer, uint32_t length)
{
    struct file_arguments arguments = {(HANDLE)file, io_status, information_class, buffer, length};
    return machine_call(process_of(process), query_information, &arguments);
}

sb_status sb_process_set_information(struct sb_process *process, sb_handle file,
                                     struct sb_io_status *io_status, uint32_t information_class,
                                     const void *buffer, uint32_t length)
{
    struct file_arguments arguments = {(HANDLE)file, io_status, information_class, (void *)buffer,
                                       length};
    return machine_call(process_of(process), set_information, &arguments);
}

static NTSTATUS cancel(void *context)
{
    struct file_arguments *arguments = context;
    IO_STATUS_BLOCK result;
    return zw_cancel(arguments->file, NULL, (PIO_STATUS_BLOCK)arguments->io_status, TRUE, &result,
                     UserMode);
}

sb_status sb_process_cancel(struct sb_process *process, sb_handle file,
                            struct sb_io_status *io_status)
{
    struct file_arguments arguments = {(HANDLE)file, io_status, 0, NULL, 0};
    return machine_call(process_of(process), cancel, &arguments);
}

static NTSTATUS cancel_synchronous(void *context)
{
    return io_cancel_process_synchronous(context) ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

sb_status sb_process_cancel_synchronous(struct sb_process *process)
{
    return machine_call(process_of(process), cancel_synchronous, process_of(process));
}
