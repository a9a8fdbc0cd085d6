/*
 * Asynchronous procedure calls. A kernel APC runs on its thread as soon as that is at a point where
 * it looks (a lowered IRQL, a region's end, a wait, a system call's end) and nothing holds it back;
 * a user APC once an alertable user-mode wait has made it pending, when the system call returns.
 * The queues are under the dispatcher lock.
 */
#include "host/ke/apc.h"

VOID NTAPI KeInitializeApc(PKAPC apc, PKTHREAD thread, KAPC_ENVIRONMENT environment,
                           PKKERNEL_ROUTINE kernel_routine, PKRUNDOWN_ROUTINE rundown_routine,
                           PKNORMAL_ROUTINE normal_routine, KPROCESSOR_MODE mode, PVOID context)
{
    apc->Type = DISPATCHER_APC;
    apc->Size = sizeof(*apc);
    apc->Thread = thread;
    apc->KernelRoutine = kernel_routine;
    apc->RundownRoutine = rundown_routine;
    apc->NormalRoutine = normal_routine;
    apc->ApcStateIndex = (CCHAR)environment;
    /* Without a normal routine it is a special kernel APC, whatever mode was asked for. */
    apc->ApcMode = normal_routine ? mode : KernelMode;
    apc->NormalContext = normal_routine ? context : NULL;
    apc->Inserted = FALSE;
}
SB_EXPORT(KeInitializeApc)

/* Special kernel APCs go in front of normal ones, each in order. */
static void enqueue(PKTHREAD thread, PKAPC apc)
{
    PLIST_ENTRY list = &thread->apc_queue[(int)apc->ApcMode], before = list;
    if (!apc->NormalRoutine)
        for (before = list->Flink; before != list; before = before->Flink)
            if (CONTAINING_RECORD(before, KAPC, ApcListEntry)->NormalRoutine)
                break;
    InsertTailList(before, &apc->ApcListEntry);
    apc->Inserted = TRUE;
}

/* The thread is the current one or waits, so that its state stands still. */
static BOOLEAN is_held_back(PKTHREAD thread, const KAPC *apc)
{
    return thread->kpcr->irql >= APC_LEVEL || thread->special_apc_disable != 0 ||
           (apc->NormalRoutine &&
            (thread->kernel_apc_disable != 0 || thread->kernel_apc_in_progress));
}

BOOLEAN ke_has_kernel_apc(PKTHREAD thread)
{
    PLIST_ENTRY list = &thread->apc_queue[KernelMode];
    return !IsListEmpty(list) &&
           !is_held_back(thread, CONTAINING_RECORD(list->Flink, KAPC, ApcListEntry));
}

/* Another thread's wait ends for the APC. Dispatcher lock held. */
static void interrupt_wait(PKTHREAD thread, const KAPC *apc)
{
    if (!thread->wait_blocks)
        return;
    if (apc->ApcMode == KernelMode) {
        if (!is_held_back(thread, apc))
            ke_end_wait(thread, STATUS_KERNEL_APC);
    } else if (thread->wait_mode == UserMode && thread->alertable) {
        thread->user_apc_pending = TRUE;
        ke_end_wait(thread, STATUS_USER_APC);
    }
}

BOOLEAN NTAPI KeInsertQueueApc(PKAPC apc, PVOID argument1, PVOID argument2, KPRIORITY increment)
{
    struct machine *machine = current_machine();
    PKTHREAD thread = apc->Thread;
    ke_dispatcher_lock(machine);
    BOOLEAN inserted = thread->apc_queueable && !apc->Inserted;
    if (inserted) {
        apc->SystemArgument1 = argument1;
        apc->SystemArgument2 = argument2;
        enqueue(thread, apc);
        if (apc->ApcMode == KernelMode)
            ke_request_soft_interrupt(thread, SOFT_APC);
        interrupt_wait(thread, apc);
    }
    ke_dispatcher_unlock(machine);
    ke_poll_soft_interrupts();
    return inserted;
}
SB_EXPORT(KeInsertQueueApc)

