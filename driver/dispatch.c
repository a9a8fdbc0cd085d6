/*
 * DEVICE_CONTROL. What the caller claims is checked here and nowhere else, in this order:
 *
 *   the code       no row: STATUS_INVALID_DEVICE_REQUEST
 *   the access     the handle lacks it: STATUS_ACCESS_DENIED
 *   the open       it was refused, or there is no file object where the driver keeps a context:
 *                  STATUS_INVALID_DEVICE_REQUEST
 *   the input      its length is outside the row's limits: STATUS_INFO_LENGTH_MISMATCH
 *   the data       likewise
 *   the output     too short: STATUS_BUFFER_TOO_SMALL
 *
 * then the reply area is cleared, the handler runs, and Information is cut to the capacity: the
 * I/O manager copies that many bytes to the caller whatever the buffer's size ("Failure to Check
 * the Size of Buffers", "Failure to Initialize Output Buffers"). READ, WRITE (transfer.c) and the
 * commands of a batch (batch.c) pass through the same checks.
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

/* An input up to this length is put aside on the stack, a longer one in pool. */
#define INPUT_ON_STACK 256

/* Set by the I/O manager in a DEVICE_CONTROL stack location; not in every toolkit's headers. */
#define GRANTED_READ  0x01
#define GRANTED_WRITE 0x04

static const struct sb_command *find_row(const struct sb_command *rows, size_t count, uint32_t code)
{
    size_t index;

    for (index = 0; index < count; index++)
        if (rows[index].code == code)
            return &rows[index];
    return NULL;
}

const struct sb_command *sb_find_command(const struct sb_driver *driver, uint32_t code)
{
    return find_row(driver->commands, driver->command_count, code);
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
static BOOLEAN access_granted(uint32_t access, PIRP irp)
{
    UCHAR granted = IoGetCurrentIrpStackLocation(irp)->Flags;

    if (access == 0 || irp->RequestorMode == KernelMode)
        return TRUE;
    if ((access & SB_ACCESS_READ) != 0 && (granted & GRANTED_READ) == 0)
        return FALSE;
    return (access & SB_ACCESS_WRITE) == 0 || (granted & GRANTED_WRITE) != 0;
}

static inline NTSTATUS check_lengths(const struct sb_command *command, const struct sb_call *call)
{
    if (call->input_length < command->input_minimum || call->input_length > command->input_maximum)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (call->output_capacity >= command->output_minimum)
        return STATUS_SUCCESS;
    if ((command->flags & SB_TRUNCATABLE) != 0 && call->output_capacity != 0)
        return STATUS_SUCCESS;
    return STATUS_BUFFER_TOO_SMALL;
}

static enum sb_counter refusal_counter(NTSTATUS status)
{
    switch (status) {
    case STATUS_ACCESS_DENIED:
        return SB_COUNTER_REFUSED_ACCESS;
    case STATUS_INFO_LENGTH_MISMATCH:
        return SB_COUNTER_REFUSED_INPUT;
    case STATUS_BUFFER_TOO_SMALL:
        return SB_COUNTER_REFUSED_OUTPUT;
    case STATUS_INSUFFICIENT_RESOURCES:
        return SB_COUNTER_REFUSED_MEMORY;
    default:
        return SB_COUNTER_REFUSED_OPEN;
    }
}

static NTSTATUS refuse(PIRP irp, enum sb_counter counter, NTSTATUS status)
{
    sb_count(sb_device_of(IoGetCurrentIrpStackLocation(irp)->DeviceObject), counter);
    return status;
}

/* Inline, as settle() and serve() are, for the one caller of whom all calls come. */
static inline NTSTATUS check(const struct sb_command *command, const struct sb_call *call, PIRP irp,
                             uint32_t access)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    NTSTATUS status = STATUS_SUCCESS;

    if (!access_granted(access, irp))
        status = STATUS_ACCESS_DENIED;
    else if (call->open == NULL && (file != NULL || call->driver->open_context_size != 0))
        status = STATUS_INVALID_DEVICE_REQUEST;
    else
        status = check_lengths(command, call);
    return NT_SUCCESS(status) ? status : refuse(irp, refusal_counter(status), status);
}

NTSTATUS sb_check_call(const struct sb_command *command, const struct sb_call *call, PIRP irp,
                       uint32_t access)
{
    return check(command, call, irp, access);
}

static NTSTATUS refuse_pending(void)
{
    sb_log(SB_LOG_ERROR, "sysbuf: a handler returned STATUS_PENDING\n");
    return STATUS_INTERNAL_ERROR;
}

