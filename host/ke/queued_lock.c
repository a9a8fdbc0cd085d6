/*
 * In-stack queued spin locks: the lock word points to the last in a queue of handles, each on its
 * owner's stack; who releases hands on to the next, so that they are served in order. The lowest
 * bit of a handle's Lock is set while it waits, the second while its thread sleeps over it: on a
 * busy machine the next in order may get no processor for long, when it only yields.
 */
#include "host/ke/schedule.h"

#define WAITS  ((ULONG_PTR)1)
#define SLEEPS ((ULONG_PTR)2)

enum { SPINS = 60, LONGEST_SLEEP = 10000000 /* ns */ };

/* The kernel compares the half of Lock that has the bits. */
static uint32_t *sleep_word(PKSPIN_LOCK_QUEUE self)
{
    return (uint32_t *)&self->Lock;
}

static void await_turn(PKSPIN_LOCK_QUEUE self, ULONG_PTR state, ULONG *turns)
{
    ULONG_PTR asleep = state | SLEEPS;
    if (*turns >= SPINS && !current_machine()->scheduler &&
        __atomic_compare_exchange_n((ULONG_PTR *)&self->Lock, &state, asleep, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        linux_park(sleep_word(self), (uint32_t)asleep, linux_monotonic_time() + LONGEST_SLEEP);
    state = (ULONG_PTR)__atomic_load_n(&self->Lock, __ATOMIC_RELAXED);
    if (state & WAITS)
        schedule_spin_on(&self->Lock, (uint32_t)state, turns);
}

/* Once it has the lock, the next one's handle may be gone: waking nobody there does no harm. */
static void hand_on(PKSPIN_LOCK_QUEUE next, PKSPIN_LOCK lock)
{
    uint32_t *word = sleep_word(next);
    if ((ULONG_PTR)__atomic_exchange_n(&next->Lock, lock, __ATOMIC_ACQ_REL) & SLEEPS)
        linux_wake(word, 1);
}

static void acquire(PKSPIN_LOCK lock, PKSPIN_LOCK_QUEUE self)
{
    ULONG turns = 0;
    ULONG_PTR state;
    schedule_choice(current_machine());
    self->Next = NULL;
    __atomic_store_n(&self->Lock, (PKSPIN_LOCK)((ULONG_PTR)lock | WAITS), __ATOMIC_RELAXED);
    PKSPIN_LOCK_QUEUE last =
        (PKSPIN_LOCK_QUEUE)__atomic_exchange_n(lock, (ULONG_PTR)self, __ATOMIC_ACQ_REL);
    if (last) {
        __atomic_store_n(&last->Next, self, __ATOMIC_RELEASE);
        while ((state = (ULONG_PTR)__atomic_load_n(&self->Lock, __ATOMIC_ACQUIRE)) & WAITS)
            await_turn(self, state, &turns);
    } else {
        __atomic_store_n(&self->Lock, lock, __ATOMIC_RELAXED);
    }
}

static void release(PKSPIN_LOCK_QUEUE self)
{
    PKSPIN_LOCK lock = self->Lock;
    ULONG_PTR last = (ULONG_PTR)self;
    ULONG turns = 0;
    PKSPIN_LOCK_QUEUE next = __atomic_load_n(&self->Next, __ATOMIC_ACQUIRE);
    if (!next &&
        __atomic_compare_exchange_n(lock, &last, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return;
    while (!next) { /* it has joined the queue and is about to say so */
        schedule_spin(&turns);
        next = __atomic_load_n(&self->Next, __ATOMIC_ACQUIRE);
    }
    hand_on(next, lock);
}

VOID FASTCALL KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    handle->OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock, &handle->LockQueue);
}
SB_EXPORT(KeAcquireInStackQueuedSpinLock)

VOID FASTCALL nt_KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK lock,
                                                            PKLOCK_QUEUE_HANDLE handle)
{
    handle->OldIrql = KeRaiseIrqlToSynchLevel();
    acquire(lock, &handle->LockQueue);
}
SB_EXPORT_AS("KeAcquireInStackQueuedSpinLockRaiseToSynch",
             nt_KeAcquireInStackQueuedSpinLockRaiseToSynch)

VOID FASTCALL KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
    release(&handle->LockQueue);
    KeLowerIrql(handle->OldIrql);
}
SB_EXPORT(KeReleaseInStackQueuedSpinLock)

VOID FASTCALL KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    acquire(lock, &handle->LockQueue);
}
SB_EXPORT(KeAcquireInStackQueuedSpinLockAtDpcLevel)

VOID FASTCALL KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
    release(&handle->LockQueue);
    schedule_choice(current_machine());
}
SB_EXPORT(KeReleaseInStackQueuedSpinLockFromDpcLevel)

/* For threaded DPCs, which run at PASSIVE_LEVEL or at DISPATCH_LEVEL. */
VOID FASTCALL KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    handle->OldIrql = KeGetCurrentIrql();
    if (handle->OldIrql < DISPATCH_LEVEL)
        KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock, &handle->LockQueue);
}
SB_EXPORT(KeAcquireInStackQueuedSpinLockForDpc)

VOID FASTCALL KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE handle)
{
    release(&handle->LockQueue);
    if (handle->OldIrql != KeGetCurrentIrql())
        KeLowerIrql(handle->OldIrql);
    else
        schedule_choice(current_machine());
}
SB_EXPORT(KeReleaseInStackQueuedSpinLockForDpc)
