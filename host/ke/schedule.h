/*
 * The one way the host's NT threads block, wake and reach points where another thread might run.
 * Everything that spins, waits or signals goes through here, so that the deterministic scheduler
 * (scheduler.h) can take over the order of execution. No host lock is held at any of them.
 */
#ifndef SYSBUF_HOST_SCHEDULE_H
#define SYSBUF_HOST_SCHEDULE_H

#include "host/ke/ke.h"

/* Parks the current thread until schedule_wake or the deadline (ke_monotonic_time). TRUE when
 * woken. Leaves the machine when it stops. */
BOOLEAN schedule_block(PKTHREAD thread, int64_t deadline);
/* Arms the thread before it makes itself visible to wakers. */
static inline void schedule_prepare(PKTHREAD thread)
{
    __atomic_store_n(&thread->wake_word, 0, __ATOMIC_RELAXED);
}
/* Any thread, any IRQL; may be called with the dispatcher lock held. */
void schedule_wake(PKTHREAD thread);
/* The same for a word that is no thread's: until *word is not expected, or the deadline. May return
 * early. */
void schedule_park(struct machine *machine, uint32_t *word, uint32_t expected, int64_t deadline);
/* One turn of a spin loop: pauses, yields now and then, leaves a stopped machine. */
void schedule_spin(ULONG *turns);
/* The same for a loop that waits until the word, which was observed to have this value, changes. */
void schedule_spin_on(const volatile void *word, uint32_t observed, ULONG *turns);
/* Lets others run for a moment. */
void schedule_yield(struct machine *machine);
/* The thread does nothing for so long (ns) but stays on its processor. */
void schedule_stall(struct machine *machine, int64_t duration);

void schedule_point_slow(struct machine *machine);
/* A point where a thread may leave a stopped machine: locks, IRQL changes, signals. */
static inline void schedule_point(struct machine *machine)
{
    if (SB_UNLIKELY(__atomic_load_n(&machine->state, __ATOMIC_ACQUIRE) != MACHINE_RUNNING))
        schedule_point_slow(machine);
}

void schedule_choice_slow(struct machine *machine);
/* A point where only the scheduler may do something: whoever calls it comes back. */
static inline void schedule_choice(struct machine *machine)
{
    if (SB_UNLIKELY(__atomic_load_n(&machine->state, __ATOMIC_RELAXED) != MACHINE_RUNNING))
        schedule_choice_slow(machine);
}

#endif
