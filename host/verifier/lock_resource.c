/* In front of ERESOURCE and push locks. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/verifier/interpose.h"
#include "host/verifier/lock.h"
#include "host/verifier/stop.h"

static struct lock_use use_of(enum verifier_lock_kind kind, const void *lock, BOOLEAN shared,
                              const void *caller)
{
    return (struct lock_use){.kind = kind, .lock = lock, .shared = shared, .caller = caller};
}

static void wanted(const struct lock_use *use)
{
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_lock_wanted(use);
}

static void taken(const struct lock_use *use)
{
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_lock_taken(use);
}

/* System threads have no normal APCs that could suspend them. */
static void need_apcs_held_back(enum verifier_rule rule, const struct lock_use *use,
                                const char *routine)
{
    PETHREAD thread = current_thread();
    ULONG_PTR parameters[3] = {KeGetCurrentIrql(), (ULONG_PTR)thread->Tcb.combined_apc_disable,
                               (ULONG_PTR)use->lock};
    if (thread->is_system || thread->Tcb.combined_apc_disable != 0 ||
        KeGetCurrentIrql() >= APC_LEVEL || !verifier_checks(SB_VERIFY_IRQL))
        return;
    verifier_report(
        rule, use->caller, parameters,
        "%s was called outside a critical region: suspending the thread would leave the "
        "%s at %p held",
        routine, verifier_lock_name(use->kind), use->lock);
}

/* ---- resources ---- */
static NTSTATUS NTAPI watch_ExInitializeResourceLite(PERESOURCE resource)
{
    verifier_locks_forget(resource, sizeof(ULONG));
    return ExInitializeResourceLite(resource);
}
SB_WATCH("ExInitializeResourceLite", watch_ExInitializeResourceLite)

static BOOLEAN NTAPI watch_ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, FALSE, __builtin_return_address(0));
    need_apcs_held_back(RULE_RESOURCE_ACQUIRE_APC, &use, "ExAcquireResourceExclusiveLite");
    struct verifier_held *held = verifier_lock_held(resource);
    ULONG_PTR parameters[3] = {(ULONG_PTR)resource};
    if (wait && held && held->shared && verifier_checks(SB_VERIFY_LOCKS))
        verifier_stop(RULE_LOCK_SELF_DEADLOCK, use.caller, parameters,
                      "the resource at %p is taken exclusively although this thread shares it",
                      resource);
    if (wait)
        wanted(&use);
    BOOLEAN acquired = ExAcquireResourceExclusiveLite(resource, wait);
    if (acquired)
        taken(&use);
    return acquired;
}
SB_WATCH("ExAcquireResourceExclusiveLite", watch_ExAcquireResourceExclusiveLite)

BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE resource);
static BOOLEAN NTAPI watch_ExTryToAcquireResourceExclusiveLite(PERESOURCE resource)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, FALSE, __builtin_return_address(0));
    need_apcs_held_back(RULE_RESOURCE_ACQUIRE_APC, &use, "ExTryToAcquireResourceExclusiveLite");
    BOOLEAN acquired = ExTryToAcquireResourceExclusiveLite(resource);
    if (acquired)
        taken(&use);
    return acquired;
}
SB_WATCH("ExTryToAcquireResourceExclusiveLite", watch_ExTryToAcquireResourceExclusiveLite)

typedef BOOLEAN NTAPI acquire_shared(PERESOURCE resource, BOOLEAN wait);

static BOOLEAN share(acquire_shared *acquire, const char *routine, PERESOURCE resource,
                     BOOLEAN wait, const void *caller)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, TRUE, caller);
    need_apcs_held_back(RULE_RESOURCE_ACQUIRE_APC, &use, routine);
    BOOLEAN acquired = acquire(resource, wait);
    if (acquired)
        taken(&use);
    return acquired;
}

static BOOLEAN NTAPI watch_ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait)
{
    return share(ExAcquireResourceSharedLite, "ExAcquireResourceSharedLite", resource, wait,
                 __builtin_return_address(0));
}
SB_WATCH("ExAcquireResourceSharedLite", watch_ExAcquireResourceSharedLite)

