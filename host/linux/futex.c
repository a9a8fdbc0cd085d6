/* Sleeping and the slow paths of linux_lock. */
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/linux/linux.h"

void linux_park(uint32_t *word, uint32_t expected, int64_t deadline)
{
    struct timespec until = {deadline / 1000000000, deadline % 1000000000};
    struct timespec *limit = deadline == LINUX_FOREVER ? NULL : &until;
    if (deadline <= 0)
        return;
    /* FUTEX_WAIT_BITSET takes an absolute monotonic time. */
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

void linux_wake(uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}

void linux_lock_slow(struct linux_lock *lock)
{
    for (int spin = 0; spin < 100; spin++) {
        uint32_t free = 0;
        if (__atomic_load_n(&lock->state, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&lock->state, &free, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return;
        __builtin_ia32_pause();
    }
    while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
        linux_park(&lock->state, 2, LINUX_FOREVER);
}

void linux_unlock_slow(struct linux_lock *lock)
{
    linux_wake(&lock->state, 1);
}

void linux_yield(void)
{
    sched_yield();
}
