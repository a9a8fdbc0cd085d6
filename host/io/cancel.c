/*
 * Cancellation, and what a thread leaves behind.
 *
 * The IRPs of a thread stand in ETHREAD.irps under irps_lock. A canceller pins an IRP there, so
 * that its memory outlasts a completion that runs meanwhile, and cancels it without holding the
 * lock.
 */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/trace/trace.h"

/* How long a thread that ends waits for its requests. Windows waits for minutes; where time is
 * real, nobody wants to. */
enum { RUNDOWN_SECONDS = 3, SCHEDULED_RUNDOWN_SECONDS = 60, RUNDOWN_POLLS = 300 };

static ULONG rundown_seconds(const struct machine *machine)
{
    return machine->scheduler ? SCHEDULED_RUNDOWN_SECONDS : RUNDOWN_SECONDS;
}

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL irql)
{
    *irql = KeAcquireSpinLockRaiseToDpc(&current_machine()->io->cancel_lock);
}
SB_EXPORT(IoAcquireCancelSpinLock)

VOID NTAPI IoReleaseCancelSpinLock(KIRQL irql)
{
    KeReleaseSpinLock(&current_machine()->io->cancel_lock, irql);
}
SB_EXPORT(IoReleaseCancelSpinLock)

static void call_routine(struct machine *machine, PDRIVER_CANCEL routine, PIRP irp, KIRQL irql)
{
    const struct verifier_hooks *verifier = machine->verifier;
    PDEVICE_OBJECT device = irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    /* The host's own routines, as that of cancel-safe queues, are no driver's to answer for. */
    if (SB_LIKELY(!verifier) || !verifier->cancel_lock ||
        !loader_find(machine, (uint64_t)routine)) {
        routine(device, irp);
        return;
    }
    struct verifier_callback callback = {VERIFIER_CALLBACK_CANCEL, routine, device};
    verifier->cancel_lock(routine);
    verifier->callback_begin(&callback);
    callback.irql = irql; /* where the routine goes back to */
    routine(device, irp);
    verifier->callback_end(&callback);
}

/* The cancel routine is called with the cancel spin lock held, and lets go of it. */
BOOLEAN NTAPI IoCancelIrp(PIRP irp)
{
    struct machine *machine = current_machine();
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    __atomic_store_n(&irp->Cancel, TRUE, __ATOMIC_RELAXED);
    PDRIVER_CANCEL routine = IoSetCancelRoutine(irp, NULL);
    if (SB_UNLIKELY(machine->trace))
        trace_cancel(machine, irp, routine != NULL);
    if (!routine) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    if (irp->CurrentLocation > irp->StackCount + 1)
        KeBugCheckEx(CANCEL_STATE_IN_COMPLETED_IRP, (ULONG_PTR)irp, (ULONG_PTR)routine, 0, 0);
    irp->CancelIrql = irql;
    call_routine(machine, routine, irp, irql);
    return TRUE;
}
SB_EXPORT(IoCancelIrp)

void io_thread_join(PIRP irp, PETHREAD thread)
{
    io_irps_lock(thread);
    io_irp_set_state(irp, io_irp_state(irp) | IO_IRP_QUEUED);
    InsertHeadList(&thread->irps, &irp->ThreadListEntry);
    thread->irps_joined++;
    io_irps_unlock(thread);
}

void io_irp_unpin(PIRP irp, PETHREAD thread)
{
    io_irps_lock(thread);
    io_irp_set_state(irp, io_irp_state(irp) - 1u);
    BOOLEAN last = (io_irp_state(irp) & (IO_IRP_PINS | IO_IRP_DONE)) == IO_IRP_DONE;
    io_irps_unlock(thread);
    if (last)
        IoFreeIrp(irp);
}

/* Which of a thread's requests are meant. */
struct choice {
    PFILE_OBJECT file;             /* NULL: any */
    PIO_STATUS_BLOCK status_block; /* NULL: any */
    BOOLEAN synchronous;           /* only what the thread waits for */
};

static BOOLEAN is_chosen(PIRP irp, const struct choice *choice)
{
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    if (choice->file && file != choice->file)
        return FALSE;
    if (choice->status_block && irp->UserIosb != choice->status_block)
        return FALSE;
    return !choice->synchronous ||
           (__atomic_load_n(&irp->Flags, __ATOMIC_RELAXED) & IRP_SYNCHRONOUS_API) ||
           (file && (file->Flags & FO_SYNCHRONOUS_IO));
}

