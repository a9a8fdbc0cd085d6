#include "ke.h"

void check_irql(void)
{
    KIRQL irql, inner;
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &irql);
    CHECK(irql == PASSIVE_LEVEL && KeGetCurrentIrql() == APC_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &inner);
    CHECK(inner == APC_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(KeRaiseIrqlToDpcLevel() == DISPATCH_LEVEL);
    KeLowerIrql(inner);
    CHECK(KeGetCurrentIrql() == APC_LEVEL && KeAreAllApcsDisabled() && !KeAreApcsDisabled());
    KeLowerIrql(irql);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && !KeAreAllApcsDisabled());
}

void check_regions(void)
{
    KeEnterCriticalRegion();
    CHECK(KeAreApcsDisabled() && !KeAreAllApcsDisabled());
    KeEnterGuardedRegion();
    CHECK(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    KeLeaveCriticalRegion();
    CHECK(!KeAreApcsDisabled());
}

enum { THREADS = 3, TURNS = 4000 };

struct shared {
    KSPIN_LOCK plain, queued;
    LONG plain_count, queued_count;
};

static VOID NTAPI count(PVOID context)
{
    struct shared *shared = context;
    for (int i = 0; i < TURNS; i++) {
        KLOCK_QUEUE_HANDLE handle;
        KIRQL irql;
        KeAcquireSpinLock(&shared->plain, &irql);
        shared->plain_count++;
        KeReleaseSpinLock(&shared->plain, irql);
        KeAcquireInStackQueuedSpinLock(&shared->queued, &handle);
        shared->queued_count++;
        KeReleaseInStackQueuedSpinLock(&handle);
    }
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

void check_spin_lock(void)
{
    struct shared shared = {0};
    PKTHREAD threads[THREADS];
    KeInitializeSpinLock(&shared.plain);
    KeInitializeSpinLock(&shared.queued);
    for (int i = 0; i < THREADS; i++)
        threads[i] = ke_start(count, &shared);
    for (int i = 0; i < THREADS; i++)
        ke_join(threads[i]);
    CHECK(shared.plain_count == THREADS * TURNS && shared.queued_count == THREADS * TURNS);
    CHECK(shared.plain == 0 && shared.queued == 0);
}

void check_queued_spin_lock(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && handle.OldIrql == PASSIVE_LEVEL);
    KeReleaseInStackQueuedSpinLock(&handle);
}

void check_spin_lock_for_dpc(void)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    irql = KeAcquireSpinLockForDpc(&lock);
    CHECK(irql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(!KeTestSpinLock(&lock) && !KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLockForDpc(&lock, irql);
    CHECK(KeTestSpinLock(&lock));
    irql = KeRaiseIrqlToDpcLevel();
    CHECK(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(irql);
}
