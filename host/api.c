/* include/sysbuf/host.h: each function packs its arguments and enters the machine. */
#include <sysbuf/host.h>

#include "host/io/io.h"
#include "host/ke/call.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/ps/notify.h"
#include "host/ps/ps.h"

static struct machine *machine_of(struct sb_machine *machine)
{
    return (struct machine *)machine;
}

static struct _EPROCESS *process_of(struct sb_process *process)
{
    return (struct _EPROCESS *)process;
}

sb_status sb_machine_create(const struct sb_machine_options *options, struct sb_machine **machine)
{
    return machine_create(options, (struct machine **)machine);
}

void sb_machine_destroy(struct sb_machine *machine)
{
    if (machine)
        machine_destroy(machine_of(machine));
}

bool sb_machine_bug_check(struct sb_machine *machine, struct sb_bug_check *bug_check)
{
    struct machine *self = machine_of(machine);
    const struct bug_check *stop = &self->ke->bug_check;
    if (machine_is_running(self))
        return false;
    bug_check->code = stop->code;
    __builtin_memcpy(bug_check->parameters, stop->parameters, sizeof(bug_check->parameters));
    __builtin_memcpy(bug_check->module, stop->module, sizeof(bug_check->module));
    bug_check->offset = stop->module_offset;
    return true;
}

void sb_machine_pool_usage(struct sb_machine *machine, uint64_t *blocks, uint64_t *bytes)
{
    SIZE_T live_blocks, live_bytes;
    mm_pool_count(machine_of(machine), &live_blocks, &live_bytes);
    *blocks = live_blocks;
    *bytes = live_bytes;
}

struct load_arguments {
    const void *image;
    size_t size;
    const char *name;
    struct io_driver *driver;
    char *error;
    size_t error_size;
};

static NTSTATUS load_driver(void *context)
{
    struct load_arguments *load = context;
    current_thread()->Tcb.previous_mode = KernelMode;
    return io_driver_load(load->image, load->size, load->name, &load->driver, load->error,
                          load->error_size);
}

sb_status sb_machine_load_driver(struct sb_machine *machine, const void *image, size_t size,
                                 const char *name, struct sb_driver **driver, char *error,
                                 size_t error_size)
{
    struct load_arguments load = {image, size, name, NULL, error, error_size};
    NTSTATUS status =
        machine_call(machine_of(machine)->ps->system_process, load_driver, &load);
    if (NT_SUCCESS(status) && driver)
        *driver = (struct sb_driver *)load.driver;
    return status;
}

