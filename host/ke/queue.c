/*
 * Kernel queues: entries for threads of which only so many run at once. A thread belongs to the
 * queue it last took an entry from; while it waits for anything it does not count as running.
 * Dispatcher lock. An entry's Flink is NULL while it is in no queue.
 */
#include "host/ke/wait.h"

VOID NTAPI KeInitializeQueue(PRKQUEUE queue, ULONG count)
{
    ke_header_initialize(&queue->Header, DISPATCHER_QUEUE, sizeof(*queue), 0);
    InitializeListHead(&queue->EntryListHead);
    InitializeListHead(&queue->ThreadListHead);
    queue->CurrentCount = 0;
    queue->MaximumCount = count ? count : current_machine()->processors;
}
SB_EXPORT(KeInitializeQueue)

LONG NTAPI KeReadStateQueue(PRKQUEUE queue)
{
    return __atomic_load_n(&queue->Header.SignalState, __ATOMIC_ACQUIRE);
}
SB_EXPORT(KeReadStateQueue)

void ke_queue_activate(PKQUEUE queue)
{
    ke_signal_waiters(&queue->Header);
}

static LONG insert(PKQUEUE queue, PLIST_ENTRY entry, BOOLEAN at_head)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    LONG before = queue->Header.SignalState;
    if (at_head)
        InsertHeadList(&queue->EntryListHead, entry);
    else
        InsertTailList(&queue->EntryListHead, entry);
    queue->Header.SignalState++;
    ke_queue_activate(queue);
    ke_dispatcher_unlock(machine);
    return before;
}

LONG NTAPI KeInsertQueue(PRKQUEUE queue, PLIST_ENTRY entry)
{
    return insert(queue, entry, FALSE);
}
SB_EXPORT(KeInsertQueue)

LONG NTAPI KeInsertHeadQueue(PRKQUEUE queue, PLIST_ENTRY entry)
{
    return insert(queue, entry, TRUE);
}
SB_EXPORT(KeInsertHeadQueue)

/* The thread serves this queue from now on, and counts as running. */
static void associate(PKTHREAD thread, PKQUEUE queue)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    if (thread->queue != queue) {
        if (thread->queue) {
            RemoveEntryList(&thread->queue_link);
            thread->queue->CurrentCount--;
            ke_queue_activate(thread->queue);
        }
        thread->queue = queue;
        queue->CurrentCount++;
        InsertTailList(&queue->ThreadListHead, &thread->queue_link);
    }
    ke_dispatcher_unlock(machine);
}

/* An entry, or the status of the wait for one. */
static PLIST_ENTRY take(PKQUEUE queue, KPROCESSOR_MODE mode, BOOLEAN alertable,
                        PLARGE_INTEGER timeout)
{
    PKTHREAD thread = &current_thread()->Tcb;
    PVOID object = queue;
    struct ke_wait wait = {1,
                           &object,
                           WaitAny,
                           mode,
                           alertable,
                           timeout && timeout->QuadPart == 0,
                           ke_deadline(current_machine(), timeout),
                           NULL};
    associate(thread, queue);
    NTSTATUS status = ke_wait(&wait);
    return status == STATUS_SUCCESS ? thread->queue_entry : (PLIST_ENTRY)(ULONG_PTR)status;
}

PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE queue, KPROCESSOR_MODE mode, PLARGE_INTEGER timeout)
{
    return take(queue, mode, FALSE, timeout);
}
SB_EXPORT(KeRemoveQueue)

/* Waits for the first entry alone; the others must be there. A wait that failed is one entry: its
 * status. */
ULONG NTAPI nt_KeRemoveQueueEx(PKQUEUE queue, KPROCESSOR_MODE mode, BOOLEAN alertable,
                               PLARGE_INTEGER timeout, PLIST_ENTRY *entries, ULONG count)
{
    struct machine *machine = current_machine();
    ULONG taken = 1;
    entries[0] = take(queue, mode, alertable, timeout);
    if ((ULONG_PTR)entries[0] <= MAXULONG)
        return taken;
    ke_dispatcher_lock(machine);
    while (taken < count && !IsListEmpty(&queue->EntryListHead)) {
        entries[taken] = RemoveHeadList(&queue->EntryListHead);
        entries[taken++]->Flink = NULL;
        queue->Header.SignalState--;
    }
    ke_dispatcher_unlock(machine);
    return taken;
}
SB_EXPORT_AS("KeRemoveQueueEx", nt_KeRemoveQueueEx)

static void dissociate_all(PKQUEUE queue)
{
    while (!IsListEmpty(&queue->ThreadListHead)) {
        PKTHREAD thread =
            CONTAINING_RECORD(RemoveHeadList(&queue->ThreadListHead), struct _KTHREAD, queue_link);
        thread->queue = NULL;
    }
}

/* The entries left, linked in a circle without a head. */
PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE queue)
{
    struct machine *machine = current_machine();
    PLIST_ENTRY first = NULL;
    ke_dispatcher_lock(machine);
    if (!IsListEmpty(&queue->EntryListHead)) {
        first = queue->EntryListHead.Flink;
        RemoveEntryList(&queue->EntryListHead);
        InitializeListHead(&queue->EntryListHead);
    }
    queue->Header.SignalState = 0;
    dissociate_all(queue);
    while (!IsListEmpty(&queue->Header.WaitListHead))
        ke_end_wait(
            CONTAINING_RECORD(queue->Header.WaitListHead.Flink, KWAIT_BLOCK, WaitListEntry)->Thread,
            STATUS_ABANDONED);
    queue->CurrentCount = 0;
    ke_dispatcher_unlock(machine);
    return first;
}
SB_EXPORT(KeRundownQueue)
