/* What an application's, or a driver's, read, write, flush or control request becomes. */
#include "host/io/buffers.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

static NTSTATUS take_parameters(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device,
                                const struct io_request *request)
{
    switch (request->major) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
        return io_take_control(irp, stack, request);
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return io_take_transfer(irp, stack, device, request);
    case IRP_MJ_LOCK_CONTROL:
        return io_take_lock(irp, stack, request);
    default:
        return STATUS_SUCCESS;
    }
}

/* Bits 14 and 15 of a control code say what the handle must allow; the kernel's requests are not
 * held to it. */
static BOOLEAN is_allowed(const struct io_request *request)
{
    ACCESS_MASK granted = request->access;
    if (request->mode == KernelMode)
        return TRUE;
    switch (request->major) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL: {
        ACCESS_MASK wanted = (request->control_code >> 14) & (FILE_READ_DATA | FILE_WRITE_DATA);
        return (granted & wanted) == wanted;
    }
    case IRP_MJ_READ:
        return (granted & FILE_READ_DATA) != 0;
    case IRP_MJ_LOCK_CONTROL:
        return (granted & (FILE_READ_DATA | FILE_WRITE_DATA)) != 0;
    case IRP_MJ_WRITE:
    case IRP_MJ_FLUSH_BUFFERS:
        return (granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    default:
        return TRUE;
    }
}

/* What a driver may ask of the handle's access by IoValidateDeviceIoControlAccess. */
static UCHAR control_flags(const struct io_request *request)
{
    if (request->mode == KernelMode)
        return SL_READ_ACCESS_GRANTED | SL_WRITE_ACCESS_GRANTED;
    return (UCHAR)((request->access & FILE_READ_DATA ? SL_READ_ACCESS_GRANTED : 0) |
                   (request->access & FILE_WRITE_DATA ? SL_WRITE_ACCESS_GRANTED : 0));
}

/* Reads and writes: where. Without an offset a synchronous file goes on from its position. */
static NTSTATUS choose_offset(struct io_request *request)
{
    enum { AT_POSITION = -2, AT_END = -1 };
    PFILE_OBJECT file = &request->file->file;
    BOOLEAN synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    BOOLEAN at_position = !request->has_offset || request->offset.QuadPart == AT_POSITION;
    if (at_position && synchronous)
        request->offset = file->CurrentByteOffset;
    else if (!request->has_offset && !(file->Flags & (FO_NAMED_PIPE | FO_MAILSLOT)))
        return STATUS_INVALID_PARAMETER;
    BOOLEAN at_end = request->major == IRP_MJ_WRITE && request->offset.QuadPart == AT_END;
    return request->offset.QuadPart < 0 && !at_end ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS check(struct io_request *request)
{
    if (SB_UNLIKELY(!is_allowed(request)))
        return STATUS_ACCESS_DENIED;
    if (request->apc_routine && request->file->file.CompletionContext)
        return STATUS_INVALID_PARAMETER; /* one way of being told is enough */
    if (request->major == IRP_MJ_READ || request->major == IRP_MJ_WRITE)
        return choose_offset(request);
    return STATUS_SUCCESS;
}

/* The IRP of a request, ready to be sent: it holds references to the file and the event. */
static NTSTATUS make_irp(const struct io_request *request, PDEVICE_OBJECT device, PIRP *made)
{
    PETHREAD thread = current_thread();
    PIRP irp = io_irp_allocate(thread->machine, device->StackSize);
    if (SB_UNLIKELY(!irp))
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    irp->RequestorMode = request->mode;
    irp->Tail.Overlay.Thread = thread;
    irp->Tail.Overlay.OriginalFileObject = &request->file->file;
    irp->UserIosb = request->status_block;
    irp->UserEvent = request->event;
    irp->Overlay.AsynchronousParameters.UserApcRoutine = request->apc_routine;
    irp->Overlay.AsynchronousParameters.UserApcContext = request->apc_context;
    stack->MajorFunction = request->major;
    stack->MinorFunction = request->minor;
    stack->FileObject = &request->file->file;
    if (request->major == IRP_MJ_DEVICE_CONTROL)
        stack->Flags = control_flags(request);
    else if (request->has_key)
        stack->Flags = SL_KEY_SPECIFIED;
    NTSTATUS status = take_parameters(irp, stack, device, request);
    if (SB_UNLIKELY(!NT_SUCCESS(status))) {
        io_release_buffers(irp);
        IoFreeIrp(irp);
        return status;
    }
    if (request->file->file.Flags & FO_SYNCHRONOUS_IO)
        irp->ApcEnvironment = IO_IRP_BORROWS_FILE;
    else
        ob_reference(request->file);
    io_thread_join(irp, thread);
    if (request->event)
        ob_reference(request->event);
    *made = irp;
    return STATUS_SUCCESS;
}

/* The driver said something final but has not completed the request. On NT it stays with the
 * thread; its status block may be gone when it is completed after all, so nobody is told then.
 * joined: the thread's count with this request. Only those that joined since stand before it, so
 * that what else waits, however much, need not be looked at. */
static void give_up(PIRP irp, PETHREAD thread, const IO_STATUS_BLOCK *status_block, uint64_t joined)
{
    io_irps_lock(thread);
    uint64_t newer = thread->irps_joined - joined;
    for (PLIST_ENTRY link = thread->irps.Flink; link != &thread->irps && newer != UINT64_MAX;
         link = link->Flink, newer--) {
        if (CONTAINING_RECORD(link, IRP, ThreadListEntry) == irp && irp->UserIosb == status_block &&
            !(io_irp_state(irp) & IO_IRP_FINISHING)) {
            io_irp_abandon(irp, thread);
            break;
        }
    }
    io_irps_unlock(thread);
}

/* A synchronous file's event is clear only while its request pends; the status in front of it says
 * whether the end came first. */
static NTSTATUS wait_for_end(PFILE_OBJECT file)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    if (file->FinalStatus == STATUS_PENDING)
        file->Event.Header.SignalState = 0;
    ke_dispatcher_unlock(machine);
    return io_file_wait(file);
}

