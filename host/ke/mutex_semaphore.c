#include "host/ke/schedule.h"

VOID NTAPI KeInitializeMutex(PRKMUTEX mutex, ULONG level)
{
    ke_header_initialize(&mutex->Header, DISPATCHER_MUTANT, sizeof(*mutex), 1);
    mutex->OwnerThread = NULL;
    mutex->Abandoned = FALSE;
    mutex->ApcDisable = 1;
}
SB_EXPORT(KeInitializeMutex)

LONG NTAPI KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    struct machine *machine = current_machine();
    PKTHREAD thread = &current_thread()->Tcb;
    ke_dispatcher_lock(machine);
    BOOLEAN owned = mutex->OwnerThread == thread;
    LONG before = mutex->Header.SignalState;
    if (owned && ++mutex->Header.SignalState == 1) {
        RemoveEntryList(&mutex->MutantListEntry);
        mutex->OwnerThread = NULL;
        if (mutex->ApcDisable)
            thread->kernel_apc_disable++;
        ke_signal_waiters(&mutex->Header);
    }
    ke_dispatcher_unlock(machine);
    if (!owned) /* NT raises; without a handler that is this bug check */
        ExRaiseStatus(STATUS_MUTANT_NOT_OWNED);
    return before;
}
SB_EXPORT(KeReleaseMutex)

LONG NTAPI KeReadStateMutex(PRKMUTEX mutex)
{
    return __atomic_load_n(&mutex->Header.SignalState, __ATOMIC_ACQUIRE);
}
SB_EXPORT(KeReadStateMutex)

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit)
{
    ke_header_initialize(&semaphore->Header, DISPATCHER_SEMAPHORE, sizeof(*semaphore), count);
    semaphore->Limit = limit;
}
SB_EXPORT(KeInitializeSemaphore)

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment, LONG adjustment,
                              BOOLEAN wait)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    LONG before = semaphore->Header.SignalState;
    LONG after = (LONG)((ULONG)before + (ULONG)adjustment);
    BOOLEAN exceeded = after > semaphore->Limit || after < before;
    if (!exceeded) {
        semaphore->Header.SignalState = after;
        ke_signal_waiters(&semaphore->Header);
    }
    ke_dispatcher_unlock(machine);
    if (exceeded)
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    return before;
}
SB_EXPORT(KeReleaseSemaphore)

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE semaphore)
{
    return __atomic_load_n(&semaphore->Header.SignalState, __ATOMIC_ACQUIRE);
}
SB_EXPORT(KeReadStateSemaphore)
