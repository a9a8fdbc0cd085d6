/*
 * READ and WRITE, as calls: the same checks, the same struct sb_call, rows of their own in the
 * description. And the caller's pages, where I/O is direct.
 *
 * The I/O manager has checked that the handle may read or write; the rows can ask for more.
 */
#include "internal.h"

/* Not in every toolkit's headers. */
#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

void *sb_map_pages(PIRP irp)
{
    if (irp->MdlAddress == NULL)
        return NULL;
    return MmGetSystemAddressForMdlSafe(irp->MdlAddress,
                                        (ULONG)NormalPagePriority | MdlMappingNoExecute);
}

static BOOLEAN is_direct(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        return SB_CONTROL_CODE_METHOD(stack->Parameters.DeviceIoControl.IoControlCode) !=
               SB_METHOD_BUFFERED;
    return sb_device_driver(stack->DeviceObject)->direct_io;
}

static uint32_t reply_capacity(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (stack->MajorFunction == IRP_MJ_READ)
        return stack->Parameters.Read.Length;
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL ||
        SB_CONTROL_CODE_METHOD(stack->Parameters.DeviceIoControl.IoControlCode) ==
            SB_METHOD_IN_DIRECT)
        return 0;
    return stack->Parameters.DeviceIoControl.OutputBufferLength;
}

void *sb_reply_room(PIRP irp, uint32_t *capacity)
{
    *capacity = reply_capacity(irp);
    if (*capacity == 0)
        return NULL;
    return is_direct(irp) ? sb_map_pages(irp) : irp->AssociatedIrp.SystemBuffer;
}

static NTSTATUS refuse(PIRP irp, enum sb_counter counter, NTSTATUS status)
{
    sb_count(sb_device_of(IoGetCurrentIrpStackLocation(irp)->DeviceObject), counter);
    return sb_complete(irp, status, 0);
}

/* The caller's bytes, in a copy of the I/O manager's or where they lie. */
static void *transfer_buffer(PIRP irp)
{
    return is_direct(irp) ? sb_map_pages(irp) : irp->AssociatedIrp.SystemBuffer;
}

NTSTATUS NTAPI sb_dispatch_read(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    const struct sb_driver *driver = sb_device_driver(device);
    struct sb_call call;
    NTSTATUS status;

    if (driver->read.handler == NULL)
        return refuse(irp, SB_COUNTER_REFUSED_CODE, STATUS_INVALID_DEVICE_REQUEST);
    sb_describe_call(&call, driver, irp);
    call.offset = (uint64_t)stack->Parameters.Read.ByteOffset.QuadPart;
    call.input = NULL;
    call.input_length = 0;
    call.output = NULL; /* until the lengths are checked */
    call.output_capacity = stack->Parameters.Read.Length;
    status = sb_check_call(&driver->read, &call, irp, driver->read.access & ~SB_ACCESS_READ);
    if (!NT_SUCCESS(status))
        return sb_complete(irp, status, 0);
    if (call.output_capacity != 0) {
        call.output = transfer_buffer(irp);
        if (call.output == NULL)
            return refuse(irp, SB_COUNTER_REFUSED_MEMORY, STATUS_INSUFFICIENT_RESOURCES);
        if (!driver->direct_io)
            RtlZeroMemory(call.output, call.output_capacity);
    }
    status = sb_call_handler(&driver->read, &call, call.output_capacity);
    return sb_finish_call(irp, &call, status);
}

NTSTATUS NTAPI sb_dispatch_write(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    const struct sb_driver *driver = sb_device_driver(device);
    struct sb_call call;
    NTSTATUS status;

    if (driver->write.handler == NULL)
        return refuse(irp, SB_COUNTER_REFUSED_CODE, STATUS_INVALID_DEVICE_REQUEST);
    sb_describe_call(&call, driver, irp);
    call.offset = (uint64_t)stack->Parameters.Write.ByteOffset.QuadPart;
    call.input = NULL; /* until the lengths are checked */
    call.output = NULL;
    call.output_capacity = 0;
    call.input_length = stack->Parameters.Write.Length;
    status = sb_check_call(&driver->write, &call, irp, driver->write.access & ~SB_ACCESS_WRITE);
    if (!NT_SUCCESS(status))
        return sb_complete(irp, status, 0);
    if (call.input_length != 0) {
        call.input = transfer_buffer(irp);
        if (call.input == NULL)
            return refuse(irp, SB_COUNTER_REFUSED_MEMORY, STATUS_INSUFFICIENT_RESOURCES);
    }
    call.reply_length = call.input_length; /* all is taken, unless the handler says less */
    status = sb_call_handler(&driver->write, &call, call.input_length);
    return sb_finish_call(irp, &call, status);
}
