/* Event callbacks, and datagrams. */
#include "wsk.h"

/* What a listening socket's events made. */
struct server {
    PWSK_SOCKET accepted;
    KEVENT has_accepted, has_received, has_ended;
    LONG accepts, refusals, receives;
    SIZE_T take; /* bytes to accept of each indication */
    NTSTATUS answer;
    ULONG end_flags;
    PWSK_DATA_INDICATION retained;
    char bytes[64];
    SIZE_T length;
};

static NTSTATUS WSKAPI on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION data,
                                  SIZE_T indicated, SIZE_T *accepted)
{
    struct server *server = context;
    CHECK(data && data->Buffer.Length == indicated);
    CHECK(!(flags & WSK_FLAG_AT_DISPATCH_LEVEL) || KeGetCurrentIrql() == DISPATCH_LEVEL);
    server->receives++;
    NTSTATUS status = server->answer;
    SIZE_T take = indicated < server->take ? indicated : server->take;
    if (status == STATUS_SUCCESS || status == STATUS_PENDING) {
        UCHAR *bytes = MmGetSystemAddressForMdlSafe(data->Buffer.Mdl, NormalPagePriority);
        RtlCopyMemory(server->bytes + server->length, bytes + data->Buffer.Offset, take);
        server->length += take;
    }
    if (status == STATUS_SUCCESS)
        *accepted = take;
    if (status == STATUS_PENDING)
        server->retained = data;
    KeSetEvent(&server->has_received, IO_NO_INCREMENT, FALSE);
    return status;
}

static NTSTATUS WSKAPI on_disconnect(PVOID context, ULONG flags)
{
    struct server *server = context;
    server->end_flags = flags;
    KeSetEvent(&server->has_ended, IO_NO_INCREMENT, FALSE);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_CONNECTION_DISPATCH connection_events = {on_receive, on_disconnect, NULL};

static NTSTATUS WSKAPI on_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote,
                                 PWSK_SOCKET accepted, PVOID *accepted_context,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **dispatch)
{
    struct server *server = context;
    CHECK(local->sa_family == AF_INET && remote->sa_family == AF_INET && accepted != NULL);
    if (server->refusals > 0) {
        server->refusals--;
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    server->accepted = accepted;
    server->accepts++;
    *accepted_context = server;
    *dispatch = &connection_events;
    KeSetEvent(&server->has_accepted, IO_NO_INCREMENT, FALSE);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH listen_events = {on_accept, NULL, NULL};

static BOOLEAN wait_for(KEVENT *event)
{
    LARGE_INTEGER limit = {.QuadPart = -3 * 10000000ll};
    return KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &limit) == STATUS_SUCCESS;
}

static NTSTATUS enable(PWSK_SOCKET wsk, ULONG mask)
{
    WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
    return ((const WSK_PROVIDER_BASIC_DISPATCH *)wsk->Dispatch)
        ->WskControlSocket(wsk, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control),
                           &control, 0, NULL, NULL, NULL);
}

/* A callback that runs just now may be returning still. */
static NTSTATUS disable(PWSK_SOCKET wsk, ULONG mask)
{
    LARGE_INTEGER moment = {.QuadPart = -10000};
    NTSTATUS status;
    while ((status = enable(wsk, mask | WSK_EVENT_DISABLE)) == STATUS_EVENT_PENDING)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    return status;
}

static void expect_received(struct server *server, const char *text, SIZE_T length)
{
    CHECK(wait_for(&server->has_received));
    CHECK(server->length == length && RtlCompareMemory(server->bytes, text, length) == length);
    server->length = 0;
}

/* Data the callback does not accept waits for WskReceive, and callbacks wait until then. */
static void test_not_accepted(struct server *server, PWSK_SOCKET peer)
{
    char bytes[32];
    ULONG_PTR length = 0;
    server->answer = STATUS_DATA_NOT_ACCEPTED;
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "later", 5, NULL));
    CHECK(wait_for(&server->has_received));
    LONG receives = server->receives;
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "on", 2, NULL));
    LARGE_INTEGER pause = {.QuadPart = -20 * 10000};
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    CHECK(server->receives == receives);
    server->answer = STATUS_SUCCESS;
    CHECK_STATUS(STATUS_SUCCESS, receive(server->accepted, bytes, 7, WSK_FLAG_WAITALL, &length));
    CHECK(length == 7 && RtlCompareMemory(bytes, "lateron", 7) == 7);
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "again", 5, NULL));
    expect_received(server, "again", 5);

    server->take = 3; /* part of it */
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "partly", 6, NULL));
    expect_received(server, "par", 3);
    server->take = sizeof(server->bytes);
    CHECK_STATUS(STATUS_SUCCESS, receive(server->accepted, bytes, 32, 0, &length));
    CHECK(length == 3 && RtlCompareMemory(bytes, "tly", 3) == 3);
}

