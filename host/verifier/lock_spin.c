/* In front of the spin locks' exports. */
#include <sysbuf/host.h>

#include "host/io/io.h"
#include "host/ke/schedule.h"
#include "host/verifier/interpose.h"
#include "host/verifier/irql.h"
#include "host/verifier/lock.h"
#include "host/verifier/stop.h"

enum { SYNCH_LEVEL_HERE = 12 };

#define PATIENCE 1000000000ll /* ns of processor time: on a busy machine others get as much */

static BOOLEAN checks_irql(void)
{
    return verifier_checks(SB_VERIFY_IRQL);
}

static void need_irql(enum verifier_rule rule, BOOLEAN holds, const char *routine, const void *lock,
                      const char *needed, const void *caller)
{
    KIRQL irql = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {irql, (ULONG_PTR)lock};
    if (!holds && checks_irql())
        verifier_report(rule, caller, parameters,
                        "%s was called at %s (%u) for the spin lock at %p; "
                        "it needs %s",
                        routine, verifier_irql_name(irql), irql, lock, needed);
}

static void need_at_most_dispatch(const char *routine, const void *lock, const void *caller)
{
    need_irql(RULE_SPIN_ACQUIRE_HIGH, KeGetCurrentIrql() <= DISPATCH_LEVEL, routine, lock,
              "DISPATCH_LEVEL or below", caller);
}

static void need_dispatch(const char *routine, const void *lock, const void *caller)
{
    need_irql(RULE_SPIN_ACQUIRE_LOW, KeGetCurrentIrql() >= DISPATCH_LEVEL, routine, lock,
              "DISPATCH_LEVEL", caller);
}

/* No word that a holder leaves: an address of a thread or of a stack. */
static BOOLEAN is_garbage(KSPIN_LOCK word)
{
    return word < 0x10000 || word >> 47 != 0;
}

/* The word of a lock that nobody holds is zero. Host routines hold a driver's lock for moments, and
 * who has just taken it has yet to say so. */
static void need_initialized(const struct lock_use *use)
{
    const volatile KSPIN_LOCK *word = use->lock;
    int64_t until = 0;
    ULONG turns = 0;
    KSPIN_LOCK value;
    while ((value = *word) != 0 && !verifier_lock_holder(use->lock)) {
        ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock};
        int64_t now = linux_thread_cpu_time(linux_thread_id());
        if (until == 0)
            until = now + PATIENCE;
        if (now >= until || is_garbage(value))
            verifier_stop(RULE_LOCK_UNINITIALIZED, use->caller, parameters,
                          "the spin lock at %p holds 0x%Ix although nobody took it: it was never "
                          "initialised, or is overwritten",
                          use->lock, (ULONG_PTR)value);
        schedule_spin(&turns);
    }
}

static void wanted(const struct lock_use *use)
{
    if (!verifier_checks(SB_VERIFY_LOCKS))
        return;
    verifier_lock_wanted(use);
    need_initialized(use);
}

static void taken(const struct lock_use *use)
{
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_lock_taken(use);
}

/* FALSE: the release must not be done. */
static BOOLEAN released(const struct lock_use *use)
{
    if (!verifier_checks(SB_VERIFY_LOCKS))
        return TRUE;
    ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock};
    if (verifier_lock_held(use->lock) && *(const volatile KSPIN_LOCK *)use->lock == 0)
        verifier_report(RULE_LOCK_OVERWRITTEN, use->caller, parameters,
                        "the spin lock at %p was initialised or cleared while it was held",
                        use->lock);
    return verifier_lock_released(use);
}

/* Lowering the IRQL while another spin lock is held lets DPCs in that may want it. */
static void check_lowering(KIRQL irql, const void *caller)
{
    const struct verifier_held *held;
    if (irql >= DISPATCH_LEVEL || !verifier_checks(SB_VERIFY_LOCKS) ||
        !verifier_holds_spin_lock(&held))
        return;
    ULONG_PTR parameters[3] = {KeGetCurrentIrql(), irql};
    verifier_report(RULE_SPIN_HELD_LOW, caller, parameters,
                    "the IRQL goes down to %s (%u) while the spin lock at %p is held",
                    verifier_irql_name(irql), irql, held->lock);
}

