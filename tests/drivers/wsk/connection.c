/* What is asked of no socket; connections and data; how they end. */
#include "wsk.h"

void check_transports(void)
{
    WSK_TRANSPORT transports[8];
    SIZE_T size = 0;
    CHECK_STATUS(STATUS_SUCCESS,
                 npi.Dispatch->WskControlClient(npi.Client, WSK_TRANSPORT_LIST_QUERY, 0, NULL,
                                                sizeof(transports), transports, &size, NULL));
    CHECK(size >= 2 * sizeof(*transports) && size % sizeof(*transports) == 0);
}

void check_names(void)
{
    static UNICODE_STRING host = {18, 20, L"127.0.0.1"};
    static UNICODE_STRING service = {8, 10, L"4711"};
    ADDRINFOEXW hints = {
        .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    PADDRINFOEXW found = NULL;
    struct pending pending;
    npi.Dispatch->WskGetAddressInfo(npi.Client, &host, &service, NS_ALL, NULL, &hints, &found, NULL,
                                    NULL, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, NULL));
    CHECK(found != NULL);
    if (!found)
        return;
    PSOCKADDR_IN address = (PSOCKADDR_IN)found->ai_addr;
    CHECK(found->ai_family == AF_INET && found->ai_addrlen == sizeof(*address));
    CHECK(address->sin_addr.S_un.S_addr == 0x0100007f && address->sin_port == 0x6712);
    npi.Dispatch->WskFreeAddressInfo(npi.Client, found);
}

void check_wrong_sockets(void)
{
    struct pending pending;
    npi.Dispatch->WskSocket(npi.Client, AF_INET, SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_LISTEN_SOCKET,
                            NULL, NULL, NULL, NULL, NULL, prepare(&pending));
    CHECK(!NT_SUCCESS(finish(&pending, NULL)));
    npi.Dispatch->WskSocket(npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, 3, NULL, NULL, NULL,
                            NULL, NULL, prepare(&pending));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, finish(&pending, NULL));
}

static void with_pair(void (*test)(struct pair *))
{
    struct pair pair;

    if (!make_pair(&pair))
        return;
    test(&pair);
    close_pair(&pair);
}

/* A group of checks on a pair of connected sockets. */
#define GROUP_ON_PAIR(name)     \
    void check_##name(void)     \
    {                           \
        with_pair(test_##name); \
    }

static void test_echo(struct pair *pair)
{
    char bytes[64];
    ULONG_PTR length = 0;
    CHECK_STATUS(STATUS_SUCCESS, send(pair->near_end, "hello", 5, &length));
    CHECK(length == 5);
    CHECK_STATUS(STATUS_SUCCESS, receive(pair->far_end, bytes, sizeof(bytes), 0, &length));
    CHECK(length == 5 && RtlCompareMemory(bytes, "hello", 5) == 5);
    CHECK_STATUS(STATUS_SUCCESS, send(pair->far_end, bytes, 5, &length));
    CHECK_STATUS(STATUS_SUCCESS, receive(pair->near_end, bytes + 5, 5, WSK_FLAG_WAITALL, &length));
    CHECK(length == 5 && RtlCompareMemory(bytes + 5, "hello", 5) == 5);
}
GROUP_ON_PAIR(echo)

/* Two MDLs, from the middle of the first into the middle of the second. */
static void test_chain(struct pair *pair)
{
    UCHAR first[16] = "....abcdefghijkl", second[16] = "mnopqrstuvwxyz..", got[32];
    struct pending pending;
    ULONG_PTR length = 0;
    WSK_BUF head = describe(first, sizeof(first)), tail = describe(second, sizeof(second));
    head.Mdl->Next = tail.Mdl;
    WSK_BUF buffer = {head.Mdl, 4, 26};
    connection(pair->near_end)->WskSend(pair->near_end, &buffer, 0, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, &length));
    CHECK(length == 26);
    CHECK_STATUS(STATUS_SUCCESS, receive(pair->far_end, got, 26, WSK_FLAG_WAITALL, &length));
    CHECK(length == 26 && RtlCompareMemory(got, "abcdefghijklmnopqrstuvwxyz", 26) == 26);

    /* The same the other way: received across the border. */
    CHECK_STATUS(STATUS_SUCCESS, send(pair->far_end, "0123456789ABCDEFGHIJKLMNOP", 26, NULL));
    connection(pair->near_end)
        ->WskReceive(pair->near_end, &buffer, WSK_FLAG_WAITALL, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, &length));
    CHECK(length == 26 && RtlCompareMemory(first + 4, "0123456789AB", 12) == 12);
    CHECK(RtlCompareMemory(second, "CDEFGHIJKLMNOP", 14) == 14 && second[14] == '.');

    buffer.Length = 29; /* more than the chain holds */
    connection(pair->near_end)->WskSend(pair->near_end, &buffer, 0, prepare(&pending));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, finish(&pending, NULL));
    head.Mdl->Next = NULL;
    forget(&head);
    forget(&tail);
}
GROUP_ON_PAIR(chain)