/* Pins the next chosen IRP that has not been cancelled yet. */
static PIRP pin_next(PETHREAD thread, const struct choice *choice)
{
    PIRP found = NULL;
    io_irps_lock(thread);
    for (PLIST_ENTRY link = thread->irps.Flink; link != &thread->irps && !found;
         link = link->Flink) {
        PIRP irp = CONTAINING_RECORD(link, IRP, ThreadListEntry);
        UCHAR state = io_irp_state(irp);
        if (!__atomic_load_n(&irp->Cancel, __ATOMIC_RELAXED) &&
            !(state & (IO_IRP_FINISHING | IO_IRP_ABANDONED)) &&
            (state & IO_IRP_PINS) < IO_IRP_CANCELLERS && is_chosen(irp, choice))
            found = irp;
    }
    if (found)
        io_irp_set_state(found, io_irp_state(found) + 1u);
    io_irps_unlock(thread);
    return found;
}

static ULONG cancel_chosen(PETHREAD thread, const struct choice *choice)
{
    ULONG count = 0;
    PIRP irp;
    while ((irp = pin_next(thread, choice)) != NULL) {
        IoCancelIrp(irp);
        io_irp_unpin(irp, thread);
        count++;
    }
    return count;
}

ULONG io_cancel_file(struct _EPROCESS *process, PETHREAD only, PFILE_OBJECT file,
                     PIO_STATUS_BLOCK status_block)
{
    struct choice choice = {.file = file, .status_block = status_block};
    if (only)
        return cancel_chosen(only, &choice);
    ULONG count = 0;
    PETHREAD thread = NULL;
    while ((thread = ps_next_thread(process, thread)) != NULL)
        count += cancel_chosen(thread, &choice);
    return count;
}

ULONG io_cancel_process_synchronous(struct _EPROCESS *process)
{
    struct choice choice = {.synchronous = TRUE};
    PETHREAD thread = NULL;
    ULONG count = 0;
    while ((thread = ps_next_thread(process, thread)) != NULL)
        count += cancel_chosen(thread, &choice);
    return count;
}

static BOOLEAN has_requests(PETHREAD thread)
{
    io_irps_lock(thread);
    BOOLEAN has = !IsListEmpty(&thread->irps);
    io_irps_unlock(thread);
    return has;
}

static void report_hang(PETHREAD thread, PIRP irp)
{
    char text[256];
    PIO_STACK_LOCATION stack = irp->Tail.Overlay.CurrentStackLocation;
    PDEVICE_OBJECT device = irp->CurrentLocation <= irp->StackCount ? stack->DeviceObject : NULL;
    UNICODE_STRING none = {0};
    ULONG seconds = rundown_seconds(thread->machine);
    SIZE_T length = text_format(
        text, sizeof(text),
        "*** io: request %p (major 0x%02x) of thread %u was not completed within %u s of its "
        "cancellation; it hangs in %wZ\n",
        irp, stack->MajorFunction, HandleToULong(thread->thread_id), seconds,
        device ? &device->DriverObject->DriverName : &none);
    machine_log(thread->machine, text, length);
    const struct verifier_hooks *verifier = thread->machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->irp_not_cancelled)
        verifier->irp_not_cancelled(irp, seconds * 1000);
}

/* Gives up what is left: whoever completes it later tells nobody. */
static void abandon_all(PETHREAD thread)
{
    for (;;) {
        PIRP left = NULL;
        io_irps_lock(thread);
        for (PLIST_ENTRY link = thread->irps.Flink; link != &thread->irps && !left;
             link = link->Flink) {
            PIRP irp = CONTAINING_RECORD(link, IRP, ThreadListEntry);
            if (!(io_irp_state(irp) & (IO_IRP_FINISHING | IO_IRP_ABANDONED)))
                left = irp;
        }
        if (left) {
            io_irp_abandon(left, thread);
            io_irp_set_state(left, io_irp_state(left) + 1u); /* pinned for the report */
        }
        io_irps_unlock(thread);
        if (!left)
            return;
        report_hang(thread, left);
        io_irp_unpin(left, thread);
    }
}

void io_thread_rundown(PETHREAD thread)
{
    struct choice all = {0};
    ULONG milliseconds = rundown_seconds(thread->machine) * 1000 / RUNDOWN_POLLS;
    LARGE_INTEGER pause = {.QuadPart = -10000LL * milliseconds};
    for (int poll = 0; has_requests(thread); poll++) {
        cancel_chosen(thread, &all);
        if (!has_requests(thread))
            return;
        if (poll == RUNDOWN_POLLS) {
            abandon_all(thread);
            return;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
}

void io_thread_orphan(PETHREAD thread)
{
    struct choice all = {0};
    cancel_chosen(thread, &all);
    io_irps_lock(thread);
    for (PLIST_ENTRY link = thread->irps.Flink; link != &thread->irps; link = link->Flink) {
        PIRP irp = CONTAINING_RECORD(link, IRP, ThreadListEntry);
        if (io_irp_state(irp) & IO_IRP_HOLDS)
            continue;
        io_irp_set_state(irp, io_irp_state(irp) | IO_IRP_HOLDS);
        ob_reference(thread);
    }
    io_irps_unlock(thread);
}
