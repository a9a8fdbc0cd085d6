/*
 * A lock for what one thread, its owner, nearly always uses alone. The owner takes it and lets go
 * of it by plain stores; who else wants it has Linux run a barrier on all the process's threads
 * (membarrier, about a microsecond), and the owner takes it as any lock from then on, until it has
 * been alone for a while. Where Linux has no such barrier it always is an ordinary lock.
 *
 * As struct linux_lock: a leaf, held for a few instructions, not recursive.
 */
#ifndef SYSBUF_HOST_LINUX_OWN_LOCK_H
#define SYSBUF_HOST_LINUX_OWN_LOCK_H

#include "host/linux/linux.h"

struct linux_own_lock {
    struct linux_lock lock; /* the others', and the owner's while it is shared */
    uint32_t owner_inside;  /* without the lock; atomic */
    uint32_t shared;        /* atomic; changed under the lock */
    uint32_t alone;         /* the owner's turns since another's; under the lock */
};

/* Before first use; nothing is to be freed. */
void linux_own_lock_initialize(struct linux_own_lock *lock);

/* For the two below. */
void linux_own_lock_shared(struct linux_own_lock *lock);
void linux_own_lock_other(struct linux_own_lock *lock);

/* is_owner: the calling thread is the one thread for which this is ever said. */
static inline void linux_own_lock(struct linux_own_lock *lock, bool is_owner)
{
    if (__builtin_expect(!is_owner, 0)) {
        linux_own_lock_other(lock);
        return;
    }
    __atomic_store_n(&lock->owner_inside, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the others' barrier makes it one between threads */
    if (__builtin_expect(__atomic_load_n(&lock->shared, __ATOMIC_ACQUIRE) != 0, 0))
        linux_own_lock_shared(lock);
}

static inline void linux_own_unlock(struct linux_own_lock *lock, bool is_owner)
{
    if (__builtin_expect(is_owner && lock->owner_inside, 1))
        __atomic_store_n(&lock->owner_inside, 0, __ATOMIC_RELEASE);
    else
        linux_unlock(&lock->lock);
}

#endif
