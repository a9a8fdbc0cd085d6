#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/linux/own_lock.h"

enum { ALONE_AGAIN = 1000 }; /* turns of the owner after which nobody else is expected */

static pthread_once_t barrier_once = PTHREAD_ONCE_INIT;
static bool has_barrier;

/* ThreadSanitizer knows locks, but not what such a barrier promises. */
static void barrier_register(void)
{
#ifndef __SANITIZE_THREAD__
    has_barrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

void linux_own_lock_initialize(struct linux_own_lock *lock)
{
    pthread_once(&barrier_once, barrier_register);
    *lock = (struct linux_own_lock){.shared = !has_barrier};
}

void linux_own_lock_shared(struct linux_own_lock *lock)
{
    __atomic_store_n(&lock->owner_inside, 0, __ATOMIC_RELEASE);
    linux_lock(&lock->lock);
    if (has_barrier && ++lock->alone >= ALONE_AGAIN)
        __atomic_store_n(&lock->shared, 0, __ATOMIC_RELAXED);
}

/* After the barrier the owner either has been seen inside or sees that the lock is shared. */
void linux_own_lock_other(struct linux_own_lock *lock)
{
    linux_lock(&lock->lock);
    lock->alone = 0;
    if (__atomic_load_n(&lock->shared, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&lock->shared, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    while (__atomic_load_n(&lock->owner_inside, __ATOMIC_ACQUIRE))
        linux_yield();
}
