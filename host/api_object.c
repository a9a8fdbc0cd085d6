/* include/sysbuf/host.h: an application's handles, events, waits and completion ports. */
#include "host/api.h"

#include "host/ex/event_object.h"
#include "host/io/zw.h"
#include "host/ke/ke.h"

struct handle_arguments {
    struct _EPROCESS *process;
    HANDLE handle;
    HANDLE result;
};

static NTSTATUS close_handle(void *context)
{
    struct handle_arguments *arguments = context;
    return ob_handle_close(arguments->process, arguments->handle, UserMode);
}

sb_status sb_process_close(struct sb_process *process, sb_handle handle)
{
    struct handle_arguments arguments = {process_of(process), (HANDLE)handle, NULL};
    return machine_call(process_of(process), close_handle, &arguments);
}

struct duplicate_arguments {
    HANDLE handle;
    struct _EPROCESS *target;
    uint32_t access;
    uint32_t flags;
    HANDLE copy;
};

static NTSTATUS duplicate_handle(void *context)
{
    struct duplicate_arguments *arguments = context;
    struct _EPROCESS *process = current_thread()->Tcb.process;
    ULONG options = (arguments->access ? 0 : DUPLICATE_SAME_ACCESS);
    ULONG attributes = arguments->flags & SB_DUPLICATE_INHERIT ? OBJ_INHERIT : 0;
    NTSTATUS status =
        ob_handle_duplicate(process, arguments->handle, arguments->target, arguments->access,
                            attributes, options, UserMode, &arguments->copy);
    if (arguments->flags & SB_DUPLICATE_CLOSE_SOURCE)
        ob_handle_close(process, arguments->handle, UserMode);
    return status;
}

sb_status sb_process_duplicate(struct sb_process *process, sb_handle handle,
                               struct sb_process *target, uint32_t access, uint32_t flags,
                               sb_handle *copy)
{
    struct duplicate_arguments arguments = {(HANDLE)handle, process_of(target), access, flags,
                                            NULL};
    NTSTATUS status = machine_call(process_of(process), duplicate_handle, &arguments);
    if (NT_SUCCESS(status))
        *copy = (sb_handle)arguments.copy;
    return status;
}

/* ---- events ---- */
struct event_arguments {
    BOOLEAN manual_reset, signalled;
    HANDLE handle;
};

static NTSTATUS create_event(void *context)
{
    struct event_arguments *arguments = context;
    PKEVENT event;
    NTSTATUS status = ex_event_create(
        current_machine(), arguments->manual_reset ? NotificationEvent : SynchronizationEvent,
        arguments->signalled, &event);
    if (!NT_SUCCESS(status))
        return status;
    return ob_create_handle(event, NULL, EVENT_ALL_ACCESS, UserMode, &arguments->handle);
}

sb_status sb_process_create_event(struct sb_process *process, bool is_manual_reset,
                                  bool is_signalled, sb_handle *event)
{
    struct event_arguments arguments = {is_manual_reset, is_signalled, NULL};
    NTSTATUS status = machine_call(process_of(process), create_event, &arguments);
    if (NT_SUCCESS(status))
        *event = (sb_handle)arguments.handle;
    return status;
}

static NTSTATUS set_event(void *context)
{
    return ex_event_set(context, UserMode, NULL);
}

static NTSTATUS reset_event(void *context)
{
    return ex_event_reset(context, UserMode, NULL);
}

sb_status sb_process_set_event(struct sb_process *process, sb_handle event)
{
    return machine_call(process_of(process), set_event, (HANDLE)event);
}

sb_status sb_process_reset_event(struct sb_process *process, sb_handle event)
{
    return machine_call(process_of(process), reset_event, (HANDLE)event);
}

/* ---- waits ---- */
struct wait_arguments {
    const sb_handle *handles;
    uint32_t count;
    WAIT_TYPE type;
    uint32_t milliseconds;
};

_Static_assert(sizeof(sb_handle) == sizeof(HANDLE), "sb_handle");