enum { PIECE = 1 << 20, MOST_PIECES = 256 };

static void fill(UCHAR *bytes, ULONG piece)
{
    for (ULONG i = 0; i < PIECE; i++)
        bytes[i] = (UCHAR)(i * 7 + (i >> 11) + piece);
}

/* Sends pieces until one pends: how many there are. It depends on the transport's buffers. */
static ULONG fill_up(struct pair *pair, UCHAR *bytes, WSK_BUF *buffer, struct pending *last)
{
    for (ULONG pieces = 1; pieces <= MOST_PIECES; pieces++) {
        fill(bytes, pieces);
        CHECK_STATUS(STATUS_PENDING,
                     connection(pair->near_end)->WskSend(pair->near_end, buffer, 0, prepare(last)));
        if (!is_done(last))
            return pieces;
        CHECK_STATUS(STATUS_SUCCESS, finish(last, NULL));
    }
    return 0;
}

static void receive_piece(struct pair *pair, UCHAR *bytes, UCHAR *expected, ULONG piece)
{
    ULONG_PTR length = 0;

    fill(expected, piece);
    CHECK_STATUS(STATUS_SUCCESS, receive(pair->far_end, bytes, PIECE, WSK_FLAG_WAITALL, &length));
    CHECK(length == PIECE && RtlCompareMemory(bytes, expected, PIECE) == PIECE);
}

/* More than the transport buffers: a send pends until the other side reads. */
static void test_large(struct pair *pair)
{
    UCHAR *bytes = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PIECE, 0x74736554);
    struct pending sending;
    ULONG_PTR length = 0;

    CHECK(bytes != NULL);
    if (!bytes)
        return;
    WSK_BUF buffer = describe(bytes, PIECE);
    ULONG pieces = fill_up(pair, bytes, &buffer, &sending);
    CHECK(pieces != 0);
    for (ULONG piece = 1; piece <= pieces; piece++)
        receive_piece(pair, bytes + PIECE, bytes + 2 * PIECE, piece);
    if (pieces) {
        CHECK_STATUS(STATUS_SUCCESS, finish(&sending, &length));
        CHECK(length == PIECE);
    }
    forget(&buffer);
    ExFreePoolWithTag(bytes, 0x74736554);
}
GROUP_ON_PAIR(large)

static void test_at_dispatch(struct pair *pair)
{
    char out[4] = "high", in[4];
    struct pending sending, receiving;
    WSK_BUF out_buffer = describe(out, 4), in_buffer = describe(in, 4);
    PIRP send_irp = prepare(&sending), receive_irp = prepare(&receiving);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    connection(pair->far_end)->WskReceive(pair->far_end, &in_buffer, 0, receive_irp);
    connection(pair->near_end)->WskSend(pair->near_end, &out_buffer, 0, send_irp);
    KeLowerIrql(irql);
    CHECK_STATUS(STATUS_SUCCESS, finish(&sending, NULL));
    CHECK_STATUS(STATUS_SUCCESS, finish(&receiving, NULL));
    CHECK(RtlCompareMemory(in, "high", 4) == 4);
    forget(&out_buffer);
    forget(&in_buffer);
}
GROUP_ON_PAIR(at_dispatch)

/* Of a socket bound to no port in particular. */
void check_local_address(void)
{
    PWSK_SOCKET wsk;
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_LISTEN_SOCKET, NULL, NULL, &wsk));
    CHECK_STATUS(STATUS_SUCCESS, bind_socket(wsk, 0));
    CHECK(port_of(wsk) != 0);
    CHECK_STATUS(STATUS_SUCCESS, close_socket(wsk));
}

