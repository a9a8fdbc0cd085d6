/* include/sysbuf/host.h: machines, drivers, processes. Each function packs its arguments and enters
 * the machine. */
#include "host/api.h"
#include "host/io/io.h"
#include "host/io/library.h"
#include "host/ke/call.h"
#include "host/ke/ke.h"
#include "host/ke/outside_stop.h"
#include "host/mm/section.h"
#include "host/ps/notify.h"
#include "host/ps/ps.h"

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
    bug_check->is_reported = stop->is_reported;
    bug_check->driver = stop->driver;
    return true;
}

void sb_machine_stop(struct sb_machine *machine)
{
    ke_stop_from_outside(machine_of(machine));
}

size_t sb_machine_describe_stop(struct sb_machine *machine, char *text, size_t size)
{
    const struct bug_check *stop = &machine_of(machine)->ke->bug_check;
    size_t length = 0;
    if (!machine_is_running(machine_of(machine)))
        length = __atomic_load_n(&stop->description_length, __ATOMIC_ACQUIRE);
    if (size) {
        size_t copied = length < size ? length : size - 1;
        __builtin_memcpy(text, stop->description, copied);
        text[copied] = 0;
    }
    return length;
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
    const struct io_library_source *source;
    struct io_driver *driver;
    char *error;
    size_t error_size;
};

static NTSTATUS load_driver(void *context)
{
    struct load_arguments *load = context;
    current_thread()->Tcb.previous_mode = KernelMode;
    return io_driver_load(load->image, load->size, load->name, load->source, &load->driver,
                          load->error, load->error_size);
}

static sb_status load(struct sb_machine *machine, struct load_arguments *load,
                      struct sb_driver **driver)
{
    NTSTATUS status = machine_call(machine_of(machine)->ps->system_process, load_driver, load);
    if (NT_SUCCESS(status) && driver)
        *driver = (struct sb_driver *)load->driver;
    return status;
}

sb_status sb_machine_load_driver(struct sb_machine *machine, const void *image, size_t size,
                                 const char *name, struct sb_driver **driver, char *error,
                                 size_t error_size)
{
    struct load_arguments arguments = {
        .image = image, .size = size, .name = name, .error = error, .error_size = error_size};
    return load(machine, &arguments, driver);
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

/* The folder of a driver's file, with its slash. */
struct folder {
    const char *path;
    size_t length;
};

static NTSTATUS read_module(void *context, const char *module, void **file, SIZE_T *size)
{
    const struct folder *folder = context;
    char path[4096];
    size_t length = 0;
    while (module[length])
        length++;
    if (folder->length + length >= sizeof(path))
        return STATUS_NAME_TOO_LONG;
    __builtin_memcpy(path, folder->path, folder->length);
    __builtin_memcpy(path + folder->length, module, length + 1);
    int result = linux_file_read_all(path, file, size);
    return result < 0 ? status_of_errno(result) : STATUS_SUCCESS;
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
    struct folder folder = {path, (size_t)(name - path)};
    struct io_library_source source = {read_module, linux_free, &folder};
    struct load_arguments arguments = {.image = image,
                                       .size = size,
                                       .name = name,
                                       .source = &source,
                                       .error = error,
                                       .error_size = error_size};
    sb_status status = load(machine, &arguments, driver);
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

struct path_arguments {
    struct io_driver *driver;
    uint32_t index;
    char path[1024];
};

static NTSTATUS find_path(void *context)
{
    struct path_arguments *find = context;
    return io_driver_path(find->driver, find->index, find->path, sizeof(find->path))
               ? STATUS_SUCCESS
               : STATUS_NO_MORE_ENTRIES;
}

sb_status sb_driver_path(struct sb_machine *machine, struct sb_driver *driver, uint32_t index,
                         char *path, size_t size)
{
    struct path_arguments find = {(struct io_driver *)driver, index, ""};
    NTSTATUS status = machine_call(machine_of(machine)->ps->system_process, find_path, &find);
    size_t length = 0;
    if (!NT_SUCCESS(status))
        return status;
    while (find.path[length])
        length++;
    if (length >= size)
        return STATUS_BUFFER_TOO_SMALL;
    __builtin_memcpy(path, find.path, length + 1);
    return STATUS_SUCCESS;
}

static NTSTATUS shut_down(void *context)
{
    current_thread()->Tcb.previous_mode = KernelMode;
    io_shutdown(context);
    return STATUS_SUCCESS;
}

sb_status sb_machine_shutdown(struct sb_machine *machine)
{
    return machine_call(machine_of(machine)->ps->system_process, shut_down, machine_of(machine));
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
    process->quota[NonPagedPool].limit = create->options->nonpaged_quota;
    process->quota[PagedPool].limit = create->options->paged_quota;
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
    machine_call(self->machine->ps->system_process, exit_process, self);
    ob_dereference(self);
}

uint32_t sb_process_id(struct sb_process *process)
{
    return HandleToULong(process_of(process)->process_id);
}

bool sb_process_has_exited(struct sb_process *process)
{
    return __atomic_load_n(&process_of(process)->is_exiting, __ATOMIC_ACQUIRE);
}

void *sb_process_allocate(struct sb_process *process, size_t size, bool at_end)
{
    struct machine *machine = process_of(process)->machine;
    uint8_t *base = mm_pages_allocate(machine, LINUX_ARENA_USER, size ? size : 1, MM_REGION_USER);
    if (!base)
        return NULL;
    struct mm_region *region = mm_region_find(machine, base);
    region->owner = process;
    region->protection = PAGE_READWRITE;
    SIZE_T slack = (LINUX_PAGE_SIZE - size % LINUX_PAGE_SIZE) % LINUX_PAGE_SIZE;
    return at_end ? base + slack : base;
}

void sb_process_free(struct sb_process *process, void *buffer)
{
    struct mm_region *region = buffer ? mm_user_region(process_of(process), buffer) : NULL;
    if (region)
        mm_user_release(process_of(process), region->base);
}
