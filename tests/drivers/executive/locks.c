#include "executive.h"

enum { ROUNDS = 2000, THREADS = 3 };

typedef VOID NTAPI push_lock_function(ULONG_PTR *lock, ULONG flags);
typedef BOOLEAN NTAPI try_push_lock_function(ULONG_PTR *lock, ULONG flags);
typedef KIRQL NTAPI acquire_spin_function(volatile LONG *lock);
typedef VOID NTAPI release_spin_function(volatile LONG *lock, KIRQL irql);

static push_lock_function *acquire_exclusive, *acquire_shared, *release_exclusive, *release_shared;
static acquire_spin_function *spin_exclusive, *spin_shared;
static release_spin_function *unspin_exclusive, *unspin_shared;

enum kind { FAST, FAST_UNSAFE, GUARDED, PUSH, SPIN };

struct scene {
    enum kind kind;
    FAST_MUTEX fast;
    KGUARDED_MUTEX guarded;
    ULONG_PTR push;
    volatile LONG spin;
    volatile LONG inside, counter, overlaps, readers;
};

static KIRQL enter(struct scene *scene)
{
    switch (scene->kind) {
    case FAST:
        ExAcquireFastMutex(&scene->fast);
        break;
    case FAST_UNSAFE:
        KeEnterCriticalRegion();
        ExAcquireFastMutexUnsafe(&scene->fast);
        break;
    case GUARDED:
        KeAcquireGuardedMutex(&scene->guarded);
        break;
    case PUSH:
        KeEnterCriticalRegion();
        acquire_exclusive(&scene->push, 0);
        break;
    default:
        return spin_exclusive(&scene->spin);
    }
    return PASSIVE_LEVEL;
}

static void leave(struct scene *scene, KIRQL irql)
{
    switch (scene->kind) {
    case FAST:
        ExReleaseFastMutex(&scene->fast);
        break;
    case FAST_UNSAFE:
        ExReleaseFastMutexUnsafe(&scene->fast);
        KeLeaveCriticalRegion();
        break;
    case GUARDED:
        KeReleaseGuardedMutex(&scene->guarded);
        break;
    case PUSH:
        release_exclusive(&scene->push, 0);
        KeLeaveCriticalRegion();
        break;
    default:
        unspin_exclusive(&scene->spin, irql);
    }
}

static void read_sometimes(struct scene *scene)
{
    if (scene->kind == PUSH) {
        KeEnterCriticalRegion();
        acquire_shared(&scene->push, 0);
        if (scene->inside)
            InterlockedIncrement(&scene->overlaps);
        release_shared(&scene->push, 0);
        KeLeaveCriticalRegion();
    } else if (scene->kind == SPIN) {
        KIRQL irql = spin_shared(&scene->spin);
        if (scene->inside)
            InterlockedIncrement(&scene->overlaps);
        unspin_shared(&scene->spin, irql);
    }
}

static VOID NTAPI contend(PVOID context)
{
    struct scene *scene = context;
    for (int i = 0; i < ROUNDS; i++) {
        KIRQL irql = enter(scene);
        if (InterlockedIncrement(&scene->inside) != 1)
            InterlockedIncrement(&scene->overlaps);
        scene->counter = scene->counter + 1;
        InterlockedDecrement(&scene->inside);
        leave(scene, irql);
        read_sometimes(scene);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static struct scene *scene_create(void)
{
    struct scene *scene = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*scene), TAG);
    RtlZeroMemory(scene, sizeof(*scene));
    ExInitializeFastMutex(&scene->fast);
    return scene;
}

static void contend_for(enum kind kind)
{
    struct scene *scene = scene_create();
    PKTHREAD threads[THREADS];
    scene->kind = kind;
    if (kind == GUARDED)
        KeInitializeGuardedMutex(&scene->guarded);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_thread(contend, scene);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    CHECK(scene->counter == ROUNDS * THREADS && scene->overlaps == 0);
    CHECK(scene->push == 0 && (scene->spin & ~0x40000000) == 0 && scene->fast.Count == 1);
    ExFreePoolWithTag(scene, TAG);
}

void check_fast_mutex(void)
{
    contend_for(FAST);
    contend_for(FAST_UNSAFE);
}

void check_guarded_mutex(void)
{
    contend_for(GUARDED);
}

