/* Two locks, taken in one order here and in the other there. */
#include "races.h"

struct state {
    KSPIN_LOCK one, other;
    ULONG moved;
};

static void initialize(void *context)
{
    struct state *state = context;
    KeInitializeSpinLock(&state->one);
    KeInitializeSpinLock(&state->other);
}

static void move(struct state *state, PKSPIN_LOCK first, PKSPIN_LOCK second)
{
    KIRQL irql;
    KeAcquireSpinLock(first, &irql);
    KeAcquireSpinLockAtDpcLevel(second);
    state->moved++;
    KeReleaseSpinLockFromDpcLevel(second);
    KeReleaseSpinLock(first, irql);
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    struct state *state = context;
    switch (code) {
    case RACES_FIRST:
        move(state, &state->one, &state->other);
        return STATUS_SUCCESS;
    case RACES_SECOND:
        if (race_is_fixed(state))
            move(state, &state->one, &state->other);
        else
            move(state, &state->other, &state->one);
        return STATUS_SUCCESS;
    case RACES_COUNT:
        *count = state->moved;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

const struct race race_lock_order = {L"LockOrder", sizeof(struct state), initialize, control, NULL};
