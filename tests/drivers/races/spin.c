/* Loops that meet nobody: one is ended by another thread, in time, one never. */
#include "races.h"

struct state {
    volatile LONG go;
};

static void initialize(void *context)
{
}

/* Fixed: ends once the other side has said so, although nothing is called in between. */
static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    struct state *state = context;
    switch (code) {
    case RACES_FIRST:
        while (!state->go || !race_is_fixed(state))
            YieldProcessor();
        return STATUS_SUCCESS;
    case RACES_SECOND:
        state->go = 1;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

const struct race race_spin = {L"Spin", sizeof(struct state), initialize, control, NULL};
