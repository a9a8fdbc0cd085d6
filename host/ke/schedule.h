/*
 * The one way the host's NT threads block, wake and reach points where another thread might run.
 * Everything that spins, waits or signals goes through here, so that a deterministic explorer can
 * take over the order of execution. No host lock is held at any of them.
 */
#ifndef SYSBUF_HOST_SCHEDULE_H
#define SYSBUF_HOST_SCHEDULE_H

#include "host/ke/ke.h"

/* Parks the current thread until schedule_wake or the monotonic deadline (ns). TRUE when woken.
 * Leaves the machine when it stops. */
BOOLEAN schedule_block(PKTHREAD thread, int64_t deadline);
/* Arms the thread before it makes itself visible to wakers. */
static inline void schedule_prepare(PKTHREAD thread)
{
    __atomic_store_n(&thread->wake_word, 0, __ATOMIC_RELAXED);
}
/* Any thread, any IRQL; may be called with the dispatcher lock held. */
void schedule_wake(PKTHREAD thread);
/* One turn of a spin loop: pauses, yields now and then, leaves a stopped machine. */
void schedule_spin(ULONG *turns);
/* A point where a thread may leave a stopped machine: locks, IRQL changes, signals. */
static inline void schedule_point(struct machine *machine)
{
    if (SB_UNLIKELY(!machine_is_running(machine)))
        ke_leave_stopped_machine();
}

#endif