static void need_known_irql(KIRQL irql, const void *lock, const void *caller)
{
    KIRQL current = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {current, irql};
    if (irql > current && checks_irql())
        verifier_stop(RULE_IRQL_LOWER_RAISES, caller, parameters,
                      "the spin lock at %p is released at %s (%u) with the IRQL %u to go back to, "
                      "which is above it",
                      lock, verifier_irql_name(current), current, irql);
}

static struct lock_use use_of(const void *lock, const void *caller)
{
    return (struct lock_use){.kind = LOCK_SPIN, .lock = lock, .caller = caller};
}

/* ---- the IRQL itself ---- */
static void note_raise(KIRQL irql, const void *caller)
{
    struct verifier_thread *thread = verifier_thread();
    KIRQL current = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {current, irql};
    if ((irql < current || irql > HIGH_LEVEL) && checks_irql())
        verifier_stop(RULE_IRQL_RAISE_LOWERS, caller, parameters,
                      "the IRQL is raised from %s (%u) to %s (%u)", verifier_irql_name(current),
                      current, verifier_irql_name(irql), irql);
    if (thread && irql > current)
        thread->raised_by = caller;
}

static KIRQL NTAPI watch_KfRaiseIrql(KIRQL irql)
{
    note_raise(irql, __builtin_return_address(0));
    return KfRaiseIrql(irql);
}
SB_WATCH("KfRaiseIrql", watch_KfRaiseIrql)

static VOID NTAPI watch_KeRaiseIrql(KIRQL irql, PKIRQL old)
{
    note_raise(irql, __builtin_return_address(0));
    *old = KfRaiseIrql(irql);
}
SB_WATCH("KeRaiseIrql", watch_KeRaiseIrql)

static KIRQL NTAPI watch_KeRaiseIrqlToDpcLevel(VOID)
{
    note_raise(DISPATCH_LEVEL, __builtin_return_address(0));
    return KeRaiseIrqlToDpcLevel();
}
SB_WATCH("KeRaiseIrqlToDpcLevel", watch_KeRaiseIrqlToDpcLevel)

static KIRQL NTAPI watch_KeRaiseIrqlToSynchLevel(VOID)
{
    note_raise(SYNCH_LEVEL_HERE, __builtin_return_address(0));
    return KeRaiseIrqlToSynchLevel();
}
SB_WATCH("KeRaiseIrqlToSynchLevel", watch_KeRaiseIrqlToSynchLevel)

static VOID NTAPI watch_KeLowerIrql(KIRQL irql)
{
    const void *caller = __builtin_return_address(0);
    KIRQL current = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {current, irql};
    if (irql > current && checks_irql())
        verifier_stop(RULE_IRQL_LOWER_RAISES, caller, parameters,
                      "KeLowerIrql was called at %s (%u) with %s (%u)", verifier_irql_name(current),
                      current, verifier_irql_name(irql), irql);
    check_lowering(irql, caller);
    KeLowerIrql(irql);
}
SB_WATCH("KeLowerIrql", watch_KeLowerIrql)
SB_WATCH("KfLowerIrql", watch_KeLowerIrql)

/* ---- spin locks ---- */
static KIRQL NTAPI watch_KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    need_at_most_dispatch("KeAcquireSpinLock", lock, use.caller);
    wanted(&use);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(lock);
    taken(&use);
    return old;
}
SB_WATCH("KeAcquireSpinLockRaiseToDpc", watch_KeAcquireSpinLockRaiseToDpc)

KIRQL NTAPI nt_KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK lock);
static KIRQL NTAPI watch_KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK lock)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    wanted(&use);
    KIRQL old = nt_KeAcquireSpinLockRaiseToSynch(lock);
    taken(&use);
    return old;
}
SB_WATCH("KeAcquireSpinLockRaiseToSynch", watch_KeAcquireSpinLockRaiseToSynch)

static VOID NTAPI watch_KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    need_dispatch("KeAcquireSpinLockAtDpcLevel", lock, use.caller);
    wanted(&use);
    KeAcquireSpinLockAtDpcLevel(lock);
    taken(&use);
}
SB_WATCH("KeAcquireSpinLockAtDpcLevel", watch_KeAcquireSpinLockAtDpcLevel)