BOOLEAN NTAPI KeRemoveQueueApc(PKAPC apc)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    BOOLEAN was_inserted = apc->Inserted;
    if (was_inserted)
        RemoveEntryList(&apc->ApcListEntry);
    apc->Inserted = FALSE;
    ke_dispatcher_unlock(machine);
    return was_inserted;
}
SB_EXPORT(KeRemoveQueueApc)

/* Takes the first APC of a queue that may run now; *copy has its routines and arguments. */
static PKAPC take(PKTHREAD thread, KPROCESSOR_MODE mode, KAPC *copy)
{
    struct machine *machine = current_machine();
    PKAPC apc = NULL;
    ke_dispatcher_lock(machine);
    if (IsListEmpty(&thread->apc_queue[(int)mode])) {
        if (mode == KernelMode)
            ke_clear_soft_interrupt(thread, SOFT_APC);
    } else {
        apc = CONTAINING_RECORD(thread->apc_queue[(int)mode].Flink, KAPC, ApcListEntry);
        if (mode == KernelMode && is_held_back(thread, apc))
            apc = NULL;
    }
    if (apc) {
        RemoveEntryList(&apc->ApcListEntry);
        apc->Inserted = FALSE;
        *copy = *apc; /* the kernel routine may free it */
    }
    ke_dispatcher_unlock(machine);
    return apc;
}

static void check_irql(struct kpcr *kpcr, KIRQL expected, PKAPC apc, const KAPC *copy)
{
    if (SB_UNLIKELY(kpcr->irql != expected))
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE,
                     (ULONG_PTR)kpcr->irql << 16 | expected << 8 | (copy->NormalRoutine != NULL),
                     (ULONG_PTR)copy->KernelRoutine, (ULONG_PTR)apc,
                     (ULONG_PTR)copy->NormalRoutine);
}

/* The kernel routine at APC_LEVEL; it may change or clear the normal routine and its arguments. */
static void call_kernel_routine(struct kpcr *kpcr, PKAPC apc, KAPC *copy)
{
    KIRQL irql = kpcr->irql;
    kpcr->irql = APC_LEVEL;
    copy->KernelRoutine(apc, &copy->NormalRoutine, &copy->NormalContext, &copy->SystemArgument1,
                        &copy->SystemArgument2);
    check_irql(kpcr, APC_LEVEL, apc, copy);
    kpcr->irql = irql;
}

void ke_deliver_kernel_apcs(PKTHREAD thread)
{
    struct kpcr *kpcr = current_kpcr();
    KAPC copy;
    PKAPC apc;
    while ((apc = take(thread, KernelMode, &copy)) != NULL) {
        BOOLEAN is_special = copy.NormalRoutine == NULL;
        call_kernel_routine(kpcr, apc, &copy);
        if (is_special || !copy.NormalRoutine)
            continue;
        thread->kernel_apc_in_progress = TRUE;
        copy.NormalRoutine(copy.NormalContext, copy.SystemArgument1, copy.SystemArgument2);
        thread->kernel_apc_in_progress = FALSE;
        check_irql(kpcr, PASSIVE_LEVEL, apc, &copy);
    }
}

/* One for each return to user mode, as on NT, would need the application to call again: all at
 * once. The normal routine is the application's. */
static void deliver_user_apcs(PKTHREAD thread)
{
    KAPC copy;
    PKAPC apc;
    thread->user_apc_pending = FALSE;
    while ((apc = take(thread, UserMode, &copy)) != NULL) {
        call_kernel_routine(current_kpcr(), apc, &copy);
        if (copy.NormalRoutine)
            copy.NormalRoutine(copy.NormalContext, copy.SystemArgument1, copy.SystemArgument2);
    }
}

