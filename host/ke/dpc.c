/*
 * Deferred procedure calls. A DPC queued below DISPATCH_LEVEL runs at once on the queuing thread;
 * one queued at or above it waits in the thread's list until KeLowerIrql. One directed at another
 * processor, and every threaded one, runs on that processor's own thread (processor_thread.c).
 * DpcData is non-NULL while queued. Lock: ke_state.dpc_lock.
 */
#include "host/ke/dpc.h"

enum { PROCESSOR_BASE = 0x500 }; /* Number of a directed DPC is this plus the processor's */

struct flusher {
    LIST_ENTRY link;
    KEVENT idle;
};

static void initialize(PKDPC dpc, enum dispatcher_type type, PKDEFERRED_ROUTINE routine,
                       PVOID context)
{
    dpc->Type = (UCHAR)type;
    dpc->Importance = MediumImportance;
    dpc->Number = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->DpcData = NULL;
}

VOID NTAPI KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    initialize(dpc, DISPATCHER_DPC, routine, context);
}
SB_EXPORT(KeInitializeDpc)

VOID NTAPI KeInitializeThreadedDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    initialize(dpc, DISPATCHER_THREADED_DPC, routine, context);
    ke_processor_start(current_machine(), 0);
}
SB_EXPORT(KeInitializeThreadedDpc)

VOID NTAPI KeSetImportanceDpc(PRKDPC dpc, KDPC_IMPORTANCE importance)
{
    dpc->Importance = (UCHAR)importance;
}
SB_EXPORT(KeSetImportanceDpc)

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC dpc, CCHAR number)
{
    struct machine *machine = current_machine();
    if (number < 0 || (ULONG)number >= machine->processors)
        KeBugCheckEx(TIMER_OR_DPC_INVALID, 3, (ULONG_PTR)dpc, (ULONG_PTR)number,
                     machine->processors);
    ke_processor_start(machine, (ULONG)number);
    dpc->Number = (USHORT)(PROCESSOR_BASE + number);
}
SB_EXPORT(KeSetTargetProcessorDpc)

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC dpc, PPROCESSOR_NUMBER number)
{
    if (number->Group != 0 || number->Number >= current_machine()->processors || number->Reserved)
        return STATUS_INVALID_PARAMETER;
    KeSetTargetProcessorDpc(dpc, (CCHAR)number->Number);
    return STATUS_SUCCESS;
}
SB_EXPORT(KeSetTargetProcessorDpcEx)

/* The processor whose own thread must run the DPC; NULL: the current thread does. Where that
 * thread could not be started the current one serves as well as it can. */
static struct processor *target_of(struct kpcr *kpcr, const KDPC *dpc)
{
    struct ke_state *ke = kpcr->machine->ke;
    ULONG number =
        dpc->Number >= PROCESSOR_BASE ? (ULONG)dpc->Number - PROCESSOR_BASE : kpcr->number;
    BOOLEAN threaded = dpc->Type == DISPATCHER_THREADED_DPC;
    if (threaded && !ke->processors[number].thread)
        number = 0;
    else if (!threaded && number == kpcr->number)
        return NULL;
    return ke->processors[number].thread ? &ke->processors[number] : NULL;
}

static void enqueue(PKDPC dpc, PLIST_ENTRY list)
{
    if (dpc->Importance == HighImportance)
        InsertHeadList(list, &dpc->DpcListEntry);
    else
        InsertTailList(list, &dpc->DpcListEntry);
}

BOOLEAN ke_queue_dpc(PKDPC dpc, PVOID argument1, PVOID argument2)
{
    struct kpcr *kpcr = current_kpcr();
    struct ke_state *ke = kpcr->machine->ke;
    PKTHREAD thread = &kpcr->current_thread->Tcb;
    linux_lock(&ke->dpc_lock);
    BOOLEAN inserted = dpc->DpcData == NULL;
    if (inserted) {
        struct processor *processor = target_of(kpcr, dpc);
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        dpc->DpcData = ke;
        ke->dpcs_outstanding++;
        if (!processor) {
            enqueue(dpc, &thread->pending_dpcs);
            ke_request_soft_interrupt(thread, SOFT_DPC);
        } else {
            enqueue(dpc, dpc->Type == DISPATCHER_THREADED_DPC ? &processor->threaded_dpcs
                                                              : &processor->dpcs);
            schedule_wake(&processor->thread->Tcb);
        }
    }
    linux_unlock(&ke->dpc_lock);
    return inserted;
}

/* One DPC less is queued or running. */
static void finished(struct machine *machine)
{
    struct ke_state *ke = machine->ke;
    LIST_ENTRY flushers;
    InitializeListHead(&flushers);
    linux_lock(&ke->dpc_lock);
    if (--ke->dpcs_outstanding == 0)
        while (!IsListEmpty(&ke->dpc_flushers))
            InsertTailList(&flushers, RemoveHeadList(&ke->dpc_flushers));
    linux_unlock(&ke->dpc_lock);
    while (!IsListEmpty(&flushers)) {
        struct flusher *flusher =
            CONTAINING_RECORD(RemoveHeadList(&flushers), struct flusher, link);
        ke_header_signal(machine, &flusher->idle.Header);
    }
}

