/*
 * Deferred procedure calls. A DPC queued below DISPATCH_LEVEL runs at once on the queuing thread; one
 * queued at or above it waits in the thread's list until KeLowerIrql. DpcData is non-NULL while
 * queued. Lock: ke_state.dpc_lock.
 */
#include "host/ke/schedule.h"

VOID NTAPI KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    dpc->Type = DISPATCHER_DPC;
    dpc->Importance = MediumImportance;
    dpc->Number = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->DpcData = NULL;
}
SB_EXPORT(KeInitializeDpc)

void ke_run_dpc(PKDPC dpc)
{
    struct kpcr *kpcr = current_kpcr();
    KIRQL irql = kpcr->irql;
    bool was_active = kpcr->dpc_active;
    KDPC copy = *dpc; /* the routine may free its KDPC */
    kpcr->irql = DISPATCH_LEVEL;
    kpcr->dpc_active = true;
    copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
    kpcr->dpc_active = was_active;
    kpcr->irql = irql;
}

static PKDPC take_pending(struct ke_state *ke, PKTHREAD thread)
{
    PKDPC dpc = NULL;
    linux_lock(&ke->dpc_lock);
    if (!IsListEmpty(&thread->pending_dpcs)) {
        dpc = CONTAINING_RECORD(RemoveHeadList(&thread->pending_dpcs), KDPC, DpcListEntry);
        dpc->DpcData = NULL; /* from here on it may be queued again, by its own routine too */
    }
    linux_unlock(&ke->dpc_lock);
    return dpc;
}

void ke_drain_dpcs(PKTHREAD thread)
{
    struct ke_state *ke = current_machine()->ke;
    PKDPC dpc;
    while ((dpc = take_pending(ke, thread)) != NULL)
        ke_run_dpc(dpc);
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    struct ke_state *ke = current_machine()->ke;
    PKTHREAD thread = &current_thread()->Tcb;
    linux_lock(&ke->dpc_lock);
    BOOLEAN inserted = dpc->DpcData == NULL;
    if (inserted) {
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        dpc->DpcData = thread;
        if (dpc->Importance == HighImportance)
            InsertHeadList(&thread->pending_dpcs, &dpc->DpcListEntry);
        else
            InsertTailList(&thread->pending_dpcs, &dpc->DpcListEntry);
    }
    linux_unlock(&ke->dpc_lock);
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ke_drain_dpcs(thread);
    return inserted;
}
SB_EXPORT(KeInsertQueueDpc)

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC dpc)
{
    struct ke_state *ke = current_machine()->ke;
    linux_lock(&ke->dpc_lock);
    BOOLEAN queued = dpc->DpcData != NULL;
    if (queued) {
        RemoveEntryList(&dpc->DpcListEntry);
        dpc->DpcData = NULL;
    }
    linux_unlock(&ke->dpc_lock);
    return queued;
}
SB_EXPORT(KeRemoveQueueDpc)
