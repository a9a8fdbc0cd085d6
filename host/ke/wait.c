/*
 * Waiting and being satisfied. The signalling side does all the work under the dispatcher lock: it
 * takes the wait apart and leaves the status, so that a woken thread only returns it.
 */
#include "host/ke/wait.h"

void ke_dispatcher_lock(struct machine *machine)
{
    linux_lock(&machine->ke->dispatcher);
    current_kpcr()->holds_dispatcher = true;
}

void ke_dispatcher_unlock(struct machine *machine)
{
    current_kpcr()->holds_dispatcher = false;
    linux_unlock(&machine->ke->dispatcher);
}

void ke_header_initialize(DISPATCHER_HEADER *header, enum dispatcher_type type, ULONG size,
                          LONG state)
{
    header->Type = (UCHAR)type;
    header->Abandoned = 0;
    header->Size = (UCHAR)(size / sizeof(ULONG));
    header->DebugActive = 0;
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

static BOOLEAN is_signalled(const DISPATCHER_HEADER *header, PKTHREAD thread)
{
    if (header->Type == DISPATCHER_MUTANT && ((const KMUTANT *)header)->OwnerThread == thread)
        return TRUE;
    if (header->Type == DISPATCHER_QUEUE &&
        ((const KQUEUE *)header)->CurrentCount >= ((const KQUEUE *)header)->MaximumCount)
        return FALSE;
    return header->SignalState > 0;
}

static void take_mutant(KMUTANT *mutant, PKTHREAD thread, NTSTATUS *status)
{
    if (--mutant->Header.SignalState != 0)
        return; /* recursive */
    mutant->OwnerThread = thread;
    InsertHeadList(&thread->owned_mutants, &mutant->MutantListEntry);
    if (mutant->ApcDisable)
        thread->kernel_apc_disable--;
    if (mutant->Abandoned) {
        mutant->Abandoned = FALSE;
        *status = STATUS_ABANDONED;
    }
}

/* Does to the object what a successful wait does. */
static void satisfy(DISPATCHER_HEADER *header, PKTHREAD thread, NTSTATUS *status)
{
    switch (header->Type) {
    case DISPATCHER_SYNCHRONIZATION_EVENT:
    case DISPATCHER_SYNCHRONIZATION_TIMER:
        header->SignalState = 0;
        break;
    case DISPATCHER_SEMAPHORE:
        header->SignalState--;
        break;
    case DISPATCHER_MUTANT:
        take_mutant((KMUTANT *)header, thread, status);
        break;
    case DISPATCHER_QUEUE:
        header->SignalState--;
        thread->queue_entry = RemoveHeadList(&((PKQUEUE)header)->EntryListHead);
        thread->queue_entry->Flink = NULL; /* how KeInsertQueue knows that it is in no queue */
        break;
    }
}

static void unlink_wait(PKTHREAD thread)
{
    PKWAIT_BLOCK block = thread->wait_blocks;
    do {
        RemoveEntryList(&block->WaitListEntry);
        block = block->NextWaitBlock;
    } while (block != thread->wait_blocks);
    thread->wait_blocks = NULL;
    if (thread->queue)
        thread->queue->CurrentCount++; /* it is about to run again */
}

static BOOLEAN all_signalled(PKTHREAD thread)
{
    PKWAIT_BLOCK block = thread->wait_blocks;
    do {
        if (!is_signalled(block->Object, thread))
            return FALSE;
        block = block->NextWaitBlock;
    } while (block != thread->wait_blocks);
    return TRUE;
}

static void satisfy_all(PKTHREAD thread, NTSTATUS *status)
{
    PKWAIT_BLOCK block = thread->wait_blocks;
    do {
        satisfy(block->Object, thread, status);
        block = block->NextWaitBlock;
    } while (block != thread->wait_blocks);
}

BOOLEAN ke_end_wait(PKTHREAD thread, NTSTATUS status)
{
    if (!thread->wait_blocks)
        return FALSE;
    unlink_wait(thread);
    thread->wait_status = status;
    schedule_wake(thread);
    return TRUE;
}

/* Ends the thread's wait when this block (now signalled) satisfies it. */
static BOOLEAN try_to_end_wait(PKWAIT_BLOCK block)
{
    PKTHREAD thread = block->Thread;
    NTSTATUS status = STATUS_SUCCESS;
    if (block->WaitType == WaitAny) {
        satisfy(block->Object, thread, &status);
        status += block->WaitKey;
    } else if (all_signalled(thread)) {
        satisfy_all(thread, &status);
    } else {
        return FALSE;
    }
    return ke_end_wait(thread, status);
}

void ke_signal_waiters(DISPATCHER_HEADER *header)
{
    PLIST_ENTRY link = header->WaitListHead.Flink;
    while (link != &header->WaitListHead) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(link, KWAIT_BLOCK, WaitListEntry);
        if (!is_signalled(header, block->Thread))
            return;
        /* Ending a wait unlinks all its blocks, perhaps several in this list: begin anew. */
        link = try_to_end_wait(block) ? header->WaitListHead.Flink : link->Flink;
    }
}

