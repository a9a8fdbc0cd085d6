/* Mutexes, mutants and semaphores. A KMUTEX is a KMUTANT that holds back APCs while owned. */
#include "host/ke/schedule.h"

static void initialize(PKMUTANT mutant, UCHAR apc_disable)
{
    ke_header_initialize(&mutant->Header, DISPATCHER_MUTANT, sizeof(*mutant), 1);
    mutant->OwnerThread = NULL;
    mutant->Abandoned = FALSE;
    mutant->ApcDisable = apc_disable;
}

VOID NTAPI KeInitializeMutex(PRKMUTEX mutex, ULONG level)
{
    initialize(mutex, 1);
}
SB_EXPORT(KeInitializeMutex)

VOID NTAPI KeInitializeMutant(PRKMUTANT mutant, BOOLEAN initial_owner)
{
    struct machine *machine = current_machine();
    PKTHREAD thread = &current_thread()->Tcb;
    initialize(mutant, 0);
    if (!initial_owner)
        return;
    ke_dispatcher_lock(machine);
    mutant->Header.SignalState = 0;
    mutant->OwnerThread = thread;
    InsertHeadList(&thread->owned_mutants, &mutant->MutantListEntry);
    ke_dispatcher_unlock(machine);
}
SB_EXPORT(KeInitializeMutant)

static void let_go(PKMUTANT mutant, PKTHREAD thread, BOOLEAN wait)
{
    RemoveEntryList(&mutant->MutantListEntry);
    mutant->OwnerThread = NULL;
    if (mutant->ApcDisable)
        thread->kernel_apc_disable++;
    if (wait)
        ke_wait_next(thread, &mutant->Header);
    else
        ke_signal_waiters(&mutant->Header);
}

/* Dispatcher lock held. The state before, or the status to raise. */
static NTSTATUS release(PKMUTANT mutant, BOOLEAN abandoned, BOOLEAN wait)
{
    PKTHREAD thread = &current_thread()->Tcb;
    if (!abandoned && mutant->OwnerThread != thread)
        return mutant->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
    if (abandoned) {
        mutant->Header.SignalState = 1;
        mutant->Abandoned = TRUE;
    } else {
        mutant->Header.SignalState++;
    }
    if (mutant->Header.SignalState == 1 && mutant->OwnerThread)
        let_go(mutant, mutant->OwnerThread, wait);
    else if (wait)
        ke_wait_next(thread, &mutant->Header);
    return STATUS_SUCCESS;
}

NTSTATUS ke_release_mutant(PKMUTANT mutant, BOOLEAN abandoned, BOOLEAN wait, PLONG before)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    *before = mutant->Header.SignalState;
    NTSTATUS status = release(mutant, abandoned, wait);
    ke_dispatcher_unlock(machine);
    if (status == STATUS_SUCCESS && !wait) {
        ke_poll_soft_interrupts(); /* APCs may be allowed again */
        schedule_choice(machine);
    }
    return status;
}

LONG NTAPI KeReleaseMutant(PRKMUTANT mutant, KPRIORITY increment, BOOLEAN abandoned, BOOLEAN wait)
{
    LONG before;
    NTSTATUS status = ke_release_mutant(mutant, abandoned, wait, &before);
    if (status != STATUS_SUCCESS)
        ExRaiseStatus(status);
    return before;
}
SB_EXPORT(KeReleaseMutant)

LONG NTAPI KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    return KeReleaseMutant(mutex, 1, FALSE, wait);
}
SB_EXPORT(KeReleaseMutex)

LONG NTAPI KeReadStateMutex(PRKMUTEX mutex)
{
    return __atomic_load_n(&mutex->Header.SignalState, __ATOMIC_ACQUIRE);
}
SB_EXPORT(KeReadStateMutex)
SB_EXPORT_AS("KeReadStateMutant", KeReadStateMutex)

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit)
{
    ke_header_initialize(&semaphore->Header, DISPATCHER_SEMAPHORE, sizeof(*semaphore), count);
    semaphore->Limit = limit;
}
SB_EXPORT(KeInitializeSemaphore)

NTSTATUS ke_release_semaphore(PKSEMAPHORE semaphore, LONG adjustment, BOOLEAN wait, PLONG before)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    ke_dispatcher_lock(machine);
    *before = semaphore->Header.SignalState;
    LONG after = (LONG)((ULONG)*before + (ULONG)adjustment);
    BOOLEAN exceeded = after > semaphore->Limit || after < *before;
    if (!exceeded) {
        semaphore->Header.SignalState = after;
        if (wait)
            ke_wait_next(&current_thread()->Tcb, &semaphore->Header);
        else
            ke_signal_waiters(&semaphore->Header);
    }
    ke_dispatcher_unlock(machine);
    if (exceeded)
        return STATUS_SEMAPHORE_LIMIT_EXCEEDED;
    if (!wait)
        schedule_choice(machine);
    return STATUS_SUCCESS;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment, LONG adjustment,
                              BOOLEAN wait)
{
    LONG before;
    NTSTATUS status = ke_release_semaphore(semaphore, adjustment, wait, &before);
    if (status != STATUS_SUCCESS)
        ExRaiseStatus(status);
    return before;
}
SB_EXPORT(KeReleaseSemaphore)

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE semaphore)
{
    return __atomic_load_n(&semaphore->Header.SignalState, __ATOMIC_ACQUIRE);
}
SB_EXPORT(KeReadStateSemaphore)