static void test_retained(struct server *server, PWSK_SOCKET peer)
{
    server->answer = STATUS_PENDING;
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "keep", 4, NULL));
    expect_received(server, "keep", 4);
    server->answer = STATUS_SUCCESS;
    CHECK(server->retained && server->retained->Buffer.Length == 4);
    CHECK_STATUS(STATUS_SUCCESS,
                 connection(server->accepted)->WskRelease(server->accepted, server->retained));
}

static void test_disabled(struct server *server, PWSK_SOCKET peer)
{
    LONG receives = server->receives;
    char bytes[8];
    ULONG_PTR length = 0;
    CHECK_STATUS(STATUS_SUCCESS, disable(server->accepted, WSK_EVENT_RECEIVE));
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "quiet", 5, NULL));
    CHECK_STATUS(STATUS_SUCCESS, receive(server->accepted, bytes, 8, 0, &length));
    CHECK(length == 5 && server->receives == receives);
    CHECK_STATUS(STATUS_SUCCESS, enable(server->accepted, WSK_EVENT_RECEIVE));
    CHECK_STATUS(STATUS_SUCCESS, send(peer, "loud", 4, NULL));
    expect_received(server, "loud", 4);
}

void check_events(void)
{
    static struct server server;
    PWSK_SOCKET listener, peer;
    char byte;
    server.take = sizeof(server.bytes);
    server.refusals = 1;
    KeInitializeEvent(&server.has_accepted, SynchronizationEvent, FALSE);
    KeInitializeEvent(&server.has_received, SynchronizationEvent, FALSE);
    KeInitializeEvent(&server.has_ended, SynchronizationEvent, FALSE);
    CHECK_STATUS(STATUS_SUCCESS,
                 make_socket(WSK_FLAG_LISTEN_SOCKET, &listen_events, &server, &listener));
    CHECK(!NT_SUCCESS(enable(listener, WSK_EVENT_ACCEPT))); /* not bound yet */
    CHECK_STATUS(STATUS_SUCCESS, bind_socket(listener, 0));
    CHECK(!NT_SUCCESS(enable(listener, WSK_EVENT_RECEIVE_FROM)));
    CHECK_STATUS(STATUS_SUCCESS,
                 enable(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT));

    CHECK_STATUS(STATUS_SUCCESS, connect_to(listener, &peer));
    CHECK(!NT_SUCCESS(receive(peer, &byte, 1, 0, NULL))); /* the first one is refused */
    CHECK_STATUS(STATUS_SUCCESS, close_socket(peer));
    CHECK_STATUS(STATUS_SUCCESS, connect_to(listener, &peer));
    CHECK(wait_for(&server.has_accepted) && server.accepts == 1);

    CHECK_STATUS(STATUS_SUCCESS, send(peer, "hello", 5, NULL));
    expect_received(&server, "hello", 5);
    test_not_accepted(&server, peer);
    test_retained(&server, peer);
    test_disabled(&server, peer);

    CHECK_STATUS(STATUS_SUCCESS, disconnect(peer, 0));
    CHECK(wait_for(&server.has_ended));
    CHECK(!(server.end_flags & WSK_FLAG_ABORTIVE));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(server.accepted));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(peer));

    CHECK_STATUS(STATUS_SUCCESS, connect_to(listener, &peer));
    CHECK(wait_for(&server.has_accepted));
    CHECK_STATUS(STATUS_SUCCESS, disconnect(peer, WSK_FLAG_ABORTIVE));
    CHECK(wait_for(&server.has_ended));
    CHECK(server.end_flags & WSK_FLAG_ABORTIVE);
    CHECK_STATUS(STATUS_SUCCESS, close_socket(server.accepted));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(peer));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(listener));
}

struct mailbox {
    KEVENT has_mail;
    SOCKADDR_IN from;
    SIZE_T length;
    char bytes[32];
};

