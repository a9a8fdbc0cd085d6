/*
 * Timers and the machine's clock thread. Armed timers stand in ke_state.timers by due time
 * (interrupt time, 100 ns); the clock thread sleeps until the first is due, signals it and runs its
 * DPC at DISPATCH_LEVEL. Dispatcher lock.
 */
#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"
#include "host/ps/ps.h"

/* 2026-01-01: when a scheduled machine is made. */
#define SCHEDULED_EPOCH 134115264000000000ll

int64_t ke_monotonic_time(struct machine *machine)
{
    return SB_UNLIKELY(machine->scheduler) ? scheduler_now(machine) : linux_monotonic_time();
}

int64_t ke_system_time(struct machine *machine)
{
    return SB_UNLIKELY(machine->scheduler) ? SCHEDULED_EPOCH + scheduler_now(machine) / 100
                                           : linux_system_time();
}

int64_t ke_interrupt_time(struct machine *machine)
{
    return (ke_monotonic_time(machine) - machine->ke->boot_time) / 100;
}

int64_t ke_deadline(struct machine *machine, PLARGE_INTEGER timeout)
{
    if (!timeout)
        return LINUX_FOREVER;
    int64_t ticks = timeout->QuadPart;
    ticks = ticks < 0 ? -ticks : ticks - ke_system_time(machine);
    const int64_t longest = INT64_MAX / 400;
    if (ticks <= 0 && ticks != INT64_MIN)
        return 1; /* in the past */
    return ke_monotonic_time(machine) + (ticks > longest || ticks < 0 ? longest : ticks) * 100;
}

VOID NTAPI KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type)
{
    ke_header_initialize(&timer->Header,
                         type == SynchronizationTimer ? DISPATCHER_SYNCHRONIZATION_TIMER
                                                      : DISPATCHER_NOTIFICATION_TIMER,
                         0, 0); /* where other objects have their size is a part of its due time */
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

/* When the clock thread must look again. Dispatcher lock held. */
static int64_t next_expiry(const struct ke_state *ke)
{
    if (IsListEmpty(&ke->timers))
        return LINUX_FOREVER;
    int64_t due =
        (int64_t)CONTAINING_RECORD(ke->timers.Flink, KTIMER, TimerListEntry)->DueTime.QuadPart;
    return due < INT64_MAX / 200 ? ke->boot_time + due * 100 : LINUX_FOREVER;
}

/* The first timer is another one. Under a scheduler the clock thread need not run to learn it. */
static void clock_poke(struct machine *machine)
{
    struct ke_state *ke = machine->ke;
    if (SB_UNLIKELY(machine->scheduler)) {
        scheduler_move_deadline(machine, ke->clock_thread, next_expiry(ke));
        return;
    }
    __atomic_add_fetch(&ke->clock_word, 1, __ATOMIC_RELEASE);
    linux_wake(&ke->clock_word, 1);
}

/* Dispatcher lock held. */
static void insert(struct ke_state *ke, PKTIMER timer, int64_t due)
{
    PLIST_ENTRY link = ke->timers.Blink;
    while (link != &ke->timers &&
           (int64_t)CONTAINING_RECORD(link, KTIMER, TimerListEntry)->DueTime.QuadPart > due)
        link = link->Blink;
    timer->DueTime.QuadPart = (ULONGLONG)due;
    timer->Header.Inserted = 1;
    InsertHeadList(link, &timer->TimerListEntry);
}

static BOOLEAN withdraw(PKTIMER timer)
{
    if (!timer->Header.Inserted)
        return FALSE;
    RemoveEntryList(&timer->TimerListEntry);
    timer->Header.Inserted = 0;
    return TRUE;
}

BOOLEAN ke_timer_withdraw(struct machine *machine, PKTIMER timer)
{
    BOOLEAN was_set = FALSE;
    ke_dispatcher_lock(machine);
    for (PLIST_ENTRY link = machine->ke->timers.Flink; link != &machine->ke->timers && !was_set;
         link = link->Flink)
        was_set = CONTAINING_RECORD(link, KTIMER, TimerListEntry) == timer && withdraw(timer);
    ke_dispatcher_unlock(machine);
    return was_set;
}

static void enqueue_dpc(struct machine *machine, PKDPC dpc)
{
    LARGE_INTEGER now = {.QuadPart = ke_system_time(machine)};
    ke_queue_dpc(dpc, ULongToPtr(now.LowPart), LongToPtr(now.HighPart));
}

/* A timer that is in no queue reaches its time. Dispatcher lock held. The DPC is queued before the
 * lock is let go: whoever cancels the timer in vain and then flushes DPCs must wait for it. */
static void expire(struct machine *machine, PKTIMER timer, int64_t due)
{
    int64_t now = ke_interrupt_time(machine), next = due + (int64_t)timer->Period * 10000;
    timer->Header.SignalState = 1;
    ke_signal_waiters(&timer->Header);
    if (timer->Period) /* times that were missed altogether are not made up for */
        insert(machine->ke, timer, next > now ? next : now + (int64_t)timer->Period * 10000);
    if (timer->Dpc)
        enqueue_dpc(machine, timer->Dpc);
}

static BOOLEAN set(PKTIMER timer, LARGE_INTEGER due_time, ULONG period, PKDPC dpc)
{
    struct machine *machine = current_machine();
    int64_t now = ke_interrupt_time(machine);
    int64_t relative =
        due_time.QuadPart < 0 ? -due_time.QuadPart : due_time.QuadPart - ke_system_time(machine);
    ke_dispatcher_lock(machine);
    BOOLEAN was_set = withdraw(timer);
    timer->Header.SignalState = 0;
    timer->Period = period;
    timer->Dpc = dpc;
    if (relative <= 0 && relative != INT64_MIN)
        expire(machine, timer, now);
    else
        insert(machine->ke, timer,
               relative < INT64_MAX - now && relative > 0 ? now + relative : INT64_MAX);
    if (machine->ke->timers.Flink == &timer->TimerListEntry || SB_UNLIKELY(machine->scheduler))
        clock_poke(machine);
    ke_dispatcher_unlock(machine);
    ke_poll_soft_interrupts();
    schedule_choice(machine);
    return was_set;
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due_time, LONG period, PKDPC dpc)
{
    return set(timer, due_time, (ULONG)period, dpc);
}
SB_EXPORT(KeSetTimerEx)

/* Delay is tolerated, not asked for: it expires in time. */
BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due_time, ULONG period,
                                    ULONG tolerable_delay, PKDPC dpc)
{
    return set(timer, due_time, period, dpc);
}
SB_EXPORT(KeSetCoalescableTimer)