static BOOLEAN FASTCALL watch_KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    need_dispatch("KeTryToAcquireSpinLockAtDpcLevel", lock, use.caller);
    BOOLEAN acquired = KeTryToAcquireSpinLockAtDpcLevel(lock);
    if (acquired)
        taken(&use);
    return acquired;
}
SB_WATCH("KeTryToAcquireSpinLockAtDpcLevel", watch_KeTryToAcquireSpinLockAtDpcLevel)

static KIRQL FASTCALL watch_KeAcquireSpinLockForDpc(PKSPIN_LOCK lock)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    wanted(&use);
    KIRQL old = KeAcquireSpinLockForDpc(lock);
    taken(&use);
    return old;
}
SB_WATCH("KeAcquireSpinLockForDpc", watch_KeAcquireSpinLockForDpc)

static VOID NTAPI watch_KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL irql)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    BOOLEAN owned = released(&use);
    if (owned)
        need_irql(RULE_SPIN_RELEASE_IRQL, KeGetCurrentIrql() >= DISPATCH_LEVEL, "KeReleaseSpinLock",
                  lock, "DISPATCH_LEVEL", use.caller);
    need_known_irql(irql, lock, use.caller);
    check_lowering(irql, use.caller);
    if (owned)
        KeReleaseSpinLock(lock, irql);
    else
        KeLowerIrql(irql);
}
SB_WATCH("KeReleaseSpinLock", watch_KeReleaseSpinLock)

static VOID NTAPI watch_KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    BOOLEAN owned = released(&use);
    if (owned)
        need_irql(RULE_SPIN_RELEASE_LOW, KeGetCurrentIrql() >= DISPATCH_LEVEL,
                  "KeReleaseSpinLockFromDpcLevel", lock, "DISPATCH_LEVEL", use.caller);
    if (owned)
        KeReleaseSpinLockFromDpcLevel(lock);
}
SB_WATCH("KeReleaseSpinLockFromDpcLevel", watch_KeReleaseSpinLockFromDpcLevel)

static VOID FASTCALL watch_KeReleaseSpinLockForDpc(PKSPIN_LOCK lock, KIRQL irql)
{
    struct lock_use use = use_of(lock, __builtin_return_address(0));
    BOOLEAN owned = released(&use);
    check_lowering(irql, use.caller);
    if (owned)
        KeReleaseSpinLockForDpc(lock, irql);
    else
        KeLowerIrql(irql);
}
SB_WATCH("KeReleaseSpinLockForDpc", watch_KeReleaseSpinLockForDpc)

/* ---- in-stack queued spin locks ---- */
static struct lock_use queued_use(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, const void *caller)
{
    return (struct lock_use){.kind = LOCK_QUEUED, .lock = lock, .handle = handle, .caller = caller};
}

/* A handle serves one acquisition at a time. */
static void need_free_handle(const struct lock_use *use)
{
    struct verifier_thread *thread = verifier_thread();
    for (ULONG i = 0; thread && i < thread->held_count; i++) {
        ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock, (ULONG_PTR)use->handle};
        if (thread->held[i].kind == LOCK_QUEUED && thread->held[i].handle == use->handle &&
            verifier_checks(SB_VERIFY_LOCKS))
            verifier_stop(RULE_QUEUED_HANDLE_BUSY, use->caller, parameters,
                          "the lock queue handle at %p already holds the spin lock at %p",
                          use->handle, thread->held[i].lock);
    }
}

static BOOLEAN queued_released(PKLOCK_QUEUE_HANDLE handle, const void *caller)
{
    struct verifier_thread *thread = verifier_thread();
    struct lock_use use = queued_use(NULL, handle, caller);
    for (ULONG i = 0; thread && i < thread->held_count; i++)
        if (thread->held[i].kind == LOCK_QUEUED && thread->held[i].handle == handle)
            use.lock = thread->held[i].lock;
    if (!use.lock) /* as the handle says; it may be anything */
        use.lock = (const void *)((ULONG_PTR)handle->LockQueue.Lock & ~(ULONG_PTR)3);
    return !verifier_checks(SB_VERIFY_LOCKS) || verifier_lock_released(&use);
}

