/*
 * Fast and guarded mutexes: Count is 1 when free, 0 when held, and goes below with every waiter.
 * The releaser hands the mutex to one of them through the event.
 */
#include "host/ex/ex.h"

static void enter(volatile LONG *count, PULONG contention, PKEVENT event)
{
    schedule_choice(current_machine());
    if (__atomic_sub_fetch(count, 1, __ATOMIC_ACQUIRE) == 0)
        return;
    __atomic_add_fetch(contention, 1, __ATOMIC_RELAXED);
    KeWaitForSingleObject(event, WrFastMutex, KernelMode, FALSE, NULL);
}

static BOOLEAN try_to_enter(volatile LONG *count)
{
    LONG free = 1;
    schedule_choice(current_machine());
    return __atomic_compare_exchange_n(count, &free, 0, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void leave(volatile LONG *count, PKEVENT event)
{
    if (__atomic_add_fetch(count, 1, __ATOMIC_RELEASE) <= 0)
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

VOID FASTCALL ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex)
{
    enter(&mutex->Count, &mutex->Contention, &mutex->Event);
    mutex->Owner = &current_thread()->Tcb;
}
SB_EXPORT(ExAcquireFastMutexUnsafe)

VOID FASTCALL ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex)
{
    mutex->Owner = NULL;
    leave(&mutex->Count, &mutex->Event);
}
SB_EXPORT(ExReleaseFastMutexUnsafe)

#undef ExAcquireFastMutex
VOID FASTCALL ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    KIRQL irql = KfRaiseIrql(APC_LEVEL);
    ExAcquireFastMutexUnsafe(mutex);
    mutex->OldIrql = irql;
}
SB_EXPORT(ExAcquireFastMutex)

#undef ExReleaseFastMutex
VOID FASTCALL ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    KIRQL irql = (KIRQL)mutex->OldIrql;
    ExReleaseFastMutexUnsafe(mutex);
    KeLowerIrql(irql);
}
SB_EXPORT(ExReleaseFastMutex)

#undef ExTryToAcquireFastMutex
BOOLEAN FASTCALL ExTryToAcquireFastMutex(PFAST_MUTEX mutex)
{
    KIRQL irql = KfRaiseIrql(APC_LEVEL);
    if (!try_to_enter(&mutex->Count)) {
        KeLowerIrql(irql);
        return FALSE;
    }
    mutex->Owner = &current_thread()->Tcb;
    mutex->OldIrql = irql;
    return TRUE;
}
SB_EXPORT(ExTryToAcquireFastMutex)

/* Enters a critical region instead of raising IRQL. */
VOID FASTCALL ExEnterCriticalRegionAndAcquireFastMutexUnsafe(PFAST_MUTEX mutex)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(mutex);
}
SB_EXPORT(ExEnterCriticalRegionAndAcquireFastMutexUnsafe)

VOID FASTCALL ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(PFAST_MUTEX mutex)
{
    ExReleaseFastMutexUnsafe(mutex);
    KeLeaveCriticalRegion();
}
SB_EXPORT(ExReleaseFastMutexUnsafeAndLeaveCriticalRegion)

/* ---- guarded mutexes: the gate is a dispatcher object, used as an event ---- */
static PKEVENT gate_of(PKGUARDED_MUTEX mutex)
{
    return (PKEVENT)&mutex->Gate;
}

VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX mutex)
{
    mutex->Count = 1;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->CombinedApcDisable = 0;
    KeInitializeEvent(gate_of(mutex), SynchronizationEvent, FALSE);
}
SB_EXPORT(KeInitializeGuardedMutex)

VOID FASTCALL KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX mutex)
{
    enter(&mutex->Count, &mutex->Contention, gate_of(mutex));
    mutex->Owner = &current_thread()->Tcb;
}
SB_EXPORT(KeAcquireGuardedMutexUnsafe)

VOID FASTCALL KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX mutex)
{
    mutex->Owner = NULL;
    leave(&mutex->Count, gate_of(mutex));
}
SB_EXPORT(KeReleaseGuardedMutexUnsafe)

VOID FASTCALL KeAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(mutex);
}
SB_EXPORT(KeAcquireGuardedMutex)

VOID FASTCALL KeReleaseGuardedMutex(PKGUARDED_MUTEX mutex)
{
    KeReleaseGuardedMutexUnsafe(mutex);
    KeLeaveGuardedRegion();
}
SB_EXPORT(KeReleaseGuardedMutex)

BOOLEAN FASTCALL KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    KeEnterGuardedRegion();
    if (!try_to_enter(&mutex->Count)) {
        KeLeaveGuardedRegion();
        return FALSE;
    }
    mutex->Owner = &current_thread()->Tcb;
    return TRUE;
}
SB_EXPORT(KeTryToAcquireGuardedMutex)
