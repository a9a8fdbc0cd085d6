/*
 * Waiting and being satisfied. The signalling side does all the work under the dispatcher lock: it
 * takes the wait apart and leaves the status, so that a woken thread only returns it.
 */
#include "host/ke/schedule.h"



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
    unlink_wait(thread);
    thread->wait_status = status;
    schedule_wake(thread);
    return TRUE;
}

void ke_signal_waiters(DISPATCHER_HEADER *header)
{
    PLIST_ENTRY link = header->WaitListHead.Flink;
    while (link != &header->WaitListHead && header->SignalState > 0) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(link, KWAIT_BLOCK, WaitListEntry);
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

/* The status a wait has at once, or STATUS_PENDING. Dispatcher lock held. */
static NTSTATUS poll(PKTHREAD thread, ULONG count, PVOID objects[], WAIT_TYPE type)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (type == WaitAny) {
        for (ULONG i = 0; i < count; i++) {
            if (!is_signalled(objects[i], thread))
                continue;
            satisfy(objects[i], thread, &status);
            return status + (NTSTATUS)i;
        }
        return STATUS_PENDING;
    }
    for (ULONG i = 0; i < count; i++)
        if (!is_signalled(objects[i], thread))
            return STATUS_PENDING;
    for (ULONG i = 0; i < count; i++)
        satisfy(objects[i], thread, &status);
    return status;
}

static void link_wait(PKTHREAD thread, ULONG count, PVOID objects[], WAIT_TYPE type,
                      PKWAIT_BLOCK blocks)
{
    for (ULONG i = 0; i < count; i++) {
        PKWAIT_BLOCK block = &blocks[i];
        block->Thread = thread;
        block->Object = objects[i];
        block->WaitKey = (USHORT)i;
        block->WaitType = (UCHAR)type;
        block->NextWaitBlock = &blocks[(i + 1) % count];
        InsertTailList(&((DISPATCHER_HEADER *)objects[i])->WaitListHead, &block->WaitListEntry);
    }
    thread->wait_blocks = blocks;
    schedule_prepare(thread);
}

static NTSTATUS take_alert(PKTHREAD thread, KPROCESSOR_MODE mode, BOOLEAN alertable)
{
    if (!alertable)
        return STATUS_PENDING;
    for (int level = mode; level >= KernelMode; level--) {
        if (thread->alerted[level]) {
            thread->alerted[level] = FALSE;
            return STATUS_ALERTED;
        }
    }
    return STATUS_PENDING;
}

/* Parks until the wait was taken apart by a signaller, or takes it apart on timeout. */
static NTSTATUS finish_wait(struct machine *machine, PKTHREAD thread, int64_t deadline)
{
    NTSTATUS status = STATUS_TIMEOUT;
    schedule_block(thread, deadline);
    /* Even when woken: the signaller still looks at the object until it lets go of the lock, and
     * the object may be on this thread's stack. */
    ke_dispatcher_lock(machine);
    if (thread->wait_blocks)
        unlink_wait(thread);
    else
        status = thread->wait_status;
    ke_dispatcher_unlock(machine);
    return status;
}

void ke_end_user_waits(struct machine *machine, PKTHREAD thread)
{
    ke_dispatcher_lock(machine);
    thread->terminating = TRUE;
    if (thread->wait_blocks && thread->wait_mode == UserMode) {
        unlink_wait(thread);
        thread->wait_status = STATUS_USER_APC;
        schedule_wake(thread);
    }
    ke_dispatcher_unlock(machine);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type,
                                        KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                        BOOLEAN alertable, PLARGE_INTEGER timeout,
                                        PKWAIT_BLOCK blocks)
{
    struct machine *machine = current_machine();
    PKTHREAD thread = &current_thread()->Tcb;
    BOOLEAN no_wait = timeout && timeout->QuadPart == 0;
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || (!blocks && count > THREAD_WAIT_OBJECTS))
        KeBugCheckEx(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0);
    if (KeGetCurrentIrql() >= DISPATCH_LEVEL && !no_wait)
        KeBugCheckEx(ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)thread, 0, 0, 0);
    int64_t deadline = ke_deadline(machine, timeout);

    schedule_point(machine);
    ke_dispatcher_lock(machine);
    NTSTATUS status = poll(thread, count, objects, type);
    if (status == STATUS_PENDING && no_wait)
        status = STATUS_TIMEOUT;
    if (status == STATUS_PENDING)
        status = take_alert(thread, mode, alertable);
    if (status == STATUS_PENDING && mode == UserMode && thread->terminating)
        status = STATUS_USER_APC;
    if (status == STATUS_PENDING) {
        thread->wait_mode = mode;
        thread->alertable = alertable;
        link_wait(thread, count, objects, type, blocks ? blocks : thread->built_in_wait_blocks);
    }
    ke_dispatcher_unlock(machine);
    return status == STATUS_PENDING ? finish_wait(machine, thread, deadline) : status;
}
SB_EXPORT(KeWaitForMultipleObjects)

NTSTATUS NTAPI KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                     BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    return KeWaitForMultipleObjects(1, &object, WaitAny, reason, mode, alertable, timeout, NULL);
}
SB_EXPORT(KeWaitForSingleObject)

/* A delay is a wait that nothing satisfies, on an event of the thread's own stack. */
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable,
                                      PLARGE_INTEGER interval)
{
    KEVENT never;
    ke_header_initialize(&never.Header, DISPATCHER_NOTIFICATION_EVENT, sizeof(never), 0);
    if (interval->QuadPart == 0) {
        linux_yield();
        return STATUS_SUCCESS;
    }
    NTSTATUS status =
        KeWaitForSingleObject(&never, DelayExecution, mode, alertable, interval);
    return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}
SB_EXPORT(KeDelayExecutionThread)
