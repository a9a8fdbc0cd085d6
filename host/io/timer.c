/*
 * IoInitializeTimer and its kin: a device's routine called once a second at DISPATCH_LEVEL. One
 * KTIMER with one DPC serves all of a machine's devices, started with the first enabled one.
 */
#include "host/io/io.h"
#include "host/ke/ke.h"

enum { ONE_SECOND = -10000000, PERIOD_MS = 1000 };

struct _IO_TIMER {
    LIST_ENTRY link; /* io_state.timers */
    PDEVICE_OBJECT device;
    PIO_TIMER_ROUTINE routine;
    PVOID context;
    BOOLEAN enabled;
};

struct io_timer_clock {
    KTIMER timer;
    KDPC dpc;
    BOOLEAN runs;
};

/* The index-th enabled timer, copied, its device referenced. */
static BOOLEAN copy_enabled(struct io_state *io, ULONG index, struct _IO_TIMER *copy)
{
    BOOLEAN found = FALSE;
    linux_lock(&io->timer_lock);
    for (PLIST_ENTRY link = io->timers.Flink; link != &io->timers && !found; link = link->Flink) {
        struct _IO_TIMER *timer = CONTAINING_RECORD(link, struct _IO_TIMER, link);
        if (!timer->enabled || index-- > 0)
            continue;
        *copy = *timer;
        ob_reference(copy->device);
        found = TRUE;
    }
    linux_unlock(&io->timer_lock);
    return found;
}

static VOID NTAPI tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct _IO_TIMER timer;
    for (ULONG i = 0; copy_enabled(context, i, &timer); i++) {
        timer.routine(timer.device, timer.context);
        ob_dereference(timer.device);
    }
}

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT device, PIO_TIMER_ROUTINE routine, PVOID context)
{
    struct io_state *io = current_machine()->io;
    struct _IO_TIMER *timer = device->Timer;
    if (!timer) {
        timer = linux_allocate(sizeof(*timer));
        if (!timer)
            return STATUS_INSUFFICIENT_RESOURCES;
        timer->device = device;
    }
    linux_lock(&io->timer_lock);
    timer->routine = routine;
    timer->context = context;
    if (!device->Timer) {
        InsertTailList(&io->timers, &timer->link);
        device->Timer = timer;
    }
    linux_unlock(&io->timer_lock);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoInitializeTimer)

static BOOLEAN enable(PDEVICE_OBJECT device, BOOLEAN enabled)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->timer_lock);
    BOOLEAN known = device->Timer != NULL;
    if (known)
        device->Timer->enabled = enabled;
    BOOLEAN starts = known && enabled && !io->timer_clock->runs;
    if (starts)
        io->timer_clock->runs = TRUE;
    linux_unlock(&io->timer_lock);
    return starts;
}

VOID NTAPI IoStartTimer(PDEVICE_OBJECT device)
{
    struct io_timer_clock *clock = current_machine()->io->timer_clock;
    LARGE_INTEGER due = {.QuadPart = ONE_SECOND};
    if (enable(device, TRUE))
        KeSetTimerEx(&clock->timer, due, PERIOD_MS, &clock->dpc);
}
SB_EXPORT(IoStartTimer)

VOID NTAPI IoStopTimer(PDEVICE_OBJECT device)
{
    enable(device, FALSE);
}
SB_EXPORT(IoStopTimer)

NTSTATUS io_timer_initialize(struct machine *machine)
{
    struct io_timer_clock *clock = linux_allocate(sizeof(*clock));
    if (!clock)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeTimer(&clock->timer);
    KeInitializeDpc(&clock->dpc, tick, machine->io);
    machine->io->timer_clock = clock;
    return STATUS_SUCCESS;
}

void io_forget_device(PDEVICE_OBJECT device)
{
    struct io_state *io = object_header_of(device)->machine->io;
    linux_lock(&io->timer_lock);
    struct _IO_TIMER *timer = device->Timer;
    if (timer)
        RemoveEntryList(&timer->link);
    device->Timer = NULL;
    linux_unlock(&io->timer_lock);
    linux_free(timer);
    IoUnregisterShutdownNotification(device);
}
