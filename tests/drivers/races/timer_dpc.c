/* Unloading cancels the timer and frees what its DPC uses; the DPC may be under way by then. */
#include "races.h"

enum { WORK_TAG = 0x6B726F57 };

struct work {
    ULONG marker;
    ULONG ticks;
};

struct state {
    KTIMER timer;
    KDPC dpc;
    KSPIN_LOCK lock;
    struct work *work;
};

static VOID NTAPI tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct state *state = context;
    struct work *work = state->work;
    KeAcquireSpinLockAtDpcLevel(&state->lock);
    race_require_alive(*(volatile ULONG *)&work->marker);
    work->ticks++;
    KeReleaseSpinLockFromDpcLevel(&state->lock);
}

static void initialize(void *context)
{
    struct state *state = context;
    KeInitializeTimer(&state->timer);
    KeInitializeDpc(&state->dpc, tick, state);
    KeInitializeSpinLock(&state->lock);
}

static NTSTATUS start(struct state *state)
{
    LARGE_INTEGER due = {.QuadPart = -100000}; /* 10 ms */
    if (state->work)
        return STATUS_DEVICE_BUSY;
    struct work *work = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*work), WORK_TAG);
    if (!work)
        return STATUS_INSUFFICIENT_RESOURCES;
    work->marker = RACE_ALIVE;
    work->ticks = 0;
    state->work = work;
    KeSetTimer(&state->timer, due, &state->dpc);
    return STATUS_SUCCESS;
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    return code == RACES_MAKE ? start(context) : STATUS_INVALID_DEVICE_REQUEST;
}

static void unload(void *context)
{
    struct state *state = context;
    if (!state->work)
        return;
    KeCancelTimer(&state->timer);
    if (race_is_fixed(state))
        KeFlushQueuedDpcs();
    *(volatile ULONG *)&state->work->marker = 0;
    ExFreePoolWithTag(state->work, WORK_TAG);
}

const struct race race_timer_dpc = {L"TimerDpc", sizeof(struct state), initialize, control, unload};
