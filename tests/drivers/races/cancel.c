/* A waiting request is completed without its cancel routine taken away first: cancelled at the same
 * time it is completed twice. */
#include "races.h"

struct state {
    KSPIN_LOCK lock;
    PIRP waiting;
};

static void initialize(void *context)
{
    struct state *state = context;
    KeInitializeSpinLock(&state->lock);
}

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    struct state *state = irp->Tail.Overlay.DriverContext[0];
    KIRQL irql;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&state->lock, &irql);
    if (state->waiting == irp)
        state->waiting = NULL;
    KeReleaseSpinLock(&state->lock, irql);
    race_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS wait(struct state *state, PIRP irp)
{
    KIRQL irql;
    irp->Tail.Overlay.DriverContext[0] = state;
    KeAcquireSpinLock(&state->lock, &irql);
    IoSetCancelRoutine(irp, cancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        KeReleaseSpinLock(&state->lock, irql);
        return STATUS_CANCELLED;
    }
    IoMarkIrpPending(irp);
    state->waiting = irp;
    KeReleaseSpinLock(&state->lock, irql);
    return STATUS_PENDING;
}

static NTSTATUS finish(struct state *state)
{
    KIRQL irql;
    KeAcquireSpinLock(&state->lock, &irql);
    PIRP irp = state->waiting;
    state->waiting = NULL;
    if (irp && race_is_fixed(state) && !IoSetCancelRoutine(irp, NULL))
        irp = NULL; /* it is being cancelled: the cancel routine's */
    KeReleaseSpinLock(&state->lock, irql);
    if (!irp)
        return STATUS_NOT_FOUND;
    race_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    switch (code) {
    case RACES_MAKE:
        return wait(context, irp);
    case RACES_FIRST:
        return finish(context);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

const struct race race_cancel = {L"Cancel", sizeof(struct state), initialize, control, NULL};
