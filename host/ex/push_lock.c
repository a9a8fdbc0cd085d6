/*
 * Push locks: one word. Bit 0: held exclusively; bit 1: the word is being edited (a spin lock over
 * it); bit 2: threads wait. Above them the number of shared holders, or, while threads wait, the
 * first waiter, on its own stack, which keeps that number. Waiters are served in order.
 */
#include "host/ex/ex.h"

typedef volatile ULONG_PTR push_lock;

enum { EXCLUSIVE = 1, EDITING = 2, WAITING = 4, SHARE = 16 };

struct waiter {
    struct waiter *next, *last; /* last: in the first waiter only */
    ULONG_PTR shares;           /* in the first waiter only */
    BOOLEAN exclusive;
    KEVENT granted;
} __attribute__((aligned(16)));

struct state {
    BOOLEAN exclusive;
    ULONG_PTR shares;
    struct waiter *first;
};

static struct state edit(push_lock *lock)
{
    ULONG turns = 0;
    ULONG_PTR word = __atomic_load_n(lock, __ATOMIC_RELAXED);
    for (;;) {
        if (word & EDITING) {
            schedule_spin(&turns);
            word = __atomic_load_n(lock, __ATOMIC_RELAXED);
        } else if (__atomic_compare_exchange_n(lock, &word, word | EDITING, false, __ATOMIC_ACQUIRE,
                                               __ATOMIC_RELAXED)) {
            break;
        }
    }
    struct state state = {.exclusive = (word & EXCLUSIVE) != 0};
    if (word & WAITING)
        state.first = (struct waiter *)(word & ~(ULONG_PTR)(SHARE - 1));
    state.shares = state.first ? state.first->shares : word / SHARE;
    return state;
}

static void commit(push_lock *lock, struct state state)
{
    ULONG_PTR word = state.exclusive ? EXCLUSIVE : 0;
    if (state.first) {
        state.first->shares = state.shares;
        word |= (ULONG_PTR)state.first | WAITING;
    } else {
        word |= state.shares * SHARE;
    }
    __atomic_store_n(lock, word, __ATOMIC_RELEASE);
}

static void enqueue(struct state *state, struct waiter *waiter)
{
    waiter->next = NULL;
    if (state->first)
        state->first->last->next = waiter;
    else
        state->first = waiter;
    state->first->last = waiter;
}

static struct waiter *dequeue(struct state *state)
{
    struct waiter *waiter = state->first;
    state->first = waiter->next;
    if (state->first)
        state->first->last = waiter->last;
    return waiter;
}

static BOOLEAN take(struct state *state, BOOLEAN exclusive)
{
    if (state->exclusive || (exclusive && state->shares))
        return FALSE;
    if (exclusive)
        state->exclusive = TRUE;
    else
        state->shares++;
    return TRUE;
}

static void acquire(push_lock *lock, BOOLEAN exclusive)
{
    struct waiter waiter = {.exclusive = exclusive};
    schedule_choice(current_machine());
    struct state state = edit(lock);
    BOOLEAN taken = !state.first && take(&state, exclusive);
    if (!taken) {
        KeInitializeEvent(&waiter.granted, SynchronizationEvent, FALSE);
        enqueue(&state, &waiter);
    }
    commit(lock, state);
    if (!taken)
        KeWaitForSingleObject(&waiter.granted, WrPushLock, KernelMode, FALSE, NULL);
}

static BOOLEAN try_to_acquire(push_lock *lock, BOOLEAN exclusive)
{
    schedule_choice(current_machine());
    struct state state = edit(lock);
    BOOLEAN taken = !state.first && take(&state, exclusive);
    commit(lock, state);
    return taken;
}

/* Hands the lock to as many waiters as can hold it together. */
static void release(push_lock *lock)
{
    struct waiter *granted = NULL, **last = &granted;
    struct state state = edit(lock);
    if (state.exclusive)
        state.exclusive = FALSE;
    else if (state.shares)
        state.shares--;
    while (state.first && take(&state, state.first->exclusive)) {
        *last = dequeue(&state);
        last = &(*last)->next;
    }
    *last = NULL;
    commit(lock, state);
    while (granted) {
        struct waiter *next = granted->next;
        KeSetEvent(&granted->granted, IO_NO_INCREMENT, FALSE);
        granted = next;
    }
    schedule_choice(current_machine());
}

#undef ExInitializePushLock
VOID FASTCALL nt_ExInitializePushLock(push_lock *lock)
{
    *lock = 0;
}
SB_EXPORT_AS("ExInitializePushLock", nt_ExInitializePushLock)

VOID NTAPI nt_acquire_exclusive(push_lock *lock, ULONG flags)
{
    acquire(lock, TRUE);
}
SB_EXPORT_AS("ExAcquirePushLockExclusiveEx", nt_acquire_exclusive)
SB_EXPORT_AS("ExfAcquirePushLockExclusive", nt_acquire_exclusive)

VOID NTAPI nt_acquire_shared(push_lock *lock, ULONG flags)
{
    acquire(lock, FALSE);
}
SB_EXPORT_AS("ExAcquirePushLockSharedEx", nt_acquire_shared)
SB_EXPORT_AS("ExfAcquirePushLockShared", nt_acquire_shared)

BOOLEAN NTAPI nt_try_acquire_exclusive(push_lock *lock, ULONG flags)
{
    return try_to_acquire(lock, TRUE);
}
SB_EXPORT_AS("ExTryAcquirePushLockExclusiveEx", nt_try_acquire_exclusive)

BOOLEAN NTAPI nt_try_acquire_shared(push_lock *lock, ULONG flags)
{
    return try_to_acquire(lock, FALSE);
}
SB_EXPORT_AS("ExTryAcquirePushLockSharedEx", nt_try_acquire_shared)
SB_EXPORT_AS("ExfTryAcquirePushLockShared", nt_try_acquire_shared)

VOID NTAPI nt_release(push_lock *lock, ULONG flags)
{
    release(lock);
}
SB_EXPORT_AS("ExReleasePushLockExclusiveEx", nt_release)
SB_EXPORT_AS("ExReleasePushLockSharedEx", nt_release)
SB_EXPORT_AS("ExReleasePushLockEx", nt_release)
SB_EXPORT_AS("ExfReleasePushLock", nt_release)
SB_EXPORT_AS("ExfReleasePushLockExclusive", nt_release)
SB_EXPORT_AS("ExfReleasePushLockShared", nt_release)
