/*
 * Timers and the machine's clock thread. Armed timers stand in ke_state.timers by due time
 * (interrupt time, 100 ns); the clock thread sleeps until the first is due, signals it and runs its
 * DPC at DISPATCH_LEVEL. Dispatcher lock.
 */
#include "host/ke/schedule.h"
#include "host/ps/ps.h"

int64_t ke_interrupt_time(struct machine *machine)
{
    return (linux_monotonic_time() - machine->ke->boot_time) / 100;
}

int64_t ke_deadline(struct machine *machine, PLARGE_INTEGER timeout)
{
    if (!timeout)
        return LINUX_FOREVER;
    int64_t ticks = timeout->QuadPart;
    ticks = ticks < 0 ? -ticks : ticks - linux_system_time();
    const int64_t longest = INT64_MAX / 400;
    if (ticks <= 0 && ticks != INT64_MIN)
        return 1; /* in the past */
    return linux_monotonic_time() + (ticks > longest || ticks < 0 ? longest : ticks) * 100;
}

VOID NTAPI KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type)
{
    ke_header_initialize(&timer->Header,
                         type == SynchronizationTimer ? DISPATCHER_SYNCHRONIZATION_TIMER
                                                      : DISPATCHER_NOTIFICATION_TIMER,
                         sizeof(*timer), 0);
    timer->Header.Inserted = 0;
    timer->DueTime.QuadPart = 0;
    timer->Period = 0;
    timer->Dpc = NULL;
}
SB_EXPORT(KeInitializeTimerEx)

VOID NTAPI KeInitializeTimer(PKTIMER timer)
{
    KeInitializeTimerEx(timer, NotificationTimer);
}
SB_EXPORT(KeInitializeTimer)

static void clock_poke(struct ke_state *ke)
{
    __atomic_add_fetch(&ke->clock_word, 1, __ATOMIC_RELEASE);
    linux_wake(&ke->clock_word, 1);
}

/* Dispatcher lock held. TRUE when the timer became the first to expire. */
static BOOLEAN insert(struct ke_state *ke, PKTIMER timer, int64_t due)
{
    PLIST_ENTRY link = ke->timers.Blink;
    while (link != &ke->timers &&
           (int64_t)CONTAINING_RECORD(link, KTIMER, TimerListEntry)->DueTime.QuadPart > due)
        link = link->Blink;
    timer->DueTime.QuadPart = (ULONGLONG)due;
    timer->Header.Inserted = 1;
    InsertHeadList(link, &timer->TimerListEntry);
    return ke->timers.Flink == &timer->TimerListEntry;
}

static BOOLEAN withdraw(PKTIMER timer)
{
    if (!timer->Header.Inserted)
        return FALSE;
    RemoveEntryList(&timer->TimerListEntry);
    timer->Header.Inserted = 0;
    return TRUE;
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due_time, LONG period, PKDPC dpc)
{
    struct machine *machine = current_machine();
    int64_t relative = due_time.QuadPart < 0 ? -due_time.QuadPart
                                             : due_time.QuadPart - linux_system_time();
    if (relative < 0)
        relative = 0;
    ke_dispatcher_lock(machine);
    BOOLEAN was_set = withdraw(timer);
    timer->Header.SignalState = 0;
    timer->Period = (ULONG)period;
    timer->Dpc = dpc;
    if (insert(machine->ke, timer, ke_interrupt_time(machine) + relative))
        clock_poke(machine->ke);
    ke_dispatcher_unlock(machine);
    return was_set;
}
SB_EXPORT(KeSetTimerEx)

BOOLEAN NTAPI KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc)
{
    return KeSetTimerEx(timer, due_time, 0, dpc);
}
SB_EXPORT(KeSetTimer)

BOOLEAN NTAPI KeCancelTimer(PKTIMER timer)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    BOOLEAN was_set = withdraw(timer);
    ke_dispatcher_unlock(machine);
    return was_set;
}
SB_EXPORT(KeCancelTimer)

BOOLEAN NTAPI KeReadStateTimer(PKTIMER timer)
{
    return __atomic_load_n(&timer->Header.SignalState, __ATOMIC_ACQUIRE) != 0;
}
SB_EXPORT(KeReadStateTimer)

/* Signals the first timer if it is due and returns its DPC; *next is when to look again. */
static BOOLEAN expire_one(struct machine *machine, PKDPC *dpc, int64_t *next)
{
    struct ke_state *ke = machine->ke;
    BOOLEAN expired = FALSE;
    *next = LINUX_FOREVER;
    ke_dispatcher_lock(machine);
    if (!IsListEmpty(&ke->timers)) {
        PKTIMER timer = CONTAINING_RECORD(ke->timers.Flink, KTIMER, TimerListEntry);
        int64_t due = (int64_t)timer->DueTime.QuadPart;
        expired = due <= ke_interrupt_time(machine);
        *next = ke->boot_time + due * 100;
        if (expired) {
            withdraw(timer);
            *dpc = timer->Dpc;
            timer->Header.SignalState = 1;
            ke_signal_waiters(&timer->Header);
            if (timer->Period)
                insert(ke, timer, due + (int64_t)timer->Period * 10000);
        }
    }
    ke_dispatcher_unlock(machine);
    return expired;
}

static VOID NTAPI clock_main(PVOID context)
{
    struct machine *machine = context;
    struct ke_state *ke = machine->ke;
    current_kpcr()->irql = DISPATCH_LEVEL;
    for (;;) {
        uint32_t word = __atomic_load_n(&ke->clock_word, __ATOMIC_ACQUIRE);
        PKDPC dpc = NULL;
        int64_t next;
        schedule_point(machine);
        if (!expire_one(machine, &dpc, &next)) {
            linux_park(&ke->clock_word, word, next);
            continue;
        }
        if (dpc) {
            KeInsertQueueDpc(dpc, NULL, NULL);
            ke_drain_dpcs(&current_thread()->Tcb);
        }
    }
}

NTSTATUS ke_start_clock(struct machine *machine)
{
    return ps_system_thread_start(machine, clock_main, machine, &machine->ke->clock_thread);
}

NTSTATUS ke_initialize(struct machine *machine)
{
    struct ke_state *ke = linux_allocate(sizeof(*ke));
    if (!ke)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&ke->timers);
    ke->boot_time = linux_monotonic_time();
    ke->boot_system_time = linux_system_time();
    machine->ke = ke;
    return STATUS_SUCCESS;
}

void ke_destroy(struct machine *machine)
{
    linux_free(machine->ke);
    machine->ke = NULL;
}
