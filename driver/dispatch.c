/*
 * DEVICE_CONTROL. What the caller claims is checked here and nowhere else, in this order:
 *
 *   the code       no row: STATUS_INVALID_DEVICE_REQUEST
 *   the access     the handle lacks it: STATUS_ACCESS_DENIED
 *   the open       it was refused, or there is no file object where the driver keeps a context:
 *                  STATUS_INVALID_DEVICE_REQUEST
 *   the input      its length is outside the row's limits: STATUS_INFO_LENGTH_MISMATCH
 *   the output     too short: STATUS_BUFFER_TOO_SMALL
 *
 * then the reply area is cleared, the handler runs, and Information is cut to the capacity: the
 * I/O manager copies that many bytes to the caller whatever the buffer's size ("Failure to Check
 * the Size of Buffers", "Failure to Initialize Output Buffers").
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

/* An input up to this length is put aside on the stack, a longer one in pool. */
#define INPUT_ON_STACK 256

/* Set by the I/O manager in a DEVICE_CONTROL stack location; not in every toolkit's headers. */
#define GRANTED_READ  0x01
#define GRANTED_WRITE 0x04

static NTSTATUS tell_contract_version(struct sb_call *call)
{
    const struct sb_contract_version version = {1, call->driver->contract_version};

    return sb_reply(call, &version, sizeof(version));
}

/* What every driver with a versioned contract serves besides its own table. */
static const struct sb_command query_contract = {
    .code = SB_QUERY_CONTRACT,
    SB_INPUT_NONE,
    .output_minimum = sizeof(struct sb_contract_version),
    .handler = tell_contract_version,
};

static const struct sb_command *find_row(const struct sb_command *rows, size_t count, uint32_t code)
{
    size_t index;

    for (index = 0; index < count; index++)
        if (rows[index].code == code)
            return &rows[index];
    return NULL;
}

static const struct sb_command *find_command(const struct sb_driver *driver, uint32_t code)
{
    const struct sb_command *row = find_row(driver->commands, driver->command_count, code);

    if (row == NULL && code == SB_QUERY_CONTRACT && driver->contract_version != 0)
        row = &query_contract;
    return row;
}

/* The commands of rings need the request's IRP: they come by DEVICE_CONTROL only. */
static const struct sb_command *find_ring_command(const struct sb_driver *driver, uint32_t code)
{
    const struct sb_ring_channel *channel;

    if (driver->ring == NULL)
        return NULL;
    channel = driver->ring->channel;
    return find_row(channel->commands, channel->command_count, code);
}

/*
 * What the code itself demands the I/O manager has checked. More than that is checked against the
 * handle's access, which it notes in the stack location for IoValidateDeviceIoControlAccess; as
 * there, requests from kernel mode are trusted. A system that notes nothing gets a refusal.
 */
static BOOLEAN access_granted(const struct sb_command *command, PIRP irp)
{
    uint32_t beyond_code = command->access & ~SB_CONTROL_CODE_ACCESS(command->code);
    UCHAR granted = IoGetCurrentIrpStackLocation(irp)->Flags;

    if (irp->RequestorMode == KernelMode)
        return TRUE;
    if ((beyond_code & SB_ACCESS_READ) != 0 && (granted & GRANTED_READ) == 0)
        return FALSE;
    return (beyond_code & SB_ACCESS_WRITE) == 0 || (granted & GRANTED_WRITE) != 0;
}

static NTSTATUS check_lengths(const struct sb_command *command, const struct sb_call *call)
{
    if (call->input_length < command->input_minimum || call->input_length > command->input_maximum)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (call->output_capacity >= command->output_minimum)
        return STATUS_SUCCESS;
    if ((command->flags & SB_TRUNCATABLE) != 0 && call->output_capacity != 0)
        return STATUS_SUCCESS;
    return STATUS_BUFFER_TOO_SMALL;
}

static NTSTATUS check_call(const struct sb_driver *driver, const struct sb_command *command,
                           PIRP irp, const struct sb_call *call)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;

    if (!access_granted(command, irp))
        return STATUS_ACCESS_DENIED;
    if (file != NULL && !sb_is_open(driver, file))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (driver->open_context_size != 0 && call->open_context == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    return check_lengths(command, call);
}

/* The handler's claim about its reply, made true. */
NTSTATUS sb_settle(struct sb_call *call, NTSTATUS status)
{
    if (status == STATUS_PENDING) {
        sb_log(SB_LOG_ERROR, "sysbuf: a handler returned STATUS_PENDING\n");
        status = STATUS_INTERNAL_ERROR;
    }
    if (NT_ERROR(status)) {
        call->reply_length = 0;
    } else if (call->reply_length > call->output_capacity) {
        call->reply_length = call->output_capacity;
        status = STATUS_BUFFER_OVERFLOW;
    }
    return status;
}

