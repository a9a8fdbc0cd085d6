/* Unloading waits for an event that a thread sets, not for the thread: it may still run code of the
 * driver when the image goes. */
#include "races.h"

struct state {
    KEVENT done;
    PVOID thread;
};

static void initialize(void *context)
{
    struct state *state = context;
    KeInitializeEvent(&state->done, NotificationEvent, FALSE);
}

static VOID NTAPI work(PVOID context)
{
    struct state *state = context;
    KeSetEvent(&state->done, IO_NO_INCREMENT, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS start(struct state *state)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    if (state->thread)
        return STATUS_DEVICE_BUSY;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, work, state);
    if (!NT_SUCCESS(status))
        return status;
    ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &state->thread, NULL);
    ZwClose(handle);
    return STATUS_SUCCESS;
}

static NTSTATUS control(void *context, PIRP irp, ULONG code, ULONG *count)
{
    return code == RACES_MAKE ? start(context) : STATUS_INVALID_DEVICE_REQUEST;
}

static void unload(void *context)
{
    struct state *state = context;
    if (!state->thread)
        return;
    PVOID until = race_is_fixed(state) ? state->thread : &state->done;
    KeWaitForSingleObject(until, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(state->thread);
}

const struct race race_thread_end = {L"ThreadEnd", sizeof(struct state), initialize, control,
                                     unload};