static BOOLEAN NTAPI watch_ExAcquireSharedStarveExclusive(PERESOURCE resource, BOOLEAN wait)
{
    return share(ExAcquireSharedStarveExclusive, "ExAcquireSharedStarveExclusive", resource, wait,
                 __builtin_return_address(0));
}
SB_WATCH("ExAcquireSharedStarveExclusive", watch_ExAcquireSharedStarveExclusive)

static BOOLEAN NTAPI watch_ExAcquireSharedWaitForExclusive(PERESOURCE resource, BOOLEAN wait)
{
    return share(ExAcquireSharedWaitForExclusive, "ExAcquireSharedWaitForExclusive", resource, wait,
                 __builtin_return_address(0));
}
SB_WATCH("ExAcquireSharedWaitForExclusive", watch_ExAcquireSharedWaitForExclusive)

/* A resource may be released for another thread, or for a pointer that owns it. */
static void let_go(PERESOURCE resource, const void *caller)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, FALSE, caller);
    if (!verifier_checks(SB_VERIFY_LOCKS))
        return;
    if (!verifier_lock_held(resource) && ExIsResourceAcquiredSharedLite(resource))
        return;                   /* taken by a routine nobody stands in front of */
    verifier_lock_released(&use); /* the routine itself stops the machine when it is not held */
}

#undef ExReleaseResourceLite
VOID FASTCALL ExReleaseResourceLite(PERESOURCE resource);
static VOID FASTCALL watch_ExReleaseResourceLite(PERESOURCE resource)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, FALSE, __builtin_return_address(0));
    let_go(resource, use.caller);
    need_apcs_held_back(RULE_RESOURCE_RELEASE_APC, &use, "ExReleaseResourceLite");
    ExReleaseResourceLite(resource);
}
SB_WATCH("ExReleaseResourceLite", watch_ExReleaseResourceLite)

static VOID NTAPI watch_ExReleaseResourceForThreadLite(PERESOURCE resource, ERESOURCE_THREAD owner)
{
    if (owner == (ERESOURCE_THREAD)current_thread())
        let_go(resource, __builtin_return_address(0));
    ExReleaseResourceForThreadLite(resource, owner);
}
SB_WATCH("ExReleaseResourceForThreadLite", watch_ExReleaseResourceForThreadLite)

/* From now on it is not this thread's. */
static VOID NTAPI watch_ExSetResourceOwnerPointer(PERESOURCE resource, PVOID pointer)
{
    let_go(resource, __builtin_return_address(0));
    ExSetResourceOwnerPointer(resource, pointer);
}
SB_WATCH("ExSetResourceOwnerPointer", watch_ExSetResourceOwnerPointer)

static VOID NTAPI watch_ExSetResourceOwnerPointerEx(PERESOURCE resource, PVOID pointer, ULONG flags)
{
    let_go(resource, __builtin_return_address(0));
    ExSetResourceOwnerPointerEx(resource, pointer, flags);
}
SB_WATCH("ExSetResourceOwnerPointerEx", watch_ExSetResourceOwnerPointerEx)

static VOID NTAPI watch_ExConvertExclusiveToSharedLite(PERESOURCE resource)
{
    struct verifier_held *held = verifier_lock_held(resource);
    if (held)
        held->shared = TRUE;
    ExConvertExclusiveToSharedLite(resource);
}
SB_WATCH("ExConvertExclusiveToSharedLite", watch_ExConvertExclusiveToSharedLite)

static PVOID NTAPI watch_enter_exclusive(PERESOURCE resource)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, FALSE, __builtin_return_address(0));
    wanted(&use);
    PVOID result = ExEnterCriticalRegionAndAcquireResourceExclusive(resource);
    taken(&use);
    return result;
}
SB_WATCH("ExEnterCriticalRegionAndAcquireResourceExclusive", watch_enter_exclusive)

static PVOID NTAPI watch_enter_shared(PERESOURCE resource)
{
    struct lock_use use = use_of(LOCK_RESOURCE, resource, TRUE, __builtin_return_address(0));
    PVOID result = ExEnterCriticalRegionAndAcquireResourceShared(resource);
    taken(&use);
    return result;
}
SB_WATCH("ExEnterCriticalRegionAndAcquireResourceShared", watch_enter_shared)

