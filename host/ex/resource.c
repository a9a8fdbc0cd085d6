/*
 * ERESOURCE: reader-writer locks with owners. The structure is the driver's; its SpinLock guards
 * it. A thread that must wait queues a waiter on its own stack; whoever releases hands ownership
 * over before waking it.
 *
 * Fields as Windows uses them: ActiveCount is the number of owners, Flag has
 * ResourceOwnedExclusive, OwnerEntry is the exclusive or the first shared owner, OwnerTable (entry
 * 0 holds its size) the other shared ones. ExclusiveWaiters and SharedWaiters head our queues.
 */
#include "host/ex/ex.h"
#include "host/mm/mm.h"

enum { TABLE_TAG = 0x61546552, FIRST_TABLE_SIZE = 4 };

struct waiter {
    struct waiter *next;
    ERESOURCE_THREAD owner;
    KEVENT granted;
};

static ERESOURCE_THREAD current_owner(void)
{
    return (ERESOURCE_THREAD)current_thread();
}

static BOOLEAN is_exclusive(const ERESOURCE *resource)
{
    return (resource->Flag & ResourceOwnedExclusive) != 0;
}

/* ---- owners; the spin lock is held ---- */
static POWNER_ENTRY find_owner(PERESOURCE resource, ERESOURCE_THREAD owner)
{
    if (resource->OwnerEntry.OwnerThread == owner)
        return &resource->OwnerEntry;
    ULONG size = resource->OwnerTable ? resource->OwnerTable[0].TableSize : 0;
    for (ULONG i = 1; i < size; i++)
        if (resource->OwnerTable[i].OwnerThread == owner)
            return &resource->OwnerTable[i];
    return NULL;
}

/* Makes sure that every present owner, every waiter and one more find an entry. */
static BOOLEAN reserve_entries(PERESOURCE resource)
{
    ULONG needed = (ULONG)resource->ActiveCount + resource->NumberOfSharedWaiters + 2;
    ULONG size = resource->OwnerTable ? resource->OwnerTable[0].TableSize : 0;
    if (resource->ActiveCount == 0 || needed <= size)
        return TRUE;
    ULONG grown = needed < FIRST_TABLE_SIZE ? FIRST_TABLE_SIZE : needed * 2;
    POWNER_ENTRY table =
        mm_pool_allocate_zero(current_machine(), grown * sizeof(*table), TABLE_TAG);
    if (!table)
        return FALSE;
    if (resource->OwnerTable) {
        __builtin_memcpy(table, resource->OwnerTable, size * sizeof(*table));
        mm_pool_free(current_machine(), resource->OwnerTable);
    }
    table[0].TableSize = grown;
    resource->OwnerTable = table;
    return TRUE;
}

static void add_owner(PERESOURCE resource, ERESOURCE_THREAD owner)
{
    POWNER_ENTRY entry = find_owner(resource, owner);
    if (entry) {
        entry->OwnerCount++;
        return;
    }
    entry = find_owner(resource, 0);
    entry->OwnerThread = owner;
    entry->OwnerCount = 1;
    resource->ActiveCount++;
}

static void make_exclusive(PERESOURCE resource, ERESOURCE_THREAD owner)
{
    resource->Flag |= ResourceOwnedExclusive;
    resource->OwnerEntry.OwnerThread = owner;
    resource->OwnerEntry.OwnerCount = 1;
    resource->ActiveCount = 1;
}

/* ---- queues ---- */
static void enqueue(struct waiter **head, struct waiter *waiter)
{
    while (*head)
        head = &(*head)->next;
    waiter->next = NULL;
    *head = waiter;
}

static struct waiter **exclusive_queue(PERESOURCE resource)
{
    return (struct waiter **)&resource->ExclusiveWaiters;
}

static struct waiter **shared_queue(PERESOURCE resource)
{
    return (struct waiter **)&resource->SharedWaiters;
}

/* All shared waiters become owners; returns them, to be woken when the lock is free. */
static struct waiter *grant_shared(PERESOURCE resource)
{
    struct waiter *granted = *shared_queue(resource);
    *shared_queue(resource) = NULL;
    resource->NumberOfSharedWaiters = 0;
    for (struct waiter *waiter = granted; waiter; waiter = waiter->next)
        add_owner(resource, waiter->owner);
    return granted;
}

static struct waiter *grant_exclusive(PERESOURCE resource)
{
    struct waiter *granted = *exclusive_queue(resource);
    if (!granted)
        return NULL;
    *exclusive_queue(resource) = granted->next;
    granted->next = NULL;
    resource->NumberOfExclusiveWaiters--;
    make_exclusive(resource, granted->owner);
    return granted;
}

static void wake(struct waiter *granted)
{
    while (granted) {
        struct waiter *next = granted->next; /* the waiter's stack is gone once it is woken */
        KeSetEvent(&granted->granted, IO_NO_INCREMENT, FALSE);
        granted = next;
    }
}

