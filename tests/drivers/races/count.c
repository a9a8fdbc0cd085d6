/* A count that is read, and written later: another's change in between is lost. */
#include "races.h"

enum { COUNT_TAG = 0x746E7543 };

struct state {
    volatile LONG count;
};

static void initialize(void *context)
{
}

static NTSTATUS add(struct state *state)
{
    LONG before = state->count;
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, COUNT_TAG);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (race_is_fixed(state))
        InterlockedIncrement(&state->count);
    else
        state->count = before + 1;
    ExFreePoolWithTag(block, COUNT_TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    struct state *state = context;
    switch (code) {
    case RACES_FIRST:
    case RACES_SECOND:
        return add(state);
    case RACES_COUNT:
        *count = (ULONG)state->count;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

const struct race race_count = {L"Count", sizeof(struct state), initialize, control, NULL};