static VOID FASTCALL watch_release_and_leave(PERESOURCE resource)
{
    let_go(resource, __builtin_return_address(0));
    ExReleaseResourceAndLeaveCriticalRegion(resource);
}
SB_WATCH("ExReleaseResourceAndLeaveCriticalRegion", watch_release_and_leave)

/* 0xC4, 0x100B: nobody may hold a resource that goes. */
static NTSTATUS NTAPI watch_ExDeleteResourceLite(PERESOURCE resource)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)resource, resource->OwnerEntry.OwnerThread};
    if (resource->ActiveCount != 0 && verifier_checks(SB_VERIFY_LOCKS))
        verifier_report(RULE_LOCK_FREED_HELD, __builtin_return_address(0), parameters,
                        "the resource at %p is deleted while it is held", resource);
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_locks_memory_freed(resource, sizeof(PVOID), __builtin_return_address(0));
    return ExDeleteResourceLite(resource);
}
SB_WATCH("ExDeleteResourceLite", watch_ExDeleteResourceLite)

/* ---- push locks ---- */
typedef volatile ULONG_PTR push_lock;
VOID NTAPI nt_acquire_exclusive(push_lock *lock, ULONG flags);
VOID NTAPI nt_acquire_shared(push_lock *lock, ULONG flags);
VOID NTAPI nt_release(push_lock *lock, ULONG flags);

static VOID NTAPI watch_push_exclusive(push_lock *lock, ULONG flags)
{
    struct lock_use use = use_of(LOCK_PUSH, (const void *)lock, FALSE, __builtin_return_address(0));
    need_apcs_held_back(RULE_PUSH_LOCK_ACQUIRE_APC, &use, "ExAcquirePushLockExclusive");
    wanted(&use);
    nt_acquire_exclusive(lock, flags);
    taken(&use);
}
SB_WATCH("ExAcquirePushLockExclusiveEx", watch_push_exclusive)
SB_WATCH("ExfAcquirePushLockExclusive", watch_push_exclusive)

static VOID NTAPI watch_push_shared(push_lock *lock, ULONG flags)
{
    struct lock_use use = use_of(LOCK_PUSH, (const void *)lock, TRUE, __builtin_return_address(0));
    need_apcs_held_back(RULE_PUSH_LOCK_ACQUIRE_APC, &use, "ExAcquirePushLockShared");
    nt_acquire_shared(lock, flags);
    taken(&use);
}
SB_WATCH("ExAcquirePushLockSharedEx", watch_push_shared)
SB_WATCH("ExfAcquirePushLockShared", watch_push_shared)

/* A push lock has no owner: another thread may release it. */
static VOID NTAPI watch_push_release(push_lock *lock, ULONG flags)
{
    struct lock_use use = use_of(LOCK_PUSH, (const void *)lock, FALSE, __builtin_return_address(0));
    need_apcs_held_back(RULE_PUSH_LOCK_RELEASE_APC, &use, "ExReleasePushLock");
    if (*lock == 0 && verifier_checks(SB_VERIFY_LOCKS)) {
        ULONG_PTR parameters[3] = {(ULONG_PTR)lock};
        verifier_report(RULE_LOCK_NOT_HELD, use.caller, parameters,
                        "the push lock at %p is released although nobody holds it", lock);
        return;
    }
    if (verifier_checks(SB_VERIFY_LOCKS) && verifier_lock_held((const void *)lock))
        verifier_lock_released(&use);
    nt_release(lock, flags);
}
SB_WATCH("ExReleasePushLockExclusiveEx", watch_push_release)
SB_WATCH("ExReleasePushLockSharedEx", watch_push_release)
SB_WATCH("ExReleasePushLockEx", watch_push_release)
SB_WATCH("ExfReleasePushLock", watch_push_release)
SB_WATCH("ExfReleasePushLockExclusive", watch_push_release)
SB_WATCH("ExfReleasePushLockShared", watch_push_release)