/* Releases the spin lock and waits for the grant. */
static void wait_in(PERESOURCE resource, struct waiter **queue)
{
    struct waiter waiter = {.owner = current_owner()};
    KeInitializeEvent(&waiter.granted, SynchronizationEvent, FALSE);
    enqueue(queue, &waiter);
    resource->ContentionCount++;
    ex_spin_release(&resource->SpinLock);
    KeWaitForSingleObject(&waiter.granted, WrResource, KernelMode, FALSE, NULL);
}

/* ---- life ---- */
NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE resource)
{
    RtlZeroMemory(resource, sizeof(*resource));
    InitializeListHead(&resource->SystemResourcesList);
    return STATUS_SUCCESS;
}
SB_EXPORT(ExInitializeResourceLite)

static void free_table(PERESOURCE resource)
{
    if (resource->OwnerTable)
        mm_pool_free(current_machine(), resource->OwnerTable);
    resource->OwnerTable = NULL;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE resource)
{
    free_table(resource);
    return STATUS_SUCCESS;
}
SB_EXPORT(ExDeleteResourceLite)

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE resource)
{
    free_table(resource);
    return ExInitializeResourceLite(resource);
}
SB_EXPORT(ExReinitializeResourceLite)

/* ---- acquiring ---- */
BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait)
{
    ERESOURCE_THREAD owner = current_owner();
    ex_spin_acquire(&resource->SpinLock);
    BOOLEAN acquired = TRUE;
    if (resource->ActiveCount == 0) {
        make_exclusive(resource, owner);
    } else if (is_exclusive(resource) && resource->OwnerEntry.OwnerThread == owner) {
        resource->OwnerEntry.OwnerCount++;
    } else if (wait) {
        resource->NumberOfExclusiveWaiters++;
        wait_in(resource, exclusive_queue(resource));
        return TRUE;
    } else {
        acquired = FALSE;
    }
    ex_spin_release(&resource->SpinLock);
    return acquired;
}
SB_EXPORT(ExAcquireResourceExclusiveLite)

BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE resource)
{
    return ExAcquireResourceExclusiveLite(resource, FALSE);
}
SB_EXPORT(ExTryToAcquireResourceExclusiveLite)

/* What decides whether a shared request passes waiting writers. */
enum shared_policy {
    SHARED,                    /* only an owner passes them */
    SHARED_STARVE_EXCLUSIVE,   /* everyone does */
    SHARED_WAIT_FOR_EXCLUSIVE, /* nobody does */
};

static BOOLEAN may_share(PERESOURCE resource, ERESOURCE_THREAD owner, enum shared_policy policy)
{
    if (resource->ActiveCount == 0)
        return TRUE;
    if (is_exclusive(resource))
        return resource->OwnerEntry.OwnerThread == owner;
    if (resource->NumberOfExclusiveWaiters == 0 || policy == SHARED_STARVE_EXCLUSIVE)
        return TRUE;
    return policy == SHARED && find_owner(resource, owner) != NULL;
}

static BOOLEAN acquire_shared(PERESOURCE resource, BOOLEAN wait, enum shared_policy policy)
{
    ERESOURCE_THREAD owner = current_owner();
    LARGE_INTEGER moment = {.QuadPart = -10000};
    ex_spin_acquire(&resource->SpinLock);
    while (!reserve_entries(resource)) {
        ex_spin_release(&resource->SpinLock);
        if (!wait)
            return FALSE;
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
        ex_spin_acquire(&resource->SpinLock);
    }
    BOOLEAN acquired = may_share(resource, owner, policy);
    if (acquired) {
        add_owner(resource, owner);
    } else if (wait) {
        resource->NumberOfSharedWaiters++;
        wait_in(resource, shared_queue(resource));
        return TRUE;
    }
    ex_spin_release(&resource->SpinLock);
    return acquired;
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait)
{
    return acquire_shared(resource, wait, SHARED);
}
SB_EXPORT(ExAcquireResourceSharedLite)

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE resource, BOOLEAN wait)
{
    return acquire_shared(resource, wait, SHARED_STARVE_EXCLUSIVE);
}
SB_EXPORT(ExAcquireSharedStarveExclusive)

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE resource, BOOLEAN wait)
{
    return acquire_shared(resource, wait, SHARED_WAIT_FOR_EXCLUSIVE);
}
SB_EXPORT(ExAcquireSharedWaitForExclusive)

/* ---- releasing ---- */
static void release(PERESOURCE resource, ERESOURCE_THREAD owner)
{
    struct waiter *granted = NULL;
    ex_spin_acquire(&resource->SpinLock);
    POWNER_ENTRY entry = resource->ActiveCount ? find_owner(resource, owner) : NULL;
    if (!entry) {
        ex_spin_release(&resource->SpinLock);
        KeBugCheckEx(RESOURCE_NOT_OWNED, (ULONG_PTR)resource, owner,
                     (ULONG_PTR)resource->OwnerTable, 2);
    }
    if (--entry->OwnerCount == 0) {
        BOOLEAN was_exclusive = is_exclusive(resource);
        entry->OwnerThread = 0;
        resource->Flag &= ~ResourceOwnedExclusive;
        resource->ActiveCount--;
        if (was_exclusive)
            granted = grant_shared(resource);
        if (resource->ActiveCount == 0)
            granted = grant_exclusive(resource);
        if (resource->ActiveCount == 0) /* those who waited for waiting writers */
            granted = grant_shared(resource);
    }
    ex_spin_release(&resource->SpinLock);
    wake(granted);
}

