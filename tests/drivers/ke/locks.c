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

void check_locks(void)
{
    struct shared shared = {0};
    PKTHREAD threads[THREADS];
    KLOCK_QUEUE_HANDLE handle;
    KIRQL irql;
    KeInitializeSpinLock(&shared.plain);
    KeInitializeSpinLock(&shared.queued);
    for (int i = 0; i < THREADS; i++)
        threads[i] = ke_start(count, &shared);
    for (int i = 0; i < THREADS; i++)
        ke_join(threads[i]);
    CHECK(shared.plain_count == THREADS * TURNS && shared.queued_count == THREADS * TURNS);
    CHECK(shared.plain == 0 && shared.queued == 0);

    KeAcquireInStackQueuedSpinLock(&shared.queued, &handle);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && handle.OldIrql == PASSIVE_LEVEL);
    KeReleaseInStackQueuedSpinLock(&handle);
    irql = KeAcquireSpinLockForDpc(&shared.plain);
    CHECK(irql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(!KeTestSpinLock(&shared.plain) && !KeTryToAcquireSpinLockAtDpcLevel(&shared.plain));
    KeReleaseSpinLockForDpc(&shared.plain, irql);
    CHECK(KeTestSpinLock(&shared.plain));
    irql = KeRaiseIrqlToDpcLevel();
    CHECK(KeTryToAcquireSpinLockAtDpcLevel(&shared.plain));
    KeReleaseSpinLockFromDpcLevel(&shared.plain);
    KeLowerIrql(irql);
}