static void call_verified(const struct verifier_hooks *verifier, PKDPC dpc, const KDPC *copy)
{
    struct verifier_callback callback = {VERIFIER_CALLBACK_DPC, copy->DeferredRoutine, dpc};
    verifier->callback_begin(&callback);
    copy->DeferredRoutine(dpc, copy->DeferredContext, copy->SystemArgument1, copy->SystemArgument2);
    verifier->callback_end(&callback);
}

/* A routine must leave the IRQL and the thread's APC counts as they were. */
static void call_routine(PKDPC dpc, const KDPC *copy, KIRQL irql)
{
    struct kpcr *kpcr = current_kpcr();
    PKTHREAD thread = &kpcr->current_thread->Tcb;
    LONG disable = thread->combined_apc_disable;
    const struct verifier_hooks *verifier = kpcr->machine->verifier;
    if (SB_LIKELY(!verifier) || !verifier->callback_begin)
        copy->DeferredRoutine(dpc, copy->DeferredContext, copy->SystemArgument1,
                              copy->SystemArgument2);
    else
        call_verified(verifier, dpc, copy);
    if (SB_UNLIKELY(kpcr->irql != irql))
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)kpcr->irql << 16 | irql << 8 | 2,
                     (ULONG_PTR)copy->DeferredRoutine, (ULONG_PTR)copy->DeferredContext, 0);
    if (SB_UNLIKELY(thread->combined_apc_disable != disable))
        KeBugCheckEx(TIMER_OR_DPC_INVALID, 4, (ULONG_PTR)copy->DeferredRoutine, (ULONG_PTR)disable,
                     (ULONG_PTR)thread->combined_apc_disable);
}

/* Takes the first DPC of a list and calls it; FALSE when the list is empty. */
static BOOLEAN run_first(struct machine *machine, PLIST_ENTRY list, KIRQL irql)
{
    struct ke_state *ke = machine->ke;
    struct kpcr *kpcr = current_kpcr();
    KIRQL old_irql = kpcr->irql;
    bool was_active = kpcr->dpc_active;
    linux_lock(&ke->dpc_lock);
    if (IsListEmpty(list)) {
        linux_unlock(&ke->dpc_lock);
        return FALSE;
    }
    PKDPC dpc = CONTAINING_RECORD(RemoveHeadList(list), KDPC, DpcListEntry);
    KDPC copy = *dpc;    /* the routine may free its KDPC */
    dpc->DpcData = NULL; /* from here on it may be queued again, by its own routine too */
    linux_unlock(&ke->dpc_lock);
    kpcr->irql = irql;
    kpcr->dpc_active = irql == DISPATCH_LEVEL;
    schedule_choice(machine);
    call_routine(dpc, &copy, irql);
    kpcr->dpc_active = was_active;
    kpcr->irql = old_irql;
    finished(machine);
    return TRUE;
}

void ke_drain_dpcs(PKTHREAD thread)
{
    struct machine *machine = current_machine();
    ke_clear_soft_interrupt(thread, SOFT_DPC);
    while (run_first(machine, &thread->pending_dpcs, DISPATCH_LEVEL))
        schedule_point(machine);
}

BOOLEAN ke_run_processor_dpc(struct machine *machine, struct processor *processor)
{
    return run_first(machine, &processor->dpcs, DISPATCH_LEVEL) ||
           run_first(machine, &processor->threaded_dpcs, PASSIVE_LEVEL);
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    BOOLEAN inserted = ke_queue_dpc(dpc, argument1, argument2);
    ke_poll_soft_interrupts();
    schedule_choice(machine);
    return inserted;
}
SB_EXPORT(KeInsertQueueDpc)

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC dpc)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    linux_lock(&machine->ke->dpc_lock);
    BOOLEAN queued = dpc->DpcData != NULL;
    if (queued) {
        RemoveEntryList(&dpc->DpcListEntry);
        dpc->DpcData = NULL;
    }
    linux_unlock(&machine->ke->dpc_lock);
    if (queued)
        finished(machine);
    return queued;
}
SB_EXPORT(KeRemoveQueueDpc)

/* Returns once every DPC that was queued when it was called has run to its end. */
VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    struct ke_state *ke = current_machine()->ke;
    struct flusher flusher;
    KeInitializeEvent(&flusher.idle, NotificationEvent, FALSE);
    ke_poll_soft_interrupts();
    linux_lock(&ke->dpc_lock);
    BOOLEAN idle = ke->dpcs_outstanding == 0;
    if (!idle)
        InsertTailList(&ke->dpc_flushers, &flusher.link);
    linux_unlock(&ke->dpc_lock);
    if (!idle)
        KeWaitForSingleObject(&flusher.idle, Executive, KernelMode, FALSE, NULL);
}
SB_EXPORT(KeFlushQueuedDpcs)

LOGICAL NTAPI KeIsExecutingDpc(VOID)
{
    return current_kpcr()->dpc_active;
}
SB_EXPORT(KeIsExecutingDpc)