static void test_addresses_and_options(struct pair *pair)
{
    SOCKADDR_IN local = {0}, remote = {0};
    ULONG value = 1, read = 0;
    SIZE_T size = 0;
    struct pending pending;
    connection(pair->near_end)
        ->WskGetRemoteAddress(pair->near_end, (PSOCKADDR)&remote, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, NULL));
    connection(pair->near_end)
        ->WskGetLocalAddress(pair->near_end, (PSOCKADDR)&local, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, NULL));
    CHECK(remote.sin_port == pair->port && local.sin_port != remote.sin_port);

    connection(pair->near_end)
        ->WskControlSocket(pair->near_end, WskSetOption, TCP_NODELAY, IPPROTO_TCP, sizeof(value),
                           &value, 0, NULL, NULL, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, NULL));
    connection(pair->near_end)
        ->WskControlSocket(pair->near_end, WskGetOption, TCP_NODELAY, IPPROTO_TCP, 0, NULL,
                           sizeof(read), &read, &size, prepare(&pending));
    CHECK_STATUS(STATUS_SUCCESS, finish(&pending, NULL));
    CHECK(read == 1 && size == sizeof(read));
    connection(pair->near_end)
        ->WskControlSocket(pair->near_end, WskSetOption, 0x7777, SOL_SOCKET, sizeof(value), &value,
                           0, NULL, NULL, prepare(&pending));
    CHECK(!NT_SUCCESS(finish(&pending, NULL)));
}
GROUP_ON_PAIR(addresses_and_options)

/* Socket, bind and connect in one call. */
static NTSTATUS socket_connect(USHORT port, PWSK_SOCKET *connected)
{
    SOCKADDR_IN local, remote;
    struct pending pending;
    ULONG_PTR information = 0;
    loopback(&local, 0);
    loopback(&remote, port);
    npi.Dispatch->WskSocketConnect(npi.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&local,
                                   (PSOCKADDR)&remote, 0, NULL, NULL, NULL, NULL, NULL,
                                   prepare(&pending));
    NTSTATUS status = finish(&pending, &information);
    *connected = (PWSK_SOCKET)information;
    return status;
}

static void test_socket_connect(struct pair *pair)
{
    PWSK_SOCKET wsk, accepted;
    CHECK_STATUS(STATUS_SUCCESS, socket_connect(pair->port, &wsk));
    CHECK_STATUS(STATUS_SUCCESS, accept_from(pair->listener, pair->port, &accepted));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(wsk));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(accepted));
}
GROUP_ON_PAIR(socket_connect)

void check_unbound(void)
{
    PWSK_SOCKET wsk;
    SOCKADDR_IN remote;
    struct pending pending;
    loopback(&remote, 4711);
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_CONNECTION_SOCKET, NULL, NULL, &wsk));
    connection(wsk)->WskConnect(wsk, (PSOCKADDR)&remote, 0, prepare(&pending));
    CHECK(!NT_SUCCESS(finish(&pending, NULL)));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(wsk));
}

void check_no_client(void)
{
    struct pending pending;
    npi.Dispatch->WskSocket(NULL, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET, NULL,
                            NULL, NULL, NULL, NULL, prepare(&pending));
    CHECK_STATUS(STATUS_INVALID_HANDLE, finish(&pending, NULL));
}

void check_refusals(void)
{
    PWSK_SOCKET first, second, none;
    USHORT port;
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_LISTEN_SOCKET, NULL, NULL, &first));
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_LISTEN_SOCKET, NULL, NULL, &second));
    port = bind_somewhere(first);
    CHECK_STATUS(STATUS_ADDRESS_ALREADY_EXISTS, bind_socket(second, port));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(first));
    CHECK_STATUS(STATUS_SUCCESS, bind_socket(second, port));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(second));

    /* Nobody listens at a port that a connection has bound, and nobody else can. */
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_CONNECTION_SOCKET, NULL, NULL, &first));
    port = bind_somewhere(first);
    CHECK_STATUS(STATUS_CONNECTION_REFUSED, connect_to(port, &none));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(none));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(first));
}