void ke_leave_system_call(PETHREAD thread)
{
    struct kpcr *kpcr = current_kpcr();
    ke_poll_soft_interrupts();
    if (kpcr->irql != PASSIVE_LEVEL)
        KeBugCheckEx(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, 0, kpcr->irql, 0, 0);
    if (thread->Tcb.combined_apc_disable != 0)
        KeBugCheckEx(APC_INDEX_MISMATCH, 0, 0, (ULONG)thread->Tcb.combined_apc_disable, 0);
    if (thread->Tcb.user_apc_pending)
        deliver_user_apcs(&thread->Tcb);
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD thread, KPROCESSOR_MODE mode)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    BOOLEAN before = thread->alerted[(int)mode];
    BOOLEAN ended = thread->wait_blocks && thread->alertable && thread->wait_mode >= mode &&
                    ke_end_wait(thread, STATUS_ALERTED);
    if (!ended)
        thread->alerted[(int)mode] = TRUE;
    ke_dispatcher_unlock(machine);
    return before;
}
SB_EXPORT(KeAlertThread)

BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE mode)
{
    struct machine *machine = current_machine();
    PKTHREAD thread = &current_thread()->Tcb;
    ke_dispatcher_lock(machine);
    BOOLEAN alerted = thread->alerted[(int)mode];
    thread->alerted[(int)mode] = FALSE;
    if (!alerted && mode == UserMode && !IsListEmpty(&thread->apc_queue[UserMode]))
        thread->user_apc_pending = TRUE;
    ke_dispatcher_unlock(machine);
    return alerted;
}
SB_EXPORT(KeTestAlertThread)

static PKAPC take_unrun(PKTHREAD thread, KPROCESSOR_MODE mode)
{
    struct machine *machine = current_machine();
    PLIST_ENTRY queue = &thread->apc_queue[(int)mode];
    PKAPC apc = NULL;
    ke_dispatcher_lock(machine);
    if (!IsListEmpty(queue)) {
        apc = CONTAINING_RECORD(RemoveHeadList(queue), KAPC, ApcListEntry);
        apc->Inserted = FALSE;
    }
    ke_dispatcher_unlock(machine);
    return apc;
}

/* A kernel APC is its maker's memory; a user APC without a routine is pool, by contract. */
static void run_down_apcs(PKTHREAD thread, KPROCESSOR_MODE mode)
{
    PKAPC apc;
    while ((apc = take_unrun(thread, mode)) != NULL) {
        if (apc->RundownRoutine)
            apc->RundownRoutine(apc);
        else if (mode == UserMode)
            ExFreePool(apc);
    }
}

static void abandon_mutants(PKTHREAD thread)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    while (!IsListEmpty(&thread->owned_mutants)) {
        PKMUTANT mutant =
            CONTAINING_RECORD(RemoveHeadList(&thread->owned_mutants), KMUTANT, MutantListEntry);
        if (mutant->ApcDisable) {
            ke_dispatcher_unlock(machine);
            KeBugCheckEx(THREAD_TERMINATE_HELD_MUTEX, (ULONG_PTR)thread, (ULONG_PTR)mutant, 0, 0);
        }
        mutant->Header.SignalState = 1;
        mutant->Abandoned = TRUE;
        mutant->OwnerThread = NULL;
        ke_signal_waiters(&mutant->Header);
    }
    if (thread->queue) {
        RemoveEntryList(&thread->queue_link);
        thread->queue->CurrentCount--;
        ke_queue_activate(thread->queue);
        thread->queue = NULL;
    }
    ke_dispatcher_unlock(machine);
}

void ke_thread_rundown(PKTHREAD thread)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    thread->apc_queueable = FALSE;
    ke_dispatcher_unlock(machine);
    if (&current_thread()->Tcb == thread) {
        KIRQL irql = KeGetCurrentIrql();
        if (irql == PASSIVE_LEVEL)
            ke_poll_soft_interrupts();
        if (irql != PASSIVE_LEVEL || thread->combined_apc_disable != 0)
            KeBugCheckEx(KERNEL_APC_PENDING_DURING_EXIT, 0,
                         (ULONG_PTR)(LONG_PTR)thread->kernel_apc_disable, irql, 0);
    }
    abandon_mutants(thread);
    run_down_apcs(thread, UserMode);
    run_down_apcs(thread, KernelMode);
}