#undef ExReleaseResourceLite
VOID FASTCALL ExReleaseResourceLite(PERESOURCE resource)
{
    release(resource, current_owner());
}
SB_EXPORT(ExReleaseResourceLite)

VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE resource, ERESOURCE_THREAD owner)
{
    release(resource, owner);
}
SB_EXPORT(ExReleaseResourceForThreadLite)

VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE resource)
{
    ex_spin_acquire(&resource->SpinLock);
    if (!is_exclusive(resource) || resource->OwnerEntry.OwnerThread != current_owner()) {
        ex_spin_release(&resource->SpinLock);
        KeBugCheckEx(RESOURCE_NOT_OWNED, (ULONG_PTR)resource, current_owner(),
                     (ULONG_PTR)resource->OwnerTable, 3);
    }
    resource->Flag &= ~ResourceOwnedExclusive;
    struct waiter *granted = grant_shared(resource);
    ex_spin_release(&resource->SpinLock);
    wake(granted);
}
SB_EXPORT(ExConvertExclusiveToSharedLite)

/* From now on the caller's ownership belongs to pointer (its two low bits set, as documented). */
static void set_owner(PERESOURCE resource, ERESOURCE_THREAD pointer)
{
    ex_spin_acquire(&resource->SpinLock);
    POWNER_ENTRY entry = resource->ActiveCount ? find_owner(resource, current_owner()) : NULL;
    POWNER_ENTRY other = entry ? find_owner(resource, pointer) : NULL;
    if (entry && other && other != entry) {
        other->OwnerCount += entry->OwnerCount;
        entry->OwnerThread = 0;
        entry->OwnerCount = 0;
        resource->ActiveCount--;
    } else if (entry) {
        entry->OwnerThread = pointer;
    }
    ex_spin_release(&resource->SpinLock);
    if (!entry)
        KeBugCheckEx(RESOURCE_NOT_OWNED, (ULONG_PTR)resource, current_owner(),
                     (ULONG_PTR)resource->OwnerTable, 3);
}

VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE resource, PVOID pointer)
{
    set_owner(resource, (ERESOURCE_THREAD)pointer);
}
SB_EXPORT(ExSetResourceOwnerPointer)

VOID NTAPI ExSetResourceOwnerPointerEx(PERESOURCE resource, PVOID pointer, ULONG flags)
{
    set_owner(resource, (ERESOURCE_THREAD)pointer);
}
SB_EXPORT(ExSetResourceOwnerPointerEx)

/* ---- questions ---- */
BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE resource)
{
    ex_spin_acquire(&resource->SpinLock);
    BOOLEAN owned = is_exclusive(resource) && resource->OwnerEntry.OwnerThread == current_owner();
    ex_spin_release(&resource->SpinLock);
    return owned;
}
SB_EXPORT(ExIsResourceAcquiredExclusiveLite)

/* How often the calling thread holds it, shared or exclusive. */
ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE resource)
{
    ex_spin_acquire(&resource->SpinLock);
    POWNER_ENTRY entry = resource->ActiveCount ? find_owner(resource, current_owner()) : NULL;
    ULONG count = entry ? entry->OwnerCount : 0;
    ex_spin_release(&resource->SpinLock);
    return count;
}
SB_EXPORT(ExIsResourceAcquiredSharedLite)

static ULONG read_count(PERESOURCE resource, const ULONG *count)
{
    ex_spin_acquire(&resource->SpinLock);
    ULONG value = *count;
    ex_spin_release(&resource->SpinLock);
    return value;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE resource)
{
    return read_count(resource, &resource->NumberOfExclusiveWaiters);
}
SB_EXPORT(ExGetExclusiveWaiterCount)

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE resource)
{
    return read_count(resource, &resource->NumberOfSharedWaiters);
}
SB_EXPORT(ExGetSharedWaiterCount)

/* Priorities do not decide who runs here, so that no owner is ever boosted. */
VOID NTAPI ExDisableResourceBoostLite(PERESOURCE resource)
{
}
SB_EXPORT(ExDisableResourceBoostLite)

/* ---- together with a critical region; the result is what a Win32 thread had, NULL here ---- */
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(resource, TRUE);
    return NULL;
}
SB_EXPORT(ExEnterCriticalRegionAndAcquireResourceExclusive)

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE resource)
{
    KeEnterCriticalRegion();
    acquire_shared(resource, TRUE, SHARED);
    return NULL;
}
SB_EXPORT(ExEnterCriticalRegionAndAcquireResourceShared)

PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE resource)
{
    KeEnterCriticalRegion();
    acquire_shared(resource, TRUE, SHARED_WAIT_FOR_EXCLUSIVE);
    return NULL;
}
SB_EXPORT(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive)

VOID FASTCALL ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE resource)
{
    release(resource, current_owner());
    KeLeaveCriticalRegion();
}
SB_EXPORT(ExReleaseResourceAndLeaveCriticalRegion)