void ke_header_signal(struct machine *machine, DISPATCHER_HEADER *header)
{
    ke_dispatcher_lock(machine);
    header->SignalState = 1;
    ke_signal_waiters(header);
    ke_dispatcher_unlock(machine);
}

/* Recursion that would wrap the count of a mutex the thread owns. */
static BOOLEAN is_exhausted(const DISPATCHER_HEADER *header, PKTHREAD thread)
{
    return header->Type == DISPATCHER_MUTANT && header->SignalState == (LONG)MINLONG &&
           ((const KMUTANT *)header)->OwnerThread == thread;
}

static NTSTATUS poll_all(PKTHREAD thread, const struct ke_wait *wait)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < wait->count; i++)
        if (!is_signalled(wait->objects[i], thread))
            return STATUS_PENDING;
    for (ULONG i = 0; i < wait->count; i++)
        satisfy(wait->objects[i], thread, &status);
    return status;
}

/* The status a wait has at once, or STATUS_PENDING. Dispatcher lock held. */
static NTSTATUS poll(PKTHREAD thread, const struct ke_wait *wait)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < wait->count; i++)
        if (is_exhausted(wait->objects[i], thread))
            return STATUS_MUTANT_LIMIT_EXCEEDED;
    if (wait->type == WaitAll)
        return poll_all(thread, wait);
    for (ULONG i = 0; i < wait->count; i++) {
        if (!is_signalled(wait->objects[i], thread))
            continue;
        satisfy(wait->objects[i], thread, &status);
        return status + (NTSTATUS)i;
    }
    return STATUS_PENDING;
}

