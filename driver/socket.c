/*
 * The socket channel's start and stop, and the thread that gets connections: by listening, one
 * thread more for each connection; or by connecting, and serving what it got itself.
 */
#include "socket_internal.h"

/* How long WSK may take to be there, and between two attempts to connect; milliseconds. */
#define WSK_TIMEOUT   10000
#define RETRY_TIMEOUT 1000

struct session {
    struct sb_socket_channel_state *channel;
    struct sb_transport transport;
    PVOID thread; /* referenced; NULL: the place is free */
};

static NTSTATUS start_thread(PKSTART_ROUTINE routine, void *context, PVOID *thread)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, routine, context);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, thread, NULL);
    if (!NT_SUCCESS(status)) /* it cannot be otherwise, and then the thread must not run on */
        ZwWaitForSingleObject(handle, FALSE, NULL);
    ZwClose(handle);
    return status;
}

/* The thread runs none of the driver's code any more once this has returned. */
static void join_thread(PVOID *thread)
{
    KeWaitForSingleObject(*thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(*thread);
    *thread = NULL;
}

static KSTART_ROUTINE session_main;
static VOID NTAPI session_main(PVOID context)
{
    struct session *session = context;

    sb_socket_serve(session->channel, &session->transport);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A place that is free, or whose thread has ended. NULL: there is none. */
static struct session *find_place(struct session *sessions, ULONG count)
{
    LARGE_INTEGER at_once;
    ULONG index;

    at_once.QuadPart = 0;
    for (index = 0; index < count; index++) {
        struct session *session = &sessions[index];

        if (session->thread != NULL && KeWaitForSingleObject(session->thread, Executive, KernelMode,
                                                             FALSE, &at_once) == STATUS_SUCCESS)
            join_thread(&session->thread);
        if (session->thread == NULL)
            return session;
    }
    return NULL;
}

/* The accepted socket is dealt with, whatever happens. */
static void begin_session(struct sb_socket_channel_state *channel, struct session *sessions,
                          PWSK_SOCKET accepted)
{
    struct session *session = find_place(sessions, channel->settings.connection_limit);
    struct sb_transport unwelcome;

    if (session == NULL) {
        if (NT_SUCCESS(sb_transport_open(&unwelcome, &channel->npi, &channel->stopping, accepted)))
            sb_socket_turn_away(channel, &unwelcome);
        return;
    }
    session->channel = channel;
    if (!NT_SUCCESS(
            sb_transport_open(&session->transport, &channel->npi, &channel->stopping, accepted)))
        return;
    if (!NT_SUCCESS(start_thread(session_main, session, &session->thread)))
        sb_transport_close(&session->transport);
}

static BOOLEAN pause(struct sb_socket_channel_state *channel, ULONG milliseconds)
{
    LARGE_INTEGER timeout;

    timeout.QuadPart = -(LONGLONG)milliseconds * 10000;
    return KeWaitForSingleObject(&channel->stopping, Executive, KernelMode, FALSE, &timeout) ==
           STATUS_TIMEOUT;
}

static void accept_connections(struct sb_socket_channel_state *channel, struct session *sessions)
{
    PWSK_SOCKET accepted;
    NTSTATUS status;

    do {
        status = sb_transport_accept(&channel->listener, &accepted);
        if (NT_SUCCESS(status))
            begin_session(channel, sessions, accepted);
        else if (status != STATUS_CANCELLED) /* out of memory, or a peer that has gone */
            pause(channel, 100);
    } while (KeReadStateEvent(&channel->stopping) == 0);
}

static KSTART_ROUTINE listener_main;
static VOID NTAPI listener_main(PVOID context)
{
    struct sb_socket_channel_state *channel = context;
    ULONG count = channel->settings.connection_limit;
    struct session *sessions = sb_allocate(channel->driver, count * sizeof(*sessions));
    ULONG index;

    if (sessions != NULL) {
        RtlZeroMemory(sessions, count * sizeof(*sessions));
        accept_connections(channel, sessions);
        for (index = 0; index < count; index++)
            if (sessions[index].thread != NULL)
                join_thread(&sessions[index].thread);
        sb_free(channel->driver, sessions);
    }
    sb_transport_close(&channel->listener);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static KSTART_ROUTINE connector_main;
static VOID NTAPI connector_main(PVOID context)
{
    struct sb_socket_channel_state *channel = context;
    struct sb_transport transport;
    NTSTATUS status;

    do {
        status = sb_transport_open(&transport, &channel->npi, &channel->stopping, NULL);
        if (!NT_SUCCESS(status))
            continue;
        status = sb_transport_connect(&transport, &channel->settings.address,
                                      sb_deadline(channel->settings.timeout));
        if (NT_SUCCESS(status))
            sb_socket_serve(channel, &transport);
        else
            sb_transport_close(&transport);
    } while (pause(channel, RETRY_TIMEOUT));
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static const WSK_CLIENT_DISPATCH client_dispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};

static NTSTATUS attach(struct sb_socket_channel_state *channel)
{
    WSK_CLIENT_NPI client = {NULL, &client_dispatch};
    NTSTATUS status;

    status = WskRegister(&client, &channel->registration);
    if (!NT_SUCCESS(status))
        return status;
    status = WskCaptureProviderNPI(&channel->registration, WSK_TIMEOUT, &channel->npi);
    if (!NT_SUCCESS(status))
        WskDeregister(&channel->registration);
    return status;
}

static void detach(struct sb_socket_channel_state *channel)
{
    WskReleaseProviderNPI(&channel->registration);
    WskDeregister(&channel->registration);
}

/* A port that is taken is found out here, while the driver can still refuse to start. */
static NTSTATUS begin(struct sb_socket_channel_state *channel)
{
    NTSTATUS status;

    if (channel->settings.connects)
        return start_thread(connector_main, channel, &channel->thread);
    status = sb_transport_open(&channel->listener, &channel->npi, &channel->stopping, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = sb_transport_listen(&channel->listener, &channel->settings.address);
    if (NT_SUCCESS(status))
        status = start_thread(listener_main, channel, &channel->thread);
    if (!NT_SUCCESS(status))
        sb_transport_close(&channel->listener);
    return status;
}

/* Of the table; batches and answers to questions may be as long as anything. */
static ULONG longest_input(const struct sb_driver *driver)
{
    ULONG longest = 0;
    size_t index;

    if (driver->batch_maximum != 0 || driver->notify.capacity != 0)
        return SB_SOCKET_PAYLOAD_MAXIMUM;
    for (index = 0; index < driver->command_count; index++)
        if (driver->commands[index].input_maximum > longest)
            longest = driver->commands[index].input_maximum;
    return longest < SB_SOCKET_PAYLOAD_MAXIMUM ? longest : SB_SOCKET_PAYLOAD_MAXIMUM;
}

static void free_channel(struct sb_socket_channel_state *channel)
{
    const struct sb_driver *driver = channel->driver;

    sb_wipe(&channel->settings, sizeof(channel->settings));
    sb_free(driver, channel);
}

static NTSTATUS start(PDEVICE_OBJECT device, PUNICODE_STRING registry_path, void **state)
{
    const struct sb_driver *driver = sb_device_driver(device);
    struct sb_socket_channel_state *channel = sb_allocate(driver, sizeof(*channel));
    NTSTATUS status;
    BOOLEAN on;

    *state = NULL;
    if (channel == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(channel, sizeof(*channel));
    channel->device = device;
    channel->driver = driver;
    channel->input_maximum = longest_input(driver);
    KeInitializeEvent(&channel->stopping, NotificationEvent, FALSE);
    status = sb_socket_read_settings(registry_path, &channel->settings, &on);
    if (!NT_SUCCESS(status) || !on)
        goto free;
    status = attach(channel);
    if (!NT_SUCCESS(status))
        goto failed;
    status = begin(channel);
    if (!NT_SUCCESS(status))
        goto detach;
    *state = channel;
    return STATUS_SUCCESS;

detach:
    detach(channel);
failed:
    sb_log(SB_LOG_ERROR, "sysbuf: the socket could not be opened, status 0x%08x\n", status);
free:
    free_channel(channel);
    return status;
}

/* Ends every connection; a handler that runs is waited for. */
static void stop(void *state)
{
    struct sb_socket_channel_state *channel = state;

    if (channel == NULL)
        return;
    KeSetEvent(&channel->stopping, IO_NO_INCREMENT, FALSE);
    join_thread(&channel->thread);
    detach(channel);
    free_channel(channel);
}

const struct sb_socket_channel sb_socket_channel = {start, stop};
