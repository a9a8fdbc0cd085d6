/* include/sysbuf/host.h: root-enumerated devices. */
#include "host/api.h"

#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/ps/ps.h"

_Static_assert((int)SB_DEVICE_WAKE == (int)IO_DEVICE_WAKE, "the actions are the same");

struct add_arguments {
    struct io_driver *driver;
    const char *hardware_id;
    struct io_node *node;
};

static NTSTATUS add_device(void *context)
{
    struct add_arguments *arguments = context;
    WCHAR text[128];
    ULONG bytes = 0, length = 0;
    while (arguments->hardware_id[length])
        length++;
    if (RtlUTF8ToUnicodeN(text, sizeof(text), &bytes, arguments->hardware_id, length) !=
        STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    UNICODE_STRING hardware_id = {(USHORT)bytes, (USHORT)bytes, text};
    current_thread()->Tcb.previous_mode = KernelMode;
    return io_node_add(arguments->driver, &hardware_id, &arguments->node);
}

sb_status sb_device_add(struct sb_machine *machine, struct sb_driver *driver,
                        const char *hardware_id, struct sb_device **device)
{
    struct add_arguments arguments = {(struct io_driver *)driver, hardware_id, NULL};
    NTSTATUS status = machine_call(machine_of(machine)->ps->system_process, add_device, &arguments);
    if (NT_SUCCESS(status))
        *device = (struct sb_device *)arguments.node;
    return status;
}

struct act_arguments {
    struct io_node *node;
    enum sb_device_action action;
};

static NTSTATUS act(void *context)
{
    struct act_arguments *arguments = context;
    current_thread()->Tcb.previous_mode = KernelMode;
    return io_node_act(arguments->node, (enum io_device_action)arguments->action);
}

sb_status sb_device_act(struct sb_machine *machine, struct sb_device *device,
                        enum sb_device_action action)
{
    struct act_arguments arguments = {(struct io_node *)device, action};
    if ((unsigned)action > SB_DEVICE_WAKE)
        return STATUS_INVALID_PARAMETER;
    return machine_call(machine_of(machine)->ps->system_process, act, &arguments);
}