static NTSTATUS status_of_errno(int error)
{
    enum { no_entry = 2, no_memory = 12, no_access = 13 };
    switch (-error) {
    case no_entry:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case no_memory:
        return STATUS_INSUFFICIENT_RESOURCES;
    case no_access:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

sb_status sb_machine_load_driver_file(struct sb_machine *machine, const char *path,
                                      struct sb_driver **driver, char *error, size_t error_size)
{
    void *image;
    size_t size;
    const char *name = path;
    int result = linux_file_read_all(path, &image, &size);
    if (result < 0)
        return status_of_errno(result);
    for (const char *at = path; *at; at++)
        if (*at == '/')
            name = at + 1;
    NTSTATUS status =
        sb_machine_load_driver(machine, image, size, name, driver, error, error_size);
    linux_free(image);
    return status;
}

static NTSTATUS unload_driver(void *context)
{
    current_thread()->Tcb.previous_mode = KernelMode;
    return io_driver_unload(context);
}

sb_status sb_machine_unload_driver(struct sb_machine *machine, struct sb_driver *driver)
{
    return machine_call(machine_of(machine)->ps->system_process, unload_driver, driver);
}

struct create_arguments {
    const struct sb_process_options *options;
    struct _EPROCESS *process;
};

/* Drivers are told of it, and may refuse it. */
static NTSTATUS create_process(void *context)
{
    struct create_arguments *create = context;
    struct _EPROCESS *process;
    NTSTATUS status = ps_process_create(current_machine(), !create->options->is_ordinary,
                                        create->options->is_32_bit, &process);
    if (!NT_SUCCESS(status))
        return status;
    status = ps_notify_process_created(process);
    if (!NT_SUCCESS(status)) {
        ps_process_exit(process, status);
        ob_dereference(process);
        return status;
    }
    create->process = process;
    return STATUS_SUCCESS;
}

sb_status sb_process_create(struct sb_machine *machine, const struct sb_process_options *options,
                            struct sb_process **process)
{
    static const struct sb_process_options defaults;
    struct create_arguments create = {options ? options : &defaults, NULL};
    NTSTATUS status =
        machine_call(machine_of(machine)->ps->system_process, create_process, &create);
    if (NT_SUCCESS(status))
        *process = (struct sb_process *)create.process;
    return status;
}

static NTSTATUS exit_process(void *context)
{
    ps_process_exit(context, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

void sb_process_destroy(struct sb_process *process)
{
    if (!process)
        return;
    struct _EPROCESS *self = process_of(process);
    machine_call(self, exit_process, self);
    ob_dereference(self);
}

void *sb_process_allocate(struct sb_process *process, size_t size, bool at_end)
{
    struct machine *machine = process_of(process)->machine;
    uint8_t *base = mm_pages_allocate(machine, LINUX_ARENA_USER, size ? size : 1, MM_REGION_USER);
    if (!base)
        return NULL;
    mm_region_find(machine, base)->owner = process;
    SIZE_T slack = (LINUX_PAGE_SIZE - size % LINUX_PAGE_SIZE) % LINUX_PAGE_SIZE;
    return at_end ? base + slack : base;
}

void sb_process_free(struct sb_process *process, void *buffer)
{
    struct machine *machine = process_of(process)->machine;
    struct mm_region *region = buffer ? mm_region_find(machine, buffer) : NULL;
    if (region && region->kind == MM_REGION_USER)
        mm_pages_free(machine, region->base);
}

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
    NTSTATUS status = RtlUTF8ToUnicodeN(buffer + used, (capacity - used) * sizeof(WCHAR), &bytes,
                                        path, length);
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
    NTSTATUS status = nt_path(arguments->path, buffer, RTL_NUMBER_OF(buffer), &path);
    if (!NT_SUCCESS(status))
        return status;
    struct io_open open = {
        .share_access = options->share,
        .disposition = options->disposition ? options->disposition : FILE_OPEN,
        .options = options->is_overlapped ? 0 : FILE_SYNCHRONOUS_IO_NONALERT,
        .file_attributes = FILE_ATTRIBUTE_NORMAL,
    };
    ACCESS_MASK access = options->access ? options->access : GENERIC_READ | GENERIC_WRITE;
    return io_file_open(&path, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &open,
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

struct close_arguments {
    struct _EPROCESS *process;
    HANDLE handle;
};

static NTSTATUS close_handle(void *context)
{
    struct close_arguments *arguments = context;
    return ob_handle_close(arguments->process, arguments->handle, UserMode);
}

sb_status sb_process_close(struct sb_process *process, sb_handle handle)
{
    struct close_arguments arguments = {process_of(process), (HANDLE)handle};
    return machine_call(process_of(process), close_handle, &arguments);
}

struct request_arguments {
    struct io_request request;
    HANDLE file, event;
};

static NTSTATUS send_request(void *context)
{
    struct request_arguments *arguments = context;
    struct _EPROCESS *process = current_thread()->Tcb.process;
    struct handle_entry entry;
    NTSTATUS status =
        ob_handle_reference(process, arguments->file, 0, &io_file_type, UserMode,
                            (void **)&arguments->request.file, &entry);
    if (!NT_SUCCESS(status))
        return status;
    if (arguments->event)
        status = ob_handle_reference(process, arguments->event, EVENT_MODIFY_STATE, NULL, UserMode,
                                     (void **)&arguments->request.event, &entry);
    if (NT_SUCCESS(status))
        status = io_request_send(&arguments->request);
    if (arguments->request.event)
        ob_dereference(arguments->request.event);
    ob_dereference(arguments->request.file);
    return status;
}

_Static_assert(sizeof(struct sb_io_status) == sizeof(IO_STATUS_BLOCK), "sb_io_status");

sb_status sb_process_ioctl(struct sb_process *process, sb_handle file, sb_handle event,
                           struct sb_io_status *io_status, uint32_t code, const void *input,
                           uint32_t input_length, void *output, uint32_t output_length)
{
    struct request_arguments arguments = {
        .request = {.status_block = (PIO_STATUS_BLOCK)io_status,
                    .major = IRP_MJ_DEVICE_CONTROL,
                    .control_code = code,
                    .input = (void *)input,
                    .input_length = input_length,
                    .output = output,
                    .output_length = output_length},
        .file = (HANDLE)file,
        .event = (HANDLE)event};
    return machine_call(process_of(process), send_request, &arguments);
}

sb_status sb_process_read(struct sb_process *process, sb_handle file, sb_handle event,
                          struct sb_io_status *io_status, void *buffer, uint32_t length,
                          int64_t offset)
{
    struct request_arguments arguments = {.request = {.status_block = (PIO_STATUS_BLOCK)io_status,
                                                      .major = IRP_MJ_READ,
                                                      .output = buffer,
                                                      .output_length = length,
                                                      .offset.QuadPart = offset},
                                          .file = (HANDLE)file,
                                          .event = (HANDLE)event};
    return machine_call(process_of(process), send_request, &arguments);
}

sb_status sb_process_write(struct sb_process *process, sb_handle file, sb_handle event,
                           struct sb_io_status *io_status, const void *buffer, uint32_t length,
                           int64_t offset)
{
    struct request_arguments arguments = {.request = {.status_block = (PIO_STATUS_BLOCK)io_status,
                                                      .major = IRP_MJ_WRITE,
                                                      .input = (void *)buffer,
                                                      .input_length = length,
                                                      .offset.QuadPart = offset},
                                          .file = (HANDLE)file,
                                          .event = (HANDLE)event};
    return machine_call(process_of(process), send_request, &arguments);
}