/* The handler's claim about its reply, made true. */
static inline NTSTATUS settle(struct sb_call *call, NTSTATUS status, uint32_t reply_limit)
{
    if (call->pended)
        return STATUS_PENDING;
    if (status == STATUS_PENDING)
        status = refuse_pending();
    if (NT_ERROR(status)) {
        call->reply_length = 0;
    } else if (call->reply_length > reply_limit) {
        call->reply_length = reply_limit;
        status = STATUS_BUFFER_OVERFLOW;
    }
    return status;
}

NTSTATUS sb_settle(struct sb_call *call, NTSTATUS status)
{
    return settle(call, status, call->output_capacity);
}

NTSTATUS sb_call_handler(const struct sb_command *command, struct sb_call *call,
                         uint32_t reply_limit)
{
    return settle(call, command->handler(call), reply_limit);
}

/* The handler works in the system buffer itself: the input stays, what lies behind it is zeroed. */
static NTSTATUS call_in_place(const struct sb_command *command, struct sb_call *call)
{
    if (call->output_capacity > call->input_length)
        RtlZeroMemory((UCHAR *)call->output + call->input_length,
                      call->output_capacity - call->input_length);
    return sb_call_handler(command, call, call->output_capacity);
}

/* The handler reads from aside, where the input has been copied, and writes to a clean buffer. */
static inline NTSTATUS call_with_copy(const struct sb_command *command, struct sb_call *call,
                                      void *aside)
{
    RtlCopyMemory(aside, call->input, call->input_length);
    call->input = aside;
    RtlZeroMemory(call->output, call->output_capacity);
    return settle(call, command->handler(call), call->output_capacity);
}

static inline NTSTATUS call_with_stack(const struct sb_command *command, struct sb_call *call)
{
    ULONG64 aside[INPUT_ON_STACK / sizeof(ULONG64)];

    return call_with_copy(command, call, aside);
}

