/*
 * The end of a request: data and status to the caller, events and packets, the IRP's memory.
 *
 * NT does this in the issuing thread by a kernel APC; here whoever completes the request does it at
 * once, at IRQL <= DISPATCH_LEVEL. What the caller sees is the same: data first, then the status
 * block, then the event or packet.
 */
#include "host/io/completion_apc.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/trace/trace.h"

/* What must be known of an IRP after it is gone. */
struct ending {
    PFILE_OBJECT file;
    PKEVENT event;
    ULONG flags;
    BOOLEAN pending;
    BOOLEAN has_routine;
    BOOLEAN borrows_file;
    PIRP apc;        /* lives on until its APC has run; NULL: there is none to queue */
    PETHREAD thread; /* valid with apc */
    PVOID apc_context;
    IO_STATUS_BLOCK result;
};

/* FALSE when the thread gave the request up: nobody may be told. */
static BOOLEAN start_finishing(PIRP irp, PETHREAD thread)
{
    UCHAR state = io_irp_state(irp);
    if (!(state & IO_IRP_QUEUED))
        return TRUE;
    if (thread == current_thread() && !(state & IO_IRP_ABANDONED))
        return TRUE; /* only this thread could give up what it waits for */
    io_irps_lock(thread);
    state = io_irp_state(irp);
    io_irp_set_state(irp, state | IO_IRP_FINISHING);
    io_irps_unlock(thread);
    return !(state & IO_IRP_ABANDONED);
}

/* Out of the thread's list, and freed unless a canceller still looks at it. */
static void retire(PIRP irp, PETHREAD thread)
{
    BOOLEAN pinned = FALSE;
    int references = 0; /* to the thread */
    if (io_irp_state(irp) & IO_IRP_QUEUED) {
        io_irps_lock(thread);
        RemoveEntryList(&irp->ThreadListEntry);
        UCHAR state = io_irp_state(irp);
        pinned = (state & IO_IRP_PINS) != 0;
        references = ((state & IO_IRP_ABANDONED) != 0) + ((state & IO_IRP_HOLDS) != 0);
        io_irp_set_state(irp, (state & (UCHAR)~IO_IRP_QUEUED) | IO_IRP_DONE);
        io_irps_unlock(thread);
    }
    if (!pinned)
        IoFreeIrp(irp);
    while (references-- > 0)
        ob_dereference(thread);
}

/* Warnings carry data too; errors do not. Information is the driver's word: NT trusts it beyond the
 * length the caller gave, and so does this, though never above the user's part of memory. most:
 * what the verifier allows. */
static void give_data_back(PIRP irp, SIZE_T most)
{
    ULONG_PTR length = irp->IoStatus.Information < most ? irp->IoStatus.Information : most;
    const ULONG wanted = IRP_BUFFERED_IO | IRP_INPUT_OPERATION;
    if ((irp->Flags & wanted) != wanted || NT_ERROR(irp->IoStatus.Status) || length == 0)
        return;
    uint64_t start = (uint64_t)irp->UserBuffer;
    BOOLEAN refused = irp->RequestorMode != KernelMode &&
                      (start >= LINUX_USER_END || length > LINUX_USER_END - start);
    if (refused || !linux_copy_guarded(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, length)) {
        irp->IoStatus.Status = STATUS_ACCESS_VIOLATION;
        irp->IoStatus.Information = 0;
    }
}