static NTSTATUS WSKAPI on_datagram(PVOID context, ULONG flags, PWSK_DATAGRAM_INDICATION datagram)
{
    struct mailbox *mailbox = context;
    UCHAR *bytes = MmGetSystemAddressForMdlSafe(datagram->Buffer.Mdl, NormalPagePriority);
    mailbox->length = datagram->Buffer.Length;
    mailbox->from = *(PSOCKADDR_IN)datagram->RemoteAddress;
    RtlCopyMemory(mailbox->bytes, bytes + datagram->Buffer.Offset, datagram->Buffer.Length);
    KeSetEvent(&mailbox->has_mail, IO_NO_INCREMENT, FALSE);
    return STATUS_SUCCESS;
}

static USHORT datagram_port(PWSK_SOCKET wsk)
{
    const WSK_PROVIDER_DATAGRAM_DISPATCH *dispatch = wsk->Dispatch;
    SOCKADDR_IN address = {0};
    struct pending pending;
    dispatch->WskGetLocalAddress(wsk, (PSOCKADDR)&address, prepare(&pending));
    finish(&pending, NULL);
    return address.sin_port;
}

static NTSTATUS send_to(PWSK_SOCKET wsk, USHORT port, char *bytes, ULONG length)
{
    const WSK_PROVIDER_DATAGRAM_DISPATCH *dispatch = wsk->Dispatch;
    SOCKADDR_IN address;
    struct pending pending;
    ULONG_PTR sent = 0;
    WSK_BUF buffer = describe(bytes, length);
    loopback(&address, port);
    dispatch->WskSendTo(wsk, &buffer, 0, (PSOCKADDR)&address, 0, NULL, prepare(&pending));
    NTSTATUS status = finish(&pending, &sent);
    CHECK(sent == length);
    forget(&buffer);
    return status;
}

static NTSTATUS receive_from(PWSK_SOCKET wsk, char *bytes, ULONG length, SOCKADDR_IN *from,
                             ULONG_PTR *received)
{
    const WSK_PROVIDER_DATAGRAM_DISPATCH *dispatch = wsk->Dispatch;
    struct pending pending;
    ULONG flags = 99, control_length = 0;
    WSK_BUF buffer = describe(bytes, length);
    dispatch->WskReceiveFrom(wsk, &buffer, 0, (PSOCKADDR)from, &control_length, NULL, &flags,
                             prepare(&pending));
    NTSTATUS status = finish(&pending, received);
    forget(&buffer);
    return status;
}

void check_datagrams(void)
{
    static const WSK_CLIENT_DATAGRAM_DISPATCH events = {on_datagram};
    static struct mailbox mailbox;
    PWSK_SOCKET here, there;
    SOCKADDR_IN from = {0};
    char text[] = "datagram", bytes[32];
    ULONG_PTR length = 0;
    KeInitializeEvent(&mailbox.has_mail, SynchronizationEvent, FALSE);
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_DATAGRAM_SOCKET, NULL, NULL, &here));
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_DATAGRAM_SOCKET, &events, &mailbox, &there));
    CHECK_STATUS(STATUS_SUCCESS, bind_socket(here, 0));
    CHECK_STATUS(STATUS_SUCCESS, bind_socket(there, 0));
    USHORT here_port = datagram_port(here), there_port = datagram_port(there);

    CHECK_STATUS(STATUS_SUCCESS, send_to(here, there_port, text, 8));
    CHECK_STATUS(STATUS_SUCCESS, receive_from(there, bytes, sizeof(bytes), &from, &length));
    CHECK(length == 8 && RtlCompareMemory(bytes, text, 8) == 8);
    CHECK(from.sin_family == AF_INET && from.sin_port == here_port);
    CHECK_STATUS(STATUS_SUCCESS, send_to(there, here_port, text, 8));
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, receive_from(here, bytes, 4, &from, &length));
    CHECK(length == 4 && RtlCompareMemory(bytes, text, 4) == 4);

    CHECK_STATUS(STATUS_SUCCESS, enable(there, WSK_EVENT_RECEIVE_FROM));
    CHECK_STATUS(STATUS_SUCCESS, send_to(here, there_port, text, 4));
    CHECK(wait_for(&mailbox.has_mail));
    CHECK(mailbox.length == 4 && mailbox.from.sin_port == here_port);
    CHECK_STATUS(STATUS_SUCCESS, close_socket(here));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(there));
}
