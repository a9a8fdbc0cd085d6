#include "host/ke/schedule.h"

BOOLEAN schedule_block(PKTHREAD thread, int64_t deadline)
{
    struct machine *machine = current_machine();
    while (__atomic_load_n(&thread->wake_word, __ATOMIC_ACQUIRE) == 0) {
        schedule_point(machine);
        if (deadline != LINUX_FOREVER && linux_monotonic_time() >= deadline)
            return FALSE;
        linux_park(&thread->wake_word, 0, deadline);
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
    schedule_point(current_machine());
    if (++*turns % 64 == 0)
        linux_yield();
    else
        __builtin_ia32_pause();
}