BOOLEAN NTAPI KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc)
{
    return KeSetTimerEx(timer, due_time, 0, dpc);
}
SB_EXPORT(KeSetTimer)

BOOLEAN NTAPI KeCancelTimer(PKTIMER timer)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    ke_dispatcher_lock(machine);
    BOOLEAN was_set = withdraw(timer);
    if (SB_UNLIKELY(machine->scheduler))
        clock_poke(machine);
    ke_dispatcher_unlock(machine);
    return was_set;
}
SB_EXPORT(KeCancelTimer)

BOOLEAN NTAPI KeReadStateTimer(PKTIMER timer)
{
    return __atomic_load_n(&timer->Header.SignalState, __ATOMIC_ACQUIRE) != 0;
}
SB_EXPORT(KeReadStateTimer)

/* Expires the first timer if it is due; *next is when to look again. */
static BOOLEAN expire_first(struct machine *machine, int64_t *next)
{
    struct ke_state *ke = machine->ke;
    BOOLEAN expired = FALSE;
    ke_dispatcher_lock(machine);
    *next = next_expiry(ke);
    if (!IsListEmpty(&ke->timers)) {
        PKTIMER timer = CONTAINING_RECORD(ke->timers.Flink, KTIMER, TimerListEntry);
        int64_t due = (int64_t)timer->DueTime.QuadPart;
        expired = due <= ke_interrupt_time(machine);
        if (expired) {
            withdraw(timer);
            expire(machine, timer, due);
        }
    }
    ke_dispatcher_unlock(machine);
    return expired;
}

static VOID NTAPI clock_main(PVOID context)
{
    struct machine *machine = context;
    struct ke_state *ke = machine->ke;
    PKTHREAD thread = &current_thread()->Tcb;
    ke_set_processor(current_kpcr(), 0);
    current_kpcr()->irql = DISPATCH_LEVEL;
    for (;;) {
        uint32_t word = __atomic_load_n(&ke->clock_word, __ATOMIC_ACQUIRE);
        int64_t next;
        schedule_point(machine);
        if (expire_first(machine, &next))
            ke_drain_dpcs(thread);
        else
            schedule_park(machine, &ke->clock_word, word, next);
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
    InitializeListHead(&ke->dpc_flushers);
    InitializeListHead(&ke->bug_check_callbacks);
    InitializeListHead(&ke->bug_check_reason_callbacks);
    InitializeListHead(&ke->nmi_callbacks);
    InitializeListHead(&ke->processor_callbacks);
    for (ULONG i = 0; i < MOST_PROCESSORS; i++) {
        ke->processors[i].number = i;
        InitializeListHead(&ke->processors[i].dpcs);
        InitializeListHead(&ke->processors[i].threaded_dpcs);
    }
    machine->data_exports->debugger_not_present = TRUE;
    machine->data_exports->number_processors = (int8_t)machine->processors;
    ke->boot_time = ke_monotonic_time(machine);
    ke->boot_system_time = ke_system_time(machine);
    machine->ke = ke;
    return STATUS_SUCCESS;
}

SB_EXPORT_DATA("KeNumberProcessors", number_processors)

void ke_destroy(struct machine *machine)
{
    linux_free(machine->ke);
    machine->ke = NULL;
}