/* Threads wait in order, but for those of a queue: the last to come is the first to go. */
static void link_wait(PKTHREAD thread, const struct ke_wait *wait)
{
    PKWAIT_BLOCK blocks = wait->blocks ? wait->blocks : thread->built_in_wait_blocks;
    for (ULONG i = 0; i < wait->count; i++) {
        DISPATCHER_HEADER *header = wait->objects[i];
        PKWAIT_BLOCK block = &blocks[i];
        block->Thread = thread;
        block->Object = header;
        block->WaitKey = (USHORT)i;
        block->WaitType = (UCHAR)wait->type;
        block->NextWaitBlock = &blocks[(i + 1) % wait->count];
        if (header->Type == DISPATCHER_QUEUE)
            InsertHeadList(&header->WaitListHead, &block->WaitListEntry);
        else
            InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
    thread->wait_blocks = blocks;
    thread->wait_mode = wait->mode;
    thread->alertable = wait->alertable;
    schedule_prepare(thread);
}

/* What ends an alertable wait before it begins. */
static NTSTATUS take_alert(PKTHREAD thread, const struct ke_wait *wait)
{
    if (!wait->alertable)
        return STATUS_PENDING;
    if (thread->alerted[(int)wait->mode]) {
        thread->alerted[(int)wait->mode] = FALSE;
        return STATUS_ALERTED;
    }
    if (wait->mode == UserMode && !IsListEmpty(&thread->apc_queue[UserMode])) {
        thread->user_apc_pending = TRUE;
        return STATUS_USER_APC;
    }
    if (thread->alerted[KernelMode]) {
        thread->alerted[KernelMode] = FALSE;
        return STATUS_ALERTED;
    }
    return STATUS_PENDING;
}

/* Parks until the wait was taken apart by a signaller, or takes it apart on timeout. The lock is
 * taken even when woken: the signaller still looks at the object until it lets go of it, and the
 * object may be on this thread's stack. */
static NTSTATUS finish_wait(struct machine *machine, PKTHREAD thread, int64_t deadline)
{
    NTSTATUS status = STATUS_PENDING;
    while (status == STATUS_PENDING) {
        BOOLEAN woken = schedule_block(thread, deadline);
        ke_dispatcher_lock(machine);
        if (!thread->wait_blocks) {
            status = thread->wait_status;
        } else if (!woken) {
            unlink_wait(thread);
            status = STATUS_TIMEOUT;
        } else {
            schedule_prepare(thread); /* woken for something else */
        }
        ke_dispatcher_unlock(machine);
    }
    return status;
}

void ke_wait_next(PKTHREAD thread, DISPATCHER_HEADER *header)
{
    struct kpcr *kpcr = current_kpcr();
    thread->wait_next = header;
    thread->wait_next_irql = kpcr->irql;
    kpcr->irql = DISPATCH_LEVEL;
}

/* The signal half of a signal-and-wait. Dispatcher lock held. */
static void signal_deferred(PKTHREAD thread)
{
    DISPATCHER_HEADER *header = thread->wait_next;
    thread->wait_next = NULL;
    current_kpcr()->irql = thread->wait_next_irql;
    ke_signal_waiters(header);
}

/* A thread of a queue counts as running but for the time it waits, here for the queue itself. */
static NTSTATUS try_wait(struct machine *machine, PKTHREAD thread, const struct ke_wait *wait)
{
    PKQUEUE queue = thread->queue;
    BOOLEAN waits_for_queue = queue && wait->objects[0] == queue;
    ke_dispatcher_lock(machine);
    if (SB_UNLIKELY(thread->wait_next))
        signal_deferred(thread);
    if (waits_for_queue)
        queue->CurrentCount--;
    NTSTATUS status = poll(thread, wait);
    if (status == STATUS_PENDING && wait->no_wait)
        status = STATUS_TIMEOUT;
    if (status == STATUS_PENDING)
        status = take_alert(thread, wait);
    if (status == STATUS_PENDING && wait->mode == UserMode && thread->terminating)
        status = STATUS_USER_APC;
    if (status == STATUS_PENDING && ke_has_kernel_apc(thread))
        status = STATUS_KERNEL_APC; /* it came after ke_wait had a look */
    if (status == STATUS_PENDING) {
        link_wait(thread, wait);
        if (queue && !waits_for_queue) {
            queue->CurrentCount--;
            ke_queue_activate(queue);
        }
    } else if (waits_for_queue) {
        queue->CurrentCount++;
    }
    ke_dispatcher_unlock(machine);
    return status == STATUS_PENDING ? finish_wait(machine, thread, wait->deadline) : status;
}

NTSTATUS ke_wait(const struct ke_wait *wait)
{
    struct machine *machine = current_machine();
    PKTHREAD thread = &current_thread()->Tcb;
    NTSTATUS status;
    if (SB_UNLIKELY((thread->wait_next ? thread->wait_next_irql : KeGetCurrentIrql()) >=
                        DISPATCH_LEVEL &&
                    !wait->no_wait))
        KeBugCheckEx(ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)thread, 0, 0, 0);
    do {
        schedule_point(machine);
        if (!thread->wait_next)
            ke_poll_soft_interrupts();
        status = try_wait(machine, thread, wait);
    } while (status == STATUS_KERNEL_APC);
    if (SB_UNLIKELY(status == STATUS_MUTANT_LIMIT_EXCEEDED))
        ExRaiseStatus(status);
    return status;
}

void ke_end_user_waits(struct machine *machine, PKTHREAD thread)
{
    ke_dispatcher_lock(machine);
    thread->terminating = TRUE;
    if (thread->wait_mode == UserMode)
        ke_end_wait(thread, STATUS_USER_APC);
    ke_dispatcher_unlock(machine);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type,
                                        KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                        BOOLEAN alertable, PLARGE_INTEGER timeout,
                                        PKWAIT_BLOCK blocks)
{
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || (!blocks && count > THREAD_WAIT_OBJECTS))
        KeBugCheckEx(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0);
    struct ke_wait wait = {count,
                           objects,
                           type,
                           mode,
                           alertable,
                           timeout && timeout->QuadPart == 0,
                           ke_deadline(current_machine(), timeout),
                           blocks};
    return ke_wait(&wait);
}
SB_EXPORT(KeWaitForMultipleObjects)

NTSTATUS NTAPI KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                     BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    return KeWaitForMultipleObjects(1, &object, WaitAny, reason, mode, alertable, timeout, NULL);
}
SB_EXPORT(KeWaitForSingleObject)
SB_EXPORT_AS("KeWaitForMutexObject", KeWaitForSingleObject)

/* A delay is a wait that nothing satisfies, on an event of the thread's own stack. */
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable,
                                      PLARGE_INTEGER interval)
{
    KEVENT never;
    ke_header_initialize(&never.Header, DISPATCHER_NOTIFICATION_EVENT, sizeof(never), 0);
    if (interval->QuadPart == 0)
        schedule_yield(current_machine());
    NTSTATUS status = KeWaitForSingleObject(&never, DelayExecution, mode, alertable, interval);
    return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}
SB_EXPORT(KeDelayExecutionThread)