/* The peer's orderly end: what was sent arrives, then nothing, and the other way stays open. */
void check_graceful(void)
{
    struct pair pair;
    char bytes[16];
    ULONG_PTR length = 0;
    if (!make_pair(&pair))
        return;
    CHECK_STATUS(STATUS_SUCCESS, send(pair.near_end, "last", 4, NULL));
    CHECK_STATUS(STATUS_SUCCESS, disconnect(pair.near_end, 0));
    CHECK(!NT_SUCCESS(send(pair.near_end, "more", 4, NULL)));
    CHECK_STATUS(STATUS_SUCCESS, receive(pair.far_end, bytes, 16, WSK_FLAG_WAITALL, &length));
    CHECK(length == 4 && RtlCompareMemory(bytes, "last", 4) == 4);
    CHECK_STATUS(STATUS_SUCCESS, receive(pair.far_end, bytes, 16, 0, &length));
    CHECK(length == 0);
    CHECK_STATUS(STATUS_SUCCESS, send(pair.far_end, "answer", 6, NULL));
    CHECK_STATUS(STATUS_SUCCESS, receive(pair.near_end, bytes, 16, 0, &length));
    CHECK(length == 6);
    CHECK_STATUS(STATUS_SUCCESS, disconnect(pair.far_end, 0));
    CHECK_STATUS(STATUS_SUCCESS, receive(pair.near_end, bytes, 16, 0, &length));
    CHECK(length == 0);
    close_pair(&pair);
}

void check_abortive(void)
{
    struct pair pair;
    char bytes[16];
    if (!make_pair(&pair))
        return;
    CHECK_STATUS(STATUS_SUCCESS, disconnect(pair.near_end, WSK_FLAG_ABORTIVE));
    CHECK_STATUS(STATUS_CONNECTION_RESET, receive(pair.far_end, bytes, 16, 0, NULL));
    CHECK(!NT_SUCCESS(receive(pair.near_end, bytes, 16, 0, NULL)));
    close_pair(&pair);
    if (!make_pair(&pair))
        return; /* a close without a disconnect is abortive, too */
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair.near_end));
    CHECK_STATUS(STATUS_CONNECTION_RESET, receive(pair.far_end, bytes, 16, 0, NULL));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair.far_end));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair.listener));
}

/* Requests that wait are cancelled alone, and all of them by a close. */
void check_cancelling(void)
{
    struct pair pair;
    struct pending first, second, third, accepting;
    char bytes[8];
    ULONG_PTR length = 0;
    if (!make_pair(&pair))
        return;
    const WSK_PROVIDER_LISTEN_DISPATCH *listening = pair.listener->Dispatch;
    WSK_BUF buffer = describe(bytes, 8);
    const WSK_PROVIDER_CONNECTION_DISPATCH *dispatch = connection(pair.near_end);
    CHECK_STATUS(STATUS_PENDING, dispatch->WskReceive(pair.near_end, &buffer, 0, prepare(&first)));
    dispatch->WskReceive(pair.near_end, &buffer, 0, prepare(&second));
    CHECK(!is_done(&first));
    CHECK(IoCancelIrp(first.irp));
    CHECK_STATUS(STATUS_CANCELLED, finish(&first, NULL));
    CHECK_STATUS(STATUS_SUCCESS, send(pair.far_end, "second", 6, NULL));
    CHECK_STATUS(STATUS_SUCCESS, finish(&second, &length));
    CHECK(length == 6);
    listening->WskAccept(pair.listener, 0, NULL, NULL, NULL, NULL, prepare(&accepting));
    CHECK(IoCancelIrp(accepting.irp));
    CHECK_STATUS(STATUS_CANCELLED, finish(&accepting, NULL));
    /* Cancelled before it was sent. */
    IoCancelIrp(prepare(&third));
    dispatch->WskReceive(pair.near_end, &buffer, 0, third.irp);
    CHECK_STATUS(STATUS_CANCELLED, finish(&third, NULL));

    dispatch->WskReceive(pair.near_end, &buffer, 0, prepare(&third));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair.near_end));
    CHECK_STATUS(STATUS_CANCELLED, finish(&third, NULL));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair.far_end));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair.listener));
    forget(&buffer);
}
