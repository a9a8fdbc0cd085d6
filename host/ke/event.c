#include "host/ke/schedule.h"

VOID NTAPI KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    ke_header_initialize(&event->Header, (enum dispatcher_type)type, sizeof(*event), state);
}
SB_EXPORT(KeInitializeEvent)

/* KeReadStateEvent looks without the lock: who sees an event set sees what was done before. */
static void set_state(PRKEVENT event, LONG state)
{
    __atomic_store_n(&event->Header.SignalState, state, __ATOMIC_RELEASE);
}

LONG NTAPI KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    ke_dispatcher_lock(machine);
    LONG before = event->Header.SignalState;
    set_state(event, 1);
    if (SB_UNLIKELY(wait))
        ke_wait_next(&current_thread()->Tcb, &event->Header);
    else
        ke_signal_waiters(&event->Header);
    ke_dispatcher_unlock(machine);
    if (!wait)
        schedule_choice(machine);
    return before;
}
SB_EXPORT(KeSetEvent)

LONG NTAPI KePulseEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    ke_dispatcher_lock(machine);
    LONG before = event->Header.SignalState;
    set_state(event, 1);
    ke_signal_waiters(&event->Header);
    set_state(event, 0);
    ke_dispatcher_unlock(machine);
    schedule_choice(machine);
    return before;
}
SB_EXPORT(KePulseEvent)

LONG NTAPI KeResetEvent(PRKEVENT event)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    ke_dispatcher_lock(machine);
    LONG before = event->Header.SignalState;
    set_state(event, 0);
    ke_dispatcher_unlock(machine);
    return before;
}
SB_EXPORT(KeResetEvent)

VOID NTAPI KeClearEvent(PRKEVENT event)
{
    KeResetEvent(event);
}
SB_EXPORT(KeClearEvent)

LONG NTAPI KeReadStateEvent(PRKEVENT event)
{
    schedule_choice(current_machine());
    return __atomic_load_n(&event->Header.SignalState, __ATOMIC_ACQUIRE);
}
SB_EXPORT(KeReadStateEvent)