static NTSTATUS wait_for_handles(void *context)
{
    struct wait_arguments *arguments = context;
    LARGE_INTEGER interval;
    return ob_wait_many(arguments->count, (const HANDLE *)arguments->handles, arguments->type,
                        FALSE, api_timeout(arguments->milliseconds, &interval), UserMode);
}

sb_status sb_process_wait(struct sb_process *process, const sb_handle *handles, uint32_t count,
                          bool wait_for_all, uint32_t milliseconds)
{
    struct wait_arguments arguments = {handles, count, wait_for_all ? WaitAll : WaitAny,
                                       milliseconds};
    return machine_call(process_of(process), wait_for_handles, &arguments);
}

/* ---- completion ports ---- */
static NTSTATUS create_port(void *context)
{
    struct handle_arguments *arguments = context;
    void *port;
    NTSTATUS status = io_port_create(current_machine(), &port);
    if (!NT_SUCCESS(status))
        return status;
    return ob_create_handle(port, NULL, io_port_type.mapping.GenericAll, UserMode,
                            &arguments->result);
}

sb_status sb_process_create_port(struct sb_process *process, sb_handle *port)
{
    struct handle_arguments arguments = {process_of(process), NULL, NULL};
    NTSTATUS status = machine_call(process_of(process), create_port, &arguments);
    if (NT_SUCCESS(status))
        *port = (sb_handle)arguments.result;
    return status;
}

sb_status sb_process_associate_port(struct sb_process *process, sb_handle file, sb_handle port,
                                    uint64_t key)
{
    struct sb_io_status io_status;
    FILE_COMPLETION_INFORMATION completion = {(HANDLE)port, (PVOID)key};
    return sb_process_set_information(process, file, &io_status, FileCompletionInformation,
                                      &completion, sizeof(completion));
}

struct port_arguments {
    HANDLE port;
    struct sb_packet packet;
    uint32_t milliseconds;
};

static NTSTATUS reference_port(HANDLE handle, ACCESS_MASK access, void **port)
{
    struct handle_entry entry;
    return ob_handle_reference(current_thread()->Tcb.process, handle, access, &io_port_type,
                               UserMode, port, &entry);
}

enum { PORT_MODIFY = 2 };

static NTSTATUS remove_packet(void *context)
{
    struct port_arguments *arguments = context;
    LARGE_INTEGER interval;
    struct io_packet packet;
    void *port;
    NTSTATUS status = reference_port(arguments->port, PORT_MODIFY, &port);
    if (!NT_SUCCESS(status))
        return status;
    status =
        io_port_remove(port, api_timeout(arguments->milliseconds, &interval), UserMode, &packet);
    if (status == STATUS_SUCCESS)
        arguments->packet = (struct sb_packet){
            .key = (uint64_t)packet.key,
            .context = (uint64_t)packet.context,
            .io_status = {packet.status_block.Status, 0, packet.status_block.Information}};
    ob_dereference(port);
    return status;
}

sb_status sb_process_wait_port(struct sb_process *process, sb_handle port, uint32_t milliseconds,
                               struct sb_packet *packet)
{
    struct port_arguments arguments = {.port = (HANDLE)port, .milliseconds = milliseconds};
    NTSTATUS status = machine_call(process_of(process), remove_packet, &arguments);
    if (status == STATUS_SUCCESS)
        *packet = arguments.packet;
    return status;
}

static NTSTATUS post_packet(void *context)
{
    struct port_arguments *arguments = context;
    const struct sb_packet *packet = &arguments->packet;
    void *port;
    NTSTATUS status = reference_port(arguments->port, PORT_MODIFY, &port);
    if (!NT_SUCCESS(status))
        return status;
    io_port_post(port, (PVOID)packet->key, (PVOID)packet->context, packet->io_status.status,
                 packet->io_status.information);
    ob_dereference(port);
    return STATUS_SUCCESS;
}

sb_status sb_process_post_port(struct sb_process *process, sb_handle port,
                               const struct sb_packet *packet)
{
    struct port_arguments arguments = {.port = (HANDLE)port, .packet = *packet};
    return machine_call(process_of(process), post_packet, &arguments);
}