void io_release_buffers(PIRP irp)
{
    if (irp->Flags & IRP_DEALLOCATE_BUFFER) {
        mm_buffer_free(current_machine(), irp->AssociatedIrp.SystemBuffer);
        /* a canceller may look at the flags */
        __atomic_store_n(&irp->Flags, irp->Flags & ~(ULONG)IRP_DEALLOCATE_BUFFER, __ATOMIC_RELAXED);
    }
    while (SB_UNLIKELY(irp->MdlAddress)) {
        PMDL mdl = irp->MdlAddress;
        irp->MdlAddress = mdl->Next;
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

static void write_status_block(PIRP irp)
{
    PIO_STATUS_BLOCK block = irp->UserIosb;
    if (!block)
        return;
    block->Information = irp->IoStatus.Information;
    __atomic_store_n(&block->Status, irp->IoStatus.Status, __ATOMIC_RELEASE);
}

/* Whoever was told already may be closing the file, which changes them. */
static ULONG file_flags(const FILE_OBJECT *file)
{
    return __atomic_load_n(&file->Flags, __ATOMIC_RELAXED);
}

static void post_packet(const struct ending *ending)
{
    PIO_COMPLETION_CONTEXT port = ending->file->CompletionContext;
    BOOLEAN skipped = (file_flags(ending->file) & FO_SKIP_COMPLETION_PORT) && !ending->pending &&
                      !NT_ERROR(ending->result.Status);
    if (port && ending->apc_context && !ending->has_routine && !skipped)
        io_port_post(port->Port, port->Key, ending->apc_context, ending->result.Status,
                     ending->result.Information);
}

/* A synchronous file's event is set already unless the request pends (request.c, where other
 * requests of an overlapped file clear it without the lock). */
static void signal_file(PFILE_OBJECT file, NTSTATUS status, BOOLEAN pending)
{
    if (!pending && __atomic_load_n(&file->Event.Header.SignalState, __ATOMIC_RELAXED)) {
        __atomic_store_n(&file->FinalStatus, status, __ATOMIC_RELAXED);
        return;
    }
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    __atomic_store_n(&file->FinalStatus, status, __ATOMIC_RELAXED);
    __atomic_store_n(&file->Event.Header.SignalState, 1, __ATOMIC_RELAXED);
    ke_signal_waiters(&file->Event.Header);
    ke_dispatcher_unlock(machine);
}

/* NT's rules: an error that did not pend is told by the return value alone; one that pended on a
 * synchronous file by the file's event alone. */
static BOOLEAN is_told_at_once(const struct ending *ending)
{
    return NT_ERROR(ending->result.Status) &&
           (!ending->pending || (file_flags(ending->file) & FO_SYNCHRONOUS_IO));
}

static void tell_file(const struct ending *ending)
{
    PFILE_OBJECT file = ending->file;
    NTSTATUS status = ending->result.Status;
    BOOLEAN synchronous = (file_flags(file) & FO_SYNCHRONOUS_IO) != 0;
    if (is_told_at_once(ending)) {
        if (synchronous)
            signal_file(file, status, ending->pending);
        return;
    }
    if (ending->event)
        KeSetEvent(ending->event, IO_NO_INCREMENT, FALSE);
    if (synchronous || (!ending->event && !(file_flags(file) & FO_SKIP_SET_EVENT)))
        signal_file(file, status, ending->pending);
    if (SB_UNLIKELY(ending->apc))
        io_completion_apc_queue(ending->apc, ending->thread);
    if (!synchronous) /* else no port, and the file may be gone with its waiter */
        post_packet(ending);
}

/* A driver's own IRP: IoBuildDeviceIoControlRequest and kin. */
static void tell_driver(const struct ending *ending)
{
    if (ending->event && (ending->pending || !NT_ERROR(ending->result.Status)))
        KeSetEvent(ending->event, IO_NO_INCREMENT, FALSE);
}

static void finish_associated(PIRP irp)
{
    PIRP master = irp->AssociatedIrp.MasterIrp;
    while (irp->MdlAddress) {
        PMDL mdl = irp->MdlAddress;
        irp->MdlAddress = mdl->Next;
        IoFreeMdl(mdl);
    }
    IoFreeIrp(irp);
    if (__atomic_sub_fetch(&master->AssociatedIrp.IrpCount, 1, __ATOMIC_ACQ_REL) == 0)
        IofCompleteRequest(master, IO_NO_INCREMENT);
}

void io_finish(PIRP irp)
{
    if (SB_UNLIKELY(irp->Flags & IRP_ASSOCIATED_IRP)) {
        finish_associated(irp);
        return;
    }
    PETHREAD thread = irp->Tail.Overlay.Thread;
    struct ending ending = {.file = irp->Tail.Overlay.OriginalFileObject,
                            .event = irp->UserEvent,
                            .flags = irp->Flags,
                            .pending = irp->PendingReturned};
    BOOLEAN told = start_finishing(irp, thread);
    BOOLEAN is_own = (irp->Flags & IRP_SYNCHRONOUS_API) != 0;
    struct machine *machine = current_machine();
    const struct verifier_hooks *verifier = machine->verifier;
    SIZE_T most = SB_UNLIKELY(verifier) && verifier->reply ? verifier->reply(irp) : MAXSIZE_T;
    if (SB_LIKELY(told))
        give_data_back(irp, most);
    io_release_buffers(irp);
    ending.result = irp->IoStatus;
    if (SB_UNLIKELY(machine->trace))
        trace_finished(machine, irp, &ending.result);
    if (!(irp->Flags & IRP_CREATE_OPERATION)) { /* AllocationSize lies over these */
        ending.has_routine = irp->Overlay.AsynchronousParameters.UserApcRoutine != NULL;
        ending.apc_context = irp->Overlay.AsynchronousParameters.UserApcContext;
    }
    if (SB_LIKELY(told))
        write_status_block(irp);
    ending.borrows_file = irp->ApcEnvironment == IO_IRP_BORROWS_FILE;
    if (SB_UNLIKELY(ending.has_routine) && told && ending.file && !is_told_at_once(&ending)) {
        ending.apc = irp;
        ending.thread = thread;
        io_completion_apc_keep(irp, thread);
    }
    retire(irp, thread);
    if (is_own) {
        if (told && ending.event)
            KeSetEvent(ending.event, IO_NO_INCREMENT, FALSE);
        return;
    }
    if (!ending.file) {
        if (told)
            tell_driver(&ending);
        return;
    }
    tell_file(&ending);
    if (ending.event)
        ob_dereference(ending.event);
    if (!ending.borrows_file)
        ob_dereference(ending.file);
}
