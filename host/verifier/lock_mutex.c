/* In front of fast, guarded and dispatcher mutexes, of critical regions and push locks. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/verifier/interpose.h"
#include "host/verifier/irql.h"
#include "host/verifier/lock.h"
#include "host/verifier/stop.h"

static BOOLEAN checks_irql(void)
{
    return verifier_checks(SB_VERIFY_IRQL);
}

static LONG apc_disable(void)
{
    return current_thread()->Tcb.combined_apc_disable;
}

static BOOLEAN apcs_are_held_back(void)
{
    return apc_disable() != 0 || KeGetCurrentIrql() >= APC_LEVEL;
}

/* ---- critical and guarded regions ---- */
static void note_disable(const void *caller)
{
    struct verifier_thread *thread = verifier_thread();
    if (thread)
        thread->disabled_by = caller;
}

static BOOLEAN may_leave(SHORT count, const char *routine, const void *caller)
{
    if (count < 0 || !checks_irql())
        return TRUE;
    verifier_report(RULE_REGION_NOT_ENTERED, caller, NULL,
                    "%s was called by a thread that is in no such region", routine);
    return FALSE;
}

#undef KeEnterCriticalRegion
#undef KeLeaveCriticalRegion
#undef KeEnterGuardedRegion
#undef KeLeaveGuardedRegion
static VOID NTAPI watch_KeEnterCriticalRegion(VOID)
{
    note_disable(__builtin_return_address(0));
    KeEnterCriticalRegion();
}
SB_WATCH("KeEnterCriticalRegion", watch_KeEnterCriticalRegion)

static VOID NTAPI watch_KeLeaveCriticalRegion(VOID)
{
    if (may_leave(current_thread()->Tcb.kernel_apc_disable, "KeLeaveCriticalRegion",
                  __builtin_return_address(0)))
        KeLeaveCriticalRegion();
}
SB_WATCH("KeLeaveCriticalRegion", watch_KeLeaveCriticalRegion)

static VOID NTAPI watch_KeEnterGuardedRegion(VOID)
{
    note_disable(__builtin_return_address(0));
    KeEnterGuardedRegion();
}
SB_WATCH("KeEnterGuardedRegion", watch_KeEnterGuardedRegion)

static VOID NTAPI watch_KeLeaveGuardedRegion(VOID)
{
    if (may_leave(current_thread()->Tcb.special_apc_disable, "KeLeaveGuardedRegion",
                  __builtin_return_address(0)))
        KeLeaveGuardedRegion();
}
SB_WATCH("KeLeaveGuardedRegion", watch_KeLeaveGuardedRegion)

/* ---- fast and guarded mutexes ---- */
static struct lock_use use_of(enum verifier_lock_kind kind, const void *lock, const void *caller)
{
    return (struct lock_use){.kind = kind, .lock = lock, .caller = caller};
}

/* Both are one structure as far as this looks: a count, and an event that is part of it. */
static void need_initialized(const struct lock_use *use, LONG count, const DISPATCHER_HEADER *event)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock};
    BOOLEAN sane = count <= 1 && event->Type == DISPATCHER_SYNCHRONIZATION_EVENT &&
                   event->WaitListHead.Flink && event->WaitListHead.Blink;
    if (!sane)
        verifier_stop(RULE_LOCK_UNINITIALIZED, use->caller, parameters,
                      "the %s at %p was never initialised, or is overwritten",
                      verifier_lock_name(use->kind), use->lock);
}

static void fast_wanted(const struct lock_use *use)
{
    if (!verifier_checks(SB_VERIFY_LOCKS))
        return;
    if (use->kind == LOCK_FAST_MUTEX) {
        const FAST_MUTEX *mutex = use->lock;
        need_initialized(use, mutex->Count, &mutex->Event.Header);
    } else {
        const KGUARDED_MUTEX *mutex = use->lock;
        need_initialized(use, mutex->Count, &mutex->Gate.Header);
    }
    verifier_lock_wanted(use);
}

static void taken(const struct lock_use *use)
{
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_lock_taken(use);
}

static BOOLEAN released(const struct lock_use *use)
{
    return !verifier_checks(SB_VERIFY_LOCKS) || verifier_lock_released(use);
}

static void need_at_most_apc(const struct lock_use *use, const char *routine)
{
    KIRQL irql = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {irql, (ULONG_PTR)use->lock};
    if (irql > APC_LEVEL && checks_irql())
        verifier_stop(RULE_FAST_MUTEX_ACQUIRE_IRQL, use->caller, parameters,
                      "%s was called at %s (%u); APC_LEVEL is the highest at which it may be",
                      routine, verifier_irql_name(irql), irql);
}

#undef ExAcquireFastMutex
#undef ExReleaseFastMutex
#undef ExTryToAcquireFastMutex
VOID FASTCALL ExAcquireFastMutex(PFAST_MUTEX mutex);
VOID FASTCALL ExReleaseFastMutex(PFAST_MUTEX mutex);
BOOLEAN FASTCALL ExTryToAcquireFastMutex(PFAST_MUTEX mutex);
VOID FASTCALL ExEnterCriticalRegionAndAcquireFastMutexUnsafe(PFAST_MUTEX mutex);
VOID FASTCALL ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(PFAST_MUTEX mutex);

static VOID FASTCALL watch_ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    need_at_most_apc(&use, "ExAcquireFastMutex");
    fast_wanted(&use);
    ExAcquireFastMutex(mutex);
    taken(&use);
}
SB_WATCH("ExAcquireFastMutex", watch_ExAcquireFastMutex)

