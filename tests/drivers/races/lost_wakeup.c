/* Who waits looks whether there is something, then clears the event: what was signalled in between
 * is lost. */
#include "races.h"

struct state {
    KEVENT event;
    volatile LONG ready;
};

static void initialize(void *context)
{
    struct state *state = context;
    KeInitializeEvent(&state->event, NotificationEvent, FALSE);
}

static void take(struct state *state)
{
    for (;;) {
        if (race_is_fixed(state))
            KeClearEvent(&state->event);
        if (InterlockedExchange(&state->ready, 0))
            return;
        if (!race_is_fixed(state))
            KeClearEvent(&state->event);
        KeWaitForSingleObject(&state->event, Executive, KernelMode, FALSE, NULL);
    }
}

static void give(struct state *state)
{
    InterlockedExchange(&state->ready, 1);
    KeSetEvent(&state->event, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    switch (code) {
    case RACES_FIRST:
        take(context);
        return STATUS_SUCCESS;
    case RACES_SECOND:
        give(context);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

const struct race race_lost_wakeup = {L"LostWakeup", sizeof(struct state), initialize, control,
                                      NULL};