static NTSTATUS send(struct io_request *request, PDEVICE_OBJECT device, BOOLEAN synchronous)
{
    PETHREAD thread = current_thread();
    PFILE_OBJECT file = &request->file->file;
    PIRP irp;
    NTSTATUS status = make_irp(request, device, &irp);
    if (SB_UNLIKELY(!NT_SUCCESS(status)))
        return status;
    uint64_t joined = thread->irps_joined;
    if (synchronous)
        __atomic_store_n(&file->FinalStatus, STATUS_PENDING, __ATOMIC_RELAXED);
    else
        __atomic_store_n(&file->Event.Header.SignalState, 0, __ATOMIC_RELAXED);
    if (request->event)
        KeClearEvent(request->event);
    const struct verifier_hooks *verifier = thread->machine->verifier;
    BOOLEAN verified =
        SB_UNLIKELY(verifier) && verifier->exchange_begin && verifier->exchange_begin(irp, request);
    status = IofCallDriver(device, irp);
    if (status == STATUS_PENDING)
        status = synchronous ? wait_for_end(file) : status;
    else if (SB_UNLIKELY(!IsListEmpty(&thread->irps)))
        give_up(irp, thread, request->status_block, joined);
    if (SB_UNLIKELY(verified))
        verifier->exchange_end();
    return status;
}

NTSTATUS io_request_send(struct io_request *request)
{
    PFILE_OBJECT file = &request->file->file;
    BOOLEAN synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    NTSTATUS status = check(request);
    if (SB_UNLIKELY(!NT_SUCCESS(status)))
        return status;
    if (synchronous && SB_UNLIKELY(!io_file_enter(file)))
        return STATUS_THREAD_IS_TERMINATING;
    status = send(request, IoGetRelatedDeviceObject(file), synchronous);
    if (synchronous)
        io_file_leave(file);
    return status;
}

NTSTATUS io_file_flush(struct io_file *file, KPROCESSOR_MODE mode, PIO_STATUS_BLOCK status_block)
{
    ULONG_PTR information = 0;
    PDEVICE_OBJECT device;
    if ((file->file.Flags & FO_SYNCHRONOUS_IO) && !io_file_enter(&file->file))
        return STATUS_THREAD_IS_TERMINATING;
    PIRP irp = io_file_irp(&file->file, IRP_MJ_FLUSH_BUFFERS, &device);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (irp) {
        irp->RequestorMode = mode;
        status = io_call_and_wait(device, irp, &information);
        status_block->Status = status;
        status_block->Information = information;
    }
    if (file->file.Flags & FO_SYNCHRONOUS_IO)
        io_file_leave(&file->file);
    return status;
}
