/*
 * What an application's read, write, flush or control request becomes. User buffers are taken in
 * once, here; the driver sees copies (buffered), an MDL (direct) or the caller's pointers (neither).
 */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { SYSTEM_BUFFER_TAG = 0x20206F49 };

static BOOLEAN is_user_range(const void *base, SIZE_T length)
{
    uint64_t start = (uint64_t)base;
    return length == 0 || (start + length >= start && start + length <= LINUX_USER_END);
}

/* The system buffer of a METHOD_BUFFERED request: input copied in, room for the longer of both. */
static NTSTATUS take_buffered(PIRP irp, const struct io_request *request)
{
    ULONG input = request->input_length, output = request->output_length;
    ULONG size = input > output ? input : output;
    if (!is_user_range(request->input, input) || !is_user_range(request->output, output))
        return STATUS_ACCESS_VIOLATION;
    if (size == 0)
        return STATUS_SUCCESS;
    void *buffer = mm_pool_allocate(current_machine(), NonPagedPoolNx, size, SYSTEM_BUFFER_TAG);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (input && !linux_copy_guarded(buffer, request->input, input)) {
        mm_pool_free(current_machine(), buffer);
        return STATUS_ACCESS_VIOLATION;
    }
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->UserBuffer = request->output;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (output)
        irp->Flags |= IRP_INPUT_OPERATION;
    return STATUS_SUCCESS;
}

static NTSTATUS take_control(PIRP irp, PIO_STACK_LOCATION stack, const struct io_request *request)
{
    stack->Parameters.DeviceIoControl.IoControlCode = request->control_code;
    stack->Parameters.DeviceIoControl.InputBufferLength = request->input_length;
    stack->Parameters.DeviceIoControl.OutputBufferLength = request->output_length;
    switch (METHOD_FROM_CTL_CODE(request->control_code)) {
    case METHOD_BUFFERED:
        return take_buffered(irp, request);
    case METHOD_NEITHER:
        stack->Parameters.DeviceIoControl.Type3InputBuffer = request->input;
        irp->UserBuffer = request->output;
        return STATUS_SUCCESS;
    default: /* direct: needs MDLs */
        return STATUS_NOT_IMPLEMENTED;
    }
}

static NTSTATUS take_transfer(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device,
                              const struct io_request *request)
{
    BOOLEAN reads = request->major == IRP_MJ_READ;
    stack->Parameters.Read.Length = reads ? request->output_length : request->input_length;
    stack->Parameters.Read.Key = request->key;
    stack->Parameters.Read.ByteOffset = request->offset;
    if (device->Flags & DO_BUFFERED_IO)
        return take_buffered(irp, request);
    if (device->Flags & DO_DIRECT_IO) /* needs MDLs */
        return STATUS_NOT_IMPLEMENTED;
    irp->UserBuffer = reads ? request->output : request->input;
    return STATUS_SUCCESS;
}

static NTSTATUS take_parameters(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device,
                                const struct io_request *request)
{
    switch (request->major) {
    case IRP_MJ_DEVICE_CONTROL:
        return take_control(irp, stack, request);
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return take_transfer(irp, stack, device, request);
    default:
        return STATUS_SUCCESS;
    }
}

/* Bits 14 and 15 of a control code say what the handle must allow. */
static BOOLEAN is_allowed(const struct io_request *request)
{
    ACCESS_MASK wanted = 0;
    if (request->major == IRP_MJ_DEVICE_CONTROL)
        wanted = (request->control_code >> 14) & (FILE_READ_DATA | FILE_WRITE_DATA);
    else if (request->major == IRP_MJ_READ)
        wanted = FILE_READ_DATA;
    ACCESS_MASK granted = request->file->granted_access;
    if (request->major == IRP_MJ_WRITE)
        return (granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    return (granted & wanted) == wanted;
}

static void join_thread(PIRP irp, PETHREAD thread)
{
    linux_lock(&thread->irps_lock);
    InsertHeadList(&thread->irps, &irp->ThreadListEntry);
    linux_unlock(&thread->irps_lock);
}

/* The IRP of a request, ready to be sent. It holds a reference to the file and takes over that to
 * the event. */
static NTSTATUS make_irp(const struct io_request *request, PDEVICE_OBJECT device, PIRP *made)
{
    PETHREAD thread = current_thread();
    PIRP irp = io_irp_allocate(thread->machine, device->StackSize);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    irp->RequestorMode = thread->Tcb.previous_mode;
    irp->Tail.Overlay.Thread = thread;
    irp->Tail.Overlay.OriginalFileObject = &request->file->file;
    stack->MajorFunction = request->major;
    stack->FileObject = &request->file->file;
    NTSTATUS status = take_parameters(irp, stack, device, request);
    if (!NT_SUCCESS(status)) {
        mm_pool_free(thread->machine, irp);
        return status;
    }
    join_thread(irp, thread);
    ob_reference(request->file);
    *made = irp;
    return STATUS_SUCCESS;
}

/* Waits for a request on a synchronous file: the file object's event tells its end. */
static NTSTATUS wait_for_file(PFILE_OBJECT file, PIO_STATUS_BLOCK result)
{
    NTSTATUS status =
        KeWaitForSingleObject(&file->Event, Executive, UserMode, FALSE, NULL);
    return status == STATUS_SUCCESS ? result->Status : status;
}

NTSTATUS io_request_send(struct io_request *request)
{
    PFILE_OBJECT file = &request->file->file;
    PDEVICE_OBJECT device = io_top_of_stack(file->DeviceObject);
    BOOLEAN synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    PIRP irp;
    if (!is_allowed(request))
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = make_irp(request, device, &irp);
    if (!NT_SUCCESS(status))
        return status;
    irp->UserIosb = request->status_block;
    irp->UserEvent = request->event;
    if (request->event)
        ob_reference(request->event);
    __atomic_store_n(&file->Event.Header.SignalState, 0, __ATOMIC_RELAXED);
    status = IofCallDriver(device, irp);
    if (status == STATUS_PENDING && synchronous)
        status = wait_for_file(file, request->status_block);
    return status;
}
