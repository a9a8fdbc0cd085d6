#include "host/ke/schedule.h"

BOOLEAN schedule_block(PKTHREAD thread, int64_t deadline)
{
    struct machine *machine = current_machine();
    const struct verifier_hooks *verifier = machine->verifier;
    int64_t until = deadline;
    while (__atomic_load_n(&thread->wake_word, __ATOMIC_ACQUIRE) == 0) {
        schedule_point(machine);
        if (deadline != LINUX_FOREVER && linux_monotonic_time() >= deadline)
            return FALSE;
        if (SB_UNLIKELY(verifier) && verifier->block_until)
            until = verifier->block_until(deadline);
        linux_park(&thread->wake_word, 0, until);
    }
    schedule_point(machine);
    return TRUE;
}

void schedule_wake(PKTHREAD thread)
{
    __atomic_store_n(&thread->wake_word, 1, __ATOMIC_RELEASE);
    linux_wake(&thread->wake_word, 1);
}

void schedule_spin(ULONG *turns)
{
    struct machine *machine = current_machine();
    schedule_point(machine);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->look_at_time)
        machine->verifier->look_at_time();
    if (++*turns % 64 == 0)
        linux_yield();
    else
        __builtin_ia32_pause();
}
