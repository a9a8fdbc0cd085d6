/* Executive spin locks: a lock word of the driver's, 0 free, else the owner's thread pointer. */
#include "host/ke/schedule.h"

static void acquire(PKSPIN_LOCK lock)
{
    ULONG_PTR owner = (ULONG_PTR)current_thread(), free = 0;
    ULONG turns = 0;
    struct machine *machine = current_machine();
    schedule_choice(machine);
    while (!__atomic_compare_exchange_n(lock, &free, owner, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        schedule_spin_on(lock, (uint32_t)free, &turns);
        free = 0;
    }
}

static void release(PKSPIN_LOCK lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#undef KeInitializeSpinLock
VOID NTAPI nt_KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}
SB_EXPORT_AS("KeInitializeSpinLock", nt_KeInitializeSpinLock)

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock);
    return old;
}
SB_EXPORT(KeAcquireSpinLockRaiseToDpc)

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL new_irql)
{
    release(lock);
    KeLowerIrql(new_irql);
}
SB_EXPORT(KeReleaseSpinLock)

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    acquire(lock);
}
SB_EXPORT(KeAcquireSpinLockAtDpcLevel)

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    release(lock);
    schedule_choice(current_machine());
}
SB_EXPORT(KeReleaseSpinLockFromDpcLevel)

BOOLEAN FASTCALL KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    ULONG_PTR free = 0;
    schedule_choice(current_machine());
    return __atomic_compare_exchange_n(lock, &free, (ULONG_PTR)current_thread(), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
SB_EXPORT(KeTryToAcquireSpinLockAtDpcLevel)

/* TRUE when the lock is free. */
BOOLEAN FASTCALL KeTestSpinLock(PKSPIN_LOCK lock)
{
    return __atomic_load_n(lock, __ATOMIC_RELAXED) == 0;
}
SB_EXPORT(KeTestSpinLock)

KIRQL NTAPI nt_KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK lock)
{
    KIRQL old = KeRaiseIrqlToSynchLevel();
    acquire(lock);
    return old;
}
SB_EXPORT_AS("KeAcquireSpinLockRaiseToSynch", nt_KeAcquireSpinLockRaiseToSynch)

/* For threaded DPCs, which run at PASSIVE_LEVEL or at DISPATCH_LEVEL. */
KIRQL FASTCALL KeAcquireSpinLockForDpc(PKSPIN_LOCK lock)
{
    KIRQL old = KeGetCurrentIrql();
    if (old < DISPATCH_LEVEL)
        KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock);
    return old;
}
SB_EXPORT(KeAcquireSpinLockForDpc)

VOID FASTCALL KeReleaseSpinLockForDpc(PKSPIN_LOCK lock, KIRQL old_irql)
{
    release(lock);
    if (old_irql != KeGetCurrentIrql())
        KeLowerIrql(old_irql);
    else
        schedule_choice(current_machine());
}
SB_EXPORT(KeReleaseSpinLockForDpc)