static VOID FASTCALL watch_KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock,
                                                          PKLOCK_QUEUE_HANDLE handle)
{
    struct lock_use use = queued_use(lock, handle, __builtin_return_address(0));
    need_at_most_dispatch("KeAcquireInStackQueuedSpinLock", lock, use.caller);
    need_free_handle(&use);
    wanted(&use);
    KeAcquireInStackQueuedSpinLock(lock, handle);
    taken(&use);
}
SB_WATCH("KeAcquireInStackQueuedSpinLock", watch_KeAcquireInStackQueuedSpinLock)

VOID FASTCALL nt_KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK lock,
                                                            PKLOCK_QUEUE_HANDLE handle);
static VOID FASTCALL watch_KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK lock,
                                                                      PKLOCK_QUEUE_HANDLE handle)
{
    struct lock_use use = queued_use(lock, handle, __builtin_return_address(0));
    need_free_handle(&use);
    wanted(&use);
    nt_KeAcquireInStackQueuedSpinLockRaiseToSynch(lock, handle);
    taken(&use);
}
SB_WATCH("KeAcquireInStackQueuedSpinLockRaiseToSynch",
         watch_KeAcquireInStackQueuedSpinLockRaiseToSynch)

static VOID FASTCALL watch_KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock,
                                                                    PKLOCK_QUEUE_HANDLE handle)
{
    struct lock_use use = queued_use(lock, handle, __builtin_return_address(0));
    need_dispatch("KeAcquireInStackQueuedSpinLockAtDpcLevel", lock, use.caller);
    need_free_handle(&use);
    wanted(&use);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(lock, handle);
    taken(&use);
}
SB_WATCH("KeAcquireInStackQueuedSpinLockAtDpcLevel", watch_KeAcquireInStackQueuedSpinLockAtDpcLevel)

static VOID FASTCALL watch_KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK lock,
                                                                PKLOCK_QUEUE_HANDLE handle)
{
    struct lock_use use = queued_use(lock, handle, __builtin_return_address(0));
    need_free_handle(&use);
    wanted(&use);
    KeAcquireInStackQueuedSpinLockForDpc(lock, handle);
    taken(&use);
}
SB_WATCH("KeAcquireInStackQueuedSpinLockForDpc", watch_KeAcquireInStackQueuedSpinLockForDpc)

static VOID FASTCALL watch_KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
    const void *caller = __builtin_return_address(0);
    if (!queued_released(handle, caller))
        return;
    check_lowering(handle->OldIrql, caller);
    KeReleaseInStackQueuedSpinLock(handle);
}
SB_WATCH("KeReleaseInStackQueuedSpinLock", watch_KeReleaseInStackQueuedSpinLock)

static VOID FASTCALL watch_KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
    if (queued_released(handle, __builtin_return_address(0)))
        KeReleaseInStackQueuedSpinLockFromDpcLevel(handle);
}
SB_WATCH("KeReleaseInStackQueuedSpinLockFromDpcLevel",
         watch_KeReleaseInStackQueuedSpinLockFromDpcLevel)

static VOID FASTCALL watch_KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE handle)
{
    if (queued_released(handle, __builtin_return_address(0)))
        KeReleaseInStackQueuedSpinLockForDpc(handle);
}
SB_WATCH("KeReleaseInStackQueuedSpinLockForDpc", watch_KeReleaseInStackQueuedSpinLockForDpc)

/* ---- the cancel spin lock ---- */
static VOID NTAPI watch_IoAcquireCancelSpinLock(PKIRQL irql)
{
    struct lock_use use = use_of(&current_machine()->io->cancel_lock, __builtin_return_address(0));
    wanted(&use);
    IoAcquireCancelSpinLock(irql);
    taken(&use);
}
SB_WATCH("IoAcquireCancelSpinLock", watch_IoAcquireCancelSpinLock)

static VOID NTAPI watch_IoReleaseCancelSpinLock(KIRQL irql)
{
    struct lock_use use = use_of(&current_machine()->io->cancel_lock, __builtin_return_address(0));
    BOOLEAN owned = released(&use);
    need_known_irql(irql, use.lock, use.caller);
    check_lowering(irql, use.caller);
    if (owned)
        IoReleaseCancelSpinLock(irql);
    else
        KeLowerIrql(irql);
}
SB_WATCH("IoReleaseCancelSpinLock", watch_IoReleaseCancelSpinLock)