static NTSTATUS call_with_pool(const struct sb_command *command, struct sb_call *call)
{
    void *aside = sb_allocate(call->driver, call->input_length);
    NTSTATUS status;

    if (aside == NULL) {
        sb_count(sb_this_device, SB_COUNTER_REFUSED_MEMORY);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = call_with_copy(command, call, aside);
    sb_free(call->driver, aside);
    return status;
}

static inline NTSTATUS serve(const struct sb_command *command, struct sb_call *call)
{
    BOOLEAN shared = call->input_length != 0 && call->output_capacity != 0;

    if (!shared || (command->flags & SB_IN_PLACE) != 0)
        return call_in_place(command, call);
    if (call->input_length <= INPUT_ON_STACK)
        return call_with_stack(command, call);
    return call_with_pool(command, call);
}

NTSTATUS sb_serve_call(const struct sb_command *command, struct sb_call *call)
{
    return serve(command, call);
}

/* Maps what METHOD_IN_DIRECT and METHOD_OUT_DIRECT describe by an MDL, and calls the handler. The
   pages are the caller's own: there is nothing of the kernel's in them to clear. */
static NTSTATUS serve_direct(const struct sb_command *command, struct sb_call *call)
{
    void *pages = NULL;

    if (call->data_length != 0 || call->output_capacity != 0) {
        pages = sb_map_pages(call->request);
        if (pages == NULL)
            return refuse(call->request, SB_COUNTER_REFUSED_MEMORY, STATUS_INSUFFICIENT_RESOURCES);
    }
    if (SB_CONTROL_CODE_METHOD(command->code) == SB_METHOD_IN_DIRECT)
        call->data = pages;
    else
        call->output = pages;
    return sb_call_handler(command, call, call->output_capacity);
}

static inline NTSTATUS finish(PIRP irp, const struct sb_call *call, NTSTATUS status)
{
    struct sb_device *device;

    if (call->pended)
        return STATUS_PENDING;
    device = sb_device_of(IoGetCurrentIrpStackLocation(irp)->DeviceObject);
    if (NT_ERROR(status))
        sb_count(device, SB_COUNTER_FAILED);
    sb_count_call(device, call->input_length + call->data_length,
                  call->output_capacity != 0 ? call->reply_length : 0);
    return sb_complete(irp, status, call->reply_length);
}

NTSTATUS sb_finish_call(PIRP irp, const struct sb_call *call, NTSTATUS status)
{
    return finish(irp, call, status);
}

/* The code's own access the I/O manager has checked; most rows ask for no more. */
static uint32_t access_beyond_code(const struct sb_command *command)
{
    return command->access == 0 ? 0 : command->access & ~SB_CONTROL_CODE_ACCESS(command->code);
}

/* The one system buffer as an input and an output; neither points anywhere if empty. */
static NTSTATUS dispatch_buffered(const struct sb_command *command, const struct sb_driver *driver,
                                  PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct sb_call call;
    NTSTATUS status;

    sb_describe_call(&call, driver, irp);
    call.input = irp->AssociatedIrp.SystemBuffer;
    call.output = irp->AssociatedIrp.SystemBuffer;
    call.input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    call.output_capacity = stack->Parameters.DeviceIoControl.OutputBufferLength;
    status = check(command, &call, irp, access_beyond_code(command));
    if (!NT_SUCCESS(status))
        return sb_complete(irp, status, 0);
    if (call.input_length == 0)
        call.input = NULL;
    if (call.output_capacity == 0)
        call.output = NULL;
    status = serve(command, &call);
    return finish(irp, &call, status);
}

/* Only rows of METHOD_IN_DIRECT have limits other than 0. */
static NTSTATUS check_data(const struct sb_command *command, const struct sb_call *call)
{
    if (call->data_length >= command->data_minimum && call->data_length <= command->data_maximum)
        return STATUS_SUCCESS;
    return refuse(call->request, SB_COUNTER_REFUSED_INPUT, STATUS_INFO_LENGTH_MISMATCH);
}

/* The input is the system buffer; what an MDL describes is mapped once the lengths are checked. */
static NTSTATUS dispatch_direct(const struct sb_command *command, const struct sb_driver *driver,
                                PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    uint32_t length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    struct sb_call call;
    NTSTATUS status;

    sb_describe_call(&call, driver, irp);
    call.input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    call.input = call.input_length != 0 ? irp->AssociatedIrp.SystemBuffer : NULL;
    call.output = NULL;
    call.output_capacity = 0;
    if (SB_CONTROL_CODE_METHOD(command->code) == SB_METHOD_IN_DIRECT)
        call.data_length = length;
    else
        call.output_capacity = length;
    status = sb_check_call(command, &call, irp, access_beyond_code(command));
    if (NT_SUCCESS(status))
        status = check_data(command, &call);
    if (!NT_SUCCESS(status))
        return sb_complete(irp, status, 0);
    status = serve_direct(command, &call);
    return sb_finish_call(irp, &call, status);
}

NTSTATUS NTAPI sb_dispatch_device_control(PDEVICE_OBJECT device, PIRP irp)
{
    uint32_t code = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode;
    const struct sb_driver *driver = sb_device_driver(device);
    const struct sb_command *command;

    command = sb_find_command(driver, code);
    if (command == NULL)
        command = sb_standard_command(driver, code);
    if (command == NULL)
        command = find_ring_command(driver, code);
    if (command == NULL)
        return sb_complete(irp, refuse(irp, SB_COUNTER_REFUSED_CODE, STATUS_INVALID_DEVICE_REQUEST),
                           0);
    if (SB_CONTROL_CODE_METHOD(code) != SB_METHOD_BUFFERED)
        return dispatch_direct(command, driver, irp);
    return dispatch_buffered(command, driver, irp);
}

/* Of the library's own commands a ring carries those that ask; the others need an open's request.
 */
static const struct sb_command *find_ring_call(const struct sb_driver *driver, uint32_t code)
{
    const struct sb_command *command = sb_find_command(driver, code);

    if (command == NULL && (code == SB_QUERY_CONTRACT || code == SB_QUERY_STATISTICS))
        command = sb_standard_command(driver, code);
    return command;
}

/* As sb_serve_call(), for a call whose input and output are apart already. */
NTSTATUS sb_dispatch_call(struct sb_call *call, uint32_t code)
{
    const struct sb_command *command = find_ring_call(call->driver, code);
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

NTSTATUS sb_snapshot(const struct sb_call *call, const void *source, size_t offset,
                     void *destination, size_t length)
{
    size_t available;

    if (source != NULL && source == call->data)
        available = call->data_length;
    else if (source != NULL && source == call->input)
        available = call->input_length;
    else
        return STATUS_INVALID_PARAMETER;
    if (offset > available || length > available - offset)
        return STATUS_INVALID_PARAMETER;
    /* The handler's compiler sees a call here and cannot read the source in place of the copy. */
    RtlCopyMemory(destination, (const UCHAR *)source + offset, length);
    return STATUS_SUCCESS;
}