static VOID NTAPI try_mutexes(PVOID context)
{
    struct scene *scene = context;
    scene->counter = ExTryToAcquireFastMutex(&scene->fast);
    scene->counter |= KeTryToAcquireGuardedMutex(&scene->guarded);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void check_mutexes(void)
{
    struct scene *scene = scene_create();
    KeInitializeGuardedMutex(&scene->guarded);
    CHECK(ExTryToAcquireFastMutex(&scene->fast));
    CHECK(KeGetCurrentIrql() == APC_LEVEL);
    ExReleaseFastMutex(&scene->fast);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    ExAcquireFastMutex(&scene->fast);
    CHECK(scene->fast.Owner == KeGetCurrentThread());
    KeAcquireGuardedMutex(&scene->guarded);
    CHECK(KeAreAllApcsDisabled());
    join(start_thread(try_mutexes, scene));
    CHECK(scene->counter == FALSE);
    KeReleaseGuardedMutex(&scene->guarded);
    ExReleaseFastMutex(&scene->fast);
    CHECK(!KeAreApcsDisabled());
    ExFreePoolWithTag(scene, TAG);
}

void check_push_lock(void)
{
    try_push_lock_function *try_exclusive =
        (try_push_lock_function *)routine(L"ExTryAcquirePushLockExclusiveEx");
    ULONG_PTR lock;
    acquire_exclusive = (push_lock_function *)routine(L"ExAcquirePushLockExclusiveEx");
    acquire_shared = (push_lock_function *)routine(L"ExAcquirePushLockSharedEx");
    release_exclusive = (push_lock_function *)routine(L"ExReleasePushLockExclusiveEx");
    release_shared = (push_lock_function *)routine(L"ExReleasePushLockSharedEx");
    contend_for(PUSH);
    KeEnterCriticalRegion();
    ExInitializePushLock(&lock);
    acquire_shared(&lock, 0);
    acquire_shared(&lock, 0);
    CHECK(!try_exclusive(&lock, 0));
    release_shared(&lock, 0);
    release_shared(&lock, 0);
    CHECK(lock == 0 && try_exclusive(&lock, 0));
    release_exclusive(&lock, 0);
    KeLeaveCriticalRegion();
}

void check_spin_lock(void)
{
    ULONG(NTAPI * convert)(volatile LONG *) = routine(L"ExTryConvertSharedSpinLockExclusive");
    volatile LONG lock = 0;
    KIRQL irql, second;
    spin_exclusive = (acquire_spin_function *)routine(L"ExAcquireSpinLockExclusive");
    spin_shared = (acquire_spin_function *)routine(L"ExAcquireSpinLockShared");
    unspin_exclusive = (release_spin_function *)routine(L"ExReleaseSpinLockExclusive");
    unspin_shared = (release_spin_function *)routine(L"ExReleaseSpinLockShared");
    contend_for(SPIN);
    irql = spin_shared(&lock);
    second = spin_shared(&lock);
    CHECK(irql == PASSIVE_LEVEL && second == DISPATCH_LEVEL);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && !convert(&lock));
    unspin_shared(&lock, second);
    CHECK(convert(&lock));
    unspin_exclusive(&lock, irql);
    CHECK(lock == 0 && KeGetCurrentIrql() == PASSIVE_LEVEL);
}

struct rundown {
    EX_RUNDOWN_REF reference;
    PEX_RUNDOWN_REF_CACHE_AWARE aware;
    volatile BOOLEAN down;
};

static VOID NTAPI run_down(PVOID context)
{
    struct rundown *rundown = context;
    ExWaitForRundownProtectionRelease(&rundown->reference);
    rundown->down = TRUE;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void check_rundown(void)
{
    struct rundown *rundown = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*rundown), TAG);
    ExInitializeRundownProtection(&rundown->reference);
    rundown->down = FALSE;
    CHECK(ExAcquireRundownProtection(&rundown->reference));
    CHECK(ExAcquireRundownProtectionEx(&rundown->reference, 3));
    PKTHREAD thread = start_thread(run_down, rundown);
    while (ExAcquireRundownProtection(&rundown->reference)) {
        ExReleaseRundownProtection(&rundown->reference);
        sleep_a_moment();
    }
    CHECK(!rundown->down);
    ExReleaseRundownProtection(&rundown->reference);
    sleep_a_moment();
    CHECK(!rundown->down);
    ExReleaseRundownProtectionEx(&rundown->reference, 3);
    join(thread);
    CHECK(rundown->down && !ExAcquireRundownProtection(&rundown->reference));
    ExWaitForRundownProtectionRelease(&rundown->reference); /* at once */
    ExReInitializeRundownProtection(&rundown->reference);
    CHECK(ExAcquireRundownProtection(&rundown->reference));
    ExFreePoolWithTag(rundown, TAG);
    PEX_RUNDOWN_REF_CACHE_AWARE aware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, TAG);
    CHECK(aware && ExAcquireRundownProtectionCacheAware(aware));
    ExReleaseRundownProtectionCacheAware(aware);
    ExWaitForRundownProtectionReleaseCacheAware(aware);
    CHECK(!ExAcquireRundownProtectionCacheAware(aware));
    ExFreeCacheAwareRundownProtection(aware);
}