static BOOLEAN FASTCALL watch_ExTryToAcquireFastMutex(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    need_at_most_apc(&use, "ExTryToAcquireFastMutex");
    BOOLEAN acquired = ExTryToAcquireFastMutex(mutex);
    if (acquired)
        taken(&use);
    return acquired;
}
SB_WATCH("ExTryToAcquireFastMutex", watch_ExTryToAcquireFastMutex)

static VOID FASTCALL watch_ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    KIRQL irql = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {irql, (ULONG_PTR)mutex};
    if (!released(&use))
        return;
    if (irql != APC_LEVEL && checks_irql()) {
        verifier_report(RULE_FAST_MUTEX_RELEASE_IRQL, use.caller, parameters,
                        "ExReleaseFastMutex was called at %s (%u); it needs APC_LEVEL",
                        verifier_irql_name(irql), irql);
        if (irql < mutex->OldIrql)
            mutex->OldIrql = irql; /* there is nothing to go back to */
    }
    ExReleaseFastMutex(mutex);
}
SB_WATCH("ExReleaseFastMutex", watch_ExReleaseFastMutex)

static void need_apcs_held_back(enum verifier_rule rule, const struct lock_use *use,
                                const char *routine)
{
    ULONG_PTR parameters[3] = {KeGetCurrentIrql(), (ULONG_PTR)apc_disable(), (ULONG_PTR)use->lock};
    if (!apcs_are_held_back() && checks_irql())
        verifier_report(rule, use->caller, parameters,
                        "%s was called at PASSIVE_LEVEL outside a critical region: an APC may "
                        "interrupt the holder of the %s at %p",
                        routine, verifier_lock_name(use->kind), use->lock);
}

static VOID FASTCALL watch_ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    need_at_most_apc(&use, "ExAcquireFastMutexUnsafe");
    need_apcs_held_back(RULE_FAST_MUTEX_UNSAFE_ACQUIRE, &use, "ExAcquireFastMutexUnsafe");
    fast_wanted(&use);
    ExAcquireFastMutexUnsafe(mutex);
    taken(&use);
}
SB_WATCH("ExAcquireFastMutexUnsafe", watch_ExAcquireFastMutexUnsafe)

static VOID FASTCALL watch_ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    if (!released(&use))
        return;
    need_apcs_held_back(RULE_FAST_MUTEX_UNSAFE_RELEASE, &use, "ExReleaseFastMutexUnsafe");
    ExReleaseFastMutexUnsafe(mutex);
}
SB_WATCH("ExReleaseFastMutexUnsafe", watch_ExReleaseFastMutexUnsafe)

static VOID FASTCALL watch_enter_and_acquire(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    note_disable(use.caller);
    fast_wanted(&use);
    ExEnterCriticalRegionAndAcquireFastMutexUnsafe(mutex);
    taken(&use);
}
SB_WATCH("ExEnterCriticalRegionAndAcquireFastMutexUnsafe", watch_enter_and_acquire)

static VOID FASTCALL watch_release_and_leave(PFAST_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_FAST_MUTEX, mutex, __builtin_return_address(0));
    if (released(&use))
        ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(mutex);
}
SB_WATCH("ExReleaseFastMutexUnsafeAndLeaveCriticalRegion", watch_release_and_leave)

/* ---- guarded mutexes ---- */
typedef VOID FASTCALL guarded_routine(PKGUARDED_MUTEX mutex);

static void acquire_guarded(guarded_routine *routine, PKGUARDED_MUTEX mutex, const void *caller)
{
    struct lock_use use = use_of(LOCK_GUARDED_MUTEX, mutex, caller);
    fast_wanted(&use);
    routine(mutex);
    taken(&use);
}

static void release_guarded(guarded_routine *routine, PKGUARDED_MUTEX mutex, const void *caller)
{
    struct lock_use use = use_of(LOCK_GUARDED_MUTEX, mutex, caller);
    if (released(&use))
        routine(mutex);
}

static VOID FASTCALL watch_KeAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    acquire_guarded(KeAcquireGuardedMutex, mutex, __builtin_return_address(0));
}
SB_WATCH("KeAcquireGuardedMutex", watch_KeAcquireGuardedMutex)

static VOID FASTCALL watch_KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX mutex)
{
    acquire_guarded(KeAcquireGuardedMutexUnsafe, mutex, __builtin_return_address(0));
}
SB_WATCH("KeAcquireGuardedMutexUnsafe", watch_KeAcquireGuardedMutexUnsafe)

static BOOLEAN FASTCALL watch_KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    struct lock_use use = use_of(LOCK_GUARDED_MUTEX, mutex, __builtin_return_address(0));
    BOOLEAN acquired = KeTryToAcquireGuardedMutex(mutex);
    if (acquired)
        taken(&use);
    return acquired;
}
SB_WATCH("KeTryToAcquireGuardedMutex", watch_KeTryToAcquireGuardedMutex)

static VOID FASTCALL watch_KeReleaseGuardedMutex(PKGUARDED_MUTEX mutex)
{
    release_guarded(KeReleaseGuardedMutex, mutex, __builtin_return_address(0));
}
SB_WATCH("KeReleaseGuardedMutex", watch_KeReleaseGuardedMutex)

static VOID FASTCALL watch_KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX mutex)
{
    release_guarded(KeReleaseGuardedMutexUnsafe, mutex, __builtin_return_address(0));
}
SB_WATCH("KeReleaseGuardedMutexUnsafe", watch_KeReleaseGuardedMutexUnsafe)
