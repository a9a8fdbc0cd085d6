/* A session is looked up under the lock but used after it: it may have been freed meanwhile. */
#include "races.h"

enum { SESSION_TAG = 0x73736553 };

struct session {
    ULONG marker;
};

struct state {
    KSPIN_LOCK lock;
    struct session *session;
};

static void initialize(void *context)
{
    struct state *state = context;
    KeInitializeSpinLock(&state->lock);
}

static NTSTATUS make(struct state *state)
{
    struct session *session = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*session), SESSION_TAG);
    if (!session)
        return STATUS_INSUFFICIENT_RESOURCES;
    session->marker = RACE_ALIVE;
    state->session = session;
    return STATUS_SUCCESS;
}

static NTSTATUS use(struct state *state)
{
    KIRQL irql;
    KeAcquireSpinLock(&state->lock, &irql);
    struct session *session = state->session;
    if (session && race_is_fixed(state))
        race_require_alive(session->marker);
    KeReleaseSpinLock(&state->lock, irql);
    if (session && !race_is_fixed(state))
        race_require_alive(*(volatile ULONG *)&session->marker);
    return session ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

static void drop(struct state *state)
{
    KIRQL irql;
    KeAcquireSpinLock(&state->lock, &irql);
    struct session *session = state->session;
    state->session = NULL;
    KeReleaseSpinLock(&state->lock, irql);
    if (!session)
        return;
    *(volatile ULONG *)&session->marker = 0;
    ExFreePoolWithTag(session, SESSION_TAG);
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    switch (code) {
    case RACES_MAKE:
        return make(context);
    case RACES_FIRST:
        return use(context);
    case RACES_SECOND:
        drop(context);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static void unload(void *context)
{
    drop(context);
}

const struct race race_shared_pointer = {L"SharedPointer", sizeof(struct state), initialize,
                                         control, unload};
