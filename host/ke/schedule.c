#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"

BOOLEAN schedule_block(PKTHREAD thread, int64_t deadline)
{
    struct machine *machine = current_machine();
    const struct verifier_hooks *verifier = machine->verifier;
    int64_t until = deadline;
    while (__atomic_load_n(&thread->wake_word, __ATOMIC_ACQUIRE) == 0) {
        if (SB_UNLIKELY(!machine_is_running(machine)))
            ke_leave_stopped_machine();
        if (deadline != LINUX_FOREVER && ke_monotonic_time(machine) >= deadline)
            return FALSE;
        if (SB_UNLIKELY(verifier) && verifier->block_until)
            until = verifier->block_until(deadline);
        schedule_park(machine, &thread->wake_word, 0, until);
    }
    if (SB_UNLIKELY(!machine_is_running(machine)))
        ke_leave_stopped_machine();
    return TRUE;
}

void schedule_wake(PKTHREAD thread)
{
    __atomic_store_n(&thread->wake_word, 1, __ATOMIC_RELEASE);
    if (SB_LIKELY(!CONTAINING_RECORD(thread, struct _ETHREAD, Tcb)->machine->scheduler))
        linux_wake(&thread->wake_word, 1);
}

void schedule_park(struct machine *machine, uint32_t *word, uint32_t expected, int64_t deadline)
{
    if (SB_UNLIKELY(machine->scheduler))
        scheduler_wait(machine, word, expected, deadline);
    else
        linux_park(word, expected, deadline);
}

static void leave_if_stopped(struct machine *machine)
{
    if (SB_UNLIKELY(!machine_is_running(machine)))
        ke_leave_stopped_machine();
}

static void pause(ULONG *turns)
{
    const struct verifier_hooks *verifier = current_machine()->verifier;
    if (SB_UNLIKELY(verifier) && verifier->look_at_time)
        verifier->look_at_time();
    if (++*turns % 64 == 0)
        linux_yield();
    else
        __builtin_ia32_pause();
}

void schedule_spin(ULONG *turns)
{
    struct machine *machine = current_machine();
    leave_if_stopped(machine);
    if (SB_UNLIKELY(machine->scheduler))
        scheduler_spin(machine);
    else
        pause(turns);
}

void schedule_spin_on(const volatile void *word, uint32_t observed, ULONG *turns)
{
    struct machine *machine = current_machine();
    leave_if_stopped(machine);
    if (SB_UNLIKELY(machine->scheduler))
        scheduler_spin_on(machine, word, observed);
    else
        pause(turns);
}

void schedule_yield(struct machine *machine)
{
    if (SB_UNLIKELY(machine->scheduler))
        scheduler_pause(machine, 1);
    else
        linux_yield();
}

void schedule_stall(struct machine *machine, int64_t duration)
{
    int64_t end = linux_monotonic_time() + duration;
    if (SB_UNLIKELY(machine->scheduler)) {
        scheduler_pause(machine, duration);
        schedule_point(machine);
        return;
    }
    while (linux_monotonic_time() < end)
        schedule_point(machine);
}

void schedule_point_slow(struct machine *machine)
{
    leave_if_stopped(machine);
    scheduler_point(machine);
    leave_if_stopped(machine);
}

void schedule_choice_slow(struct machine *machine)
{
    if (machine->scheduler && machine_is_running(machine))
        scheduler_point(machine);
}