/* The handler works in the system buffer itself: the input stays, what lies behind it is zeroed. */
static NTSTATUS call_in_place(const struct sb_command *command, struct sb_call *call)
{
    if (call->output_capacity > call->input_length)
        RtlZeroMemory((UCHAR *)call->output + call->input_length,
                      call->output_capacity - call->input_length);
    return sb_settle(call, command->handler(call));
}

/* The handler reads from aside, where the input has been copied, and writes to a clean buffer. */
static NTSTATUS call_with_copy(const struct sb_command *command, struct sb_call *call, void *aside)
{
    RtlCopyMemory(aside, call->input, call->input_length);
    call->input = aside;
    RtlZeroMemory(call->output, call->output_capacity);
    return sb_settle(call, command->handler(call));
}

static NTSTATUS call_with_stack(const struct sb_command *command, struct sb_call *call)
{
    ULONG64 aside[INPUT_ON_STACK / sizeof(ULONG64)];

    return call_with_copy(command, call, aside);
}

static NTSTATUS call_with_pool(const struct sb_driver *driver, const struct sb_command *command,
                               struct sb_call *call)
{
    void *aside = sb_allocate(driver, call->input_length);
    NTSTATUS status;

    if (aside == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = call_with_copy(command, call, aside);
    sb_free(driver, aside);
    return status;
}

static NTSTATUS serve(const struct sb_driver *driver, const struct sb_command *command,
                      struct sb_call *call)
{
    BOOLEAN shared = call->input_length != 0 && call->output_capacity != 0;

    if (!shared || (command->flags & SB_IN_PLACE) != 0)
        return call_in_place(command, call);
    if (call->input_length <= INPUT_ON_STACK)
        return call_with_stack(command, call);
    return call_with_pool(driver, command, call);
}

/* The one buffer of METHOD_BUFFERED, as an input and an output; neither points anywhere if empty.
 */
static void describe_call(struct sb_call *call, const struct sb_driver *driver, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    void *buffer = irp->AssociatedIrp.SystemBuffer;

    call->input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    call->output_capacity = stack->Parameters.DeviceIoControl.OutputBufferLength;
    call->input = call->input_length != 0 ? buffer : NULL;
    call->output = call->output_capacity != 0 ? buffer : NULL;
    call->reply_length = 0;
    call->driver = driver;
    call->process_id = (uint32_t)(ULONG_PTR)PsGetCurrentProcessId();
    call->open_context = sb_open_context(driver, stack->FileObject);
    call->ring = NULL;
    call->internal = irp;
}

NTSTATUS NTAPI sb_dispatch_device_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    const struct sb_driver *driver = sb_device_driver(device);
    const struct sb_command *command;
    struct sb_call call;
    NTSTATUS status;

    command = find_command(driver, stack->Parameters.DeviceIoControl.IoControlCode);
    if (command == NULL)
        command = find_ring_command(driver, stack->Parameters.DeviceIoControl.IoControlCode);
    if (command == NULL)
        return sb_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    describe_call(&call, driver, irp);
    status = check_call(driver, command, irp, &call);
    if (!NT_SUCCESS(status))
        return sb_complete(irp, status, 0);
    status = serve(driver, command, &call);
    return sb_complete(irp, status, call.reply_length);
}

/* As serve(), for a call whose input and output are apart already. */
NTSTATUS sb_dispatch_call(struct sb_call *call, uint32_t code)
{
    const struct sb_command *command = find_command(call->driver, code);
    NTSTATUS status;

    if (command == NULL || SB_CONTROL_CODE_METHOD(code) != SB_METHOD_BUFFERED)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = check_lengths(command, call);
    if (!NT_SUCCESS(status))
        return status;
    if (call->output_capacity != 0)
        RtlZeroMemory(call->output, call->output_capacity);
    if ((command->flags & SB_IN_PLACE) != 0 && call->output_capacity != 0 &&
        call->input_length != 0) {
        RtlCopyMemory(call->output, call->input, call->input_length);
        call->input = call->output;
    }
    return sb_settle(call, command->handler(call));
}

NTSTATUS sb_reply(struct sb_call *call, const void *reply, size_t length)
{
    size_t fitting = length < call->output_capacity ? length : call->output_capacity;

    if (length != 0 && fitting == 0)
        return STATUS_BUFFER_TOO_SMALL;
    RtlMoveMemory(call->output, reply, fitting);
    call->reply_length = (uint32_t)fitting;
    return fitting == length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
