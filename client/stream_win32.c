#include "stream.h"
#include "thread.h"

#include <bcrypt.h>
#include <string.h>

/* Winsock stays started to the program's end. */
static bool winsock_started(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    static bool started;
    BOOL first = FALSE;
    WSADATA data;

    if (!InitOnceBeginInitialize(&once, 0, &first, NULL))
        return false;
    if (first) {
        started = WSAStartup(MAKEWORD(2, 2), &data) == 0;
        InitOnceComplete(&once, 0, NULL);
    }
    return started;
}

/* Waits until the stream is ready for reading (or for writing). A connection that failed is ready
   as well. TIMEOUT. */
static enum sb_error wait_for(sb_stream stream, bool writing, uint64_t deadline)
{
    uint64_t now = sb_clock_now();
    uint64_t left = deadline > now ? deadline - now : 0;
    struct timeval timeout = {(long)(left / 1000 < 1000000 ? left / 1000 : 1000000),
                              (long)(left % 1000) * 1000};
    fd_set set;
    fd_set failed;
    int ready;

    FD_ZERO(&set);
    FD_SET(stream, &set);
    failed = set;
    ready = select(0, writing ? NULL : &set, writing ? &set : NULL, &failed,
                   deadline == SB_NO_DEADLINE ? NULL : &timeout);
    if (ready == SOCKET_ERROR)
        return SB_ERROR_CLOSED;
    return ready > 0 ? SB_OK : SB_ERROR_TIMEOUT;
}

/* A socket that never blocks, and sends at once. */
static sb_stream prepare(SOCKET stream)
{
    u_long nonblocking = 1;
    BOOL on = TRUE;

    if (stream == INVALID_SOCKET)
        return SB_NO_STREAM;
    ioctlsocket(stream, (long)FIONBIO, &nonblocking);
    setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
    return stream;
}

static struct sockaddr_in place(uint32_t address, uint16_t port)
{
    struct sockaddr_in named;

    memset(&named, 0, sizeof(named));
    named.sin_family = AF_INET;
    named.sin_port = htons(port);
    named.sin_addr.s_addr = address;
    return named;
}

static enum sb_error connect_error(int error)
{
    return error == WSAECONNREFUSED || error == WSAENETUNREACH || error == WSAEHOSTUNREACH
               ? sb_fail(SB_ERROR_NOT_FOUND, (DWORD)error)
               : sb_fail(SB_ERROR_SYSTEM, (DWORD)error);
}

enum sb_error sb_stream_connect(uint32_t address, uint16_t port, uint64_t deadline,
                                sb_stream *stream)
{
    const struct sockaddr_in named = place(address, port);
    enum sb_error error = SB_OK;
    int failure = 0;
    int length = sizeof(failure);
    sb_stream made;

    if (!winsock_started())
        return SB_ERROR_SYSTEM;
    made = prepare(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
    if (made == SB_NO_STREAM)
        return SB_ERROR_SYSTEM;
    if (connect(made, (const struct sockaddr *)&named, sizeof(named)) != 0) {
        failure = WSAGetLastError();
        if (failure == WSAEWOULDBLOCK) {
            failure = 0;
            error = wait_for(made, true, deadline);
            if (error == SB_OK)
                getsockopt(made, SOL_SOCKET, SO_ERROR, (char *)&failure, &length);
        }
        if (failure != 0)
            error = connect_error(failure);
    }
    if (error == SB_OK)
        *stream = made;
    else
        closesocket(made);
    return error;
}

enum sb_error sb_stream_accept(uint32_t address, uint16_t port, uint64_t deadline,
                               sb_stream *stream)
{
    const struct sockaddr_in named = place(address, port);
    enum sb_error error = SB_ERROR_NOT_FOUND;
    sb_stream listener;

    if (!winsock_started())
        return SB_ERROR_SYSTEM;
    listener = prepare(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
    if (listener == SB_NO_STREAM)
        return SB_ERROR_SYSTEM;
    if (bind(listener, (const struct sockaddr *)&named, sizeof(named)) == 0 &&
        listen(listener, 1) == 0)
        error = wait_for(listener, false, deadline);
    if (error == SB_OK) {
        *stream = prepare(accept(listener, NULL, NULL));
        if (*stream == SB_NO_STREAM)
            error = SB_ERROR_SYSTEM;
    }
    closesocket(listener);
    return error;
}

/* One call takes at most this many bytes; Winsock counts in int. */
static int piece(size_t length)
{
    return length < 0x10000000 ? (int)length : 0x10000000;
}

enum sb_error sb_stream_send(sb_stream stream, const void *bytes, size_t length, uint64_t deadline,
                             size_t *sent)
{
    const char *next = bytes;
    enum sb_error error = SB_OK;

    for (*sent = 0; *sent < length && error == SB_OK;) {
        int count = send(stream, next + *sent, piece(length - *sent), 0);

        if (count >= 0)
            *sent += (size_t)count;
        else if (WSAGetLastError() == WSAEWOULDBLOCK)
            error = wait_for(stream, true, deadline);
        else
            error = SB_ERROR_CLOSED;
    }
    return error;
}

enum sb_error sb_stream_receive(sb_stream stream, void *bytes, size_t length, uint64_t deadline,
                                size_t *received)
{
    for (;;) {
        int count = recv(stream, bytes, piece(length), 0);
        enum sb_error error;

        if (count > 0) {
            *received = (size_t)count;
            return SB_OK;
        }
        if (count == 0 || WSAGetLastError() != WSAEWOULDBLOCK)
            return SB_ERROR_CLOSED;
        error = wait_for(stream, false, deadline);
        if (error != SB_OK)
            return error;
    }
}

void sb_stream_shutdown(sb_stream stream)
{
    shutdown(stream, SD_BOTH);
}

void sb_stream_close(sb_stream stream)
{
    closesocket(stream);
}

bool sb_random(void *bytes, size_t length)
{
    return BCryptGenRandom(NULL, bytes, (ULONG)length, BCRYPT_USE_SYSTEM_PREFERRED_RNG) >= 0;
}
