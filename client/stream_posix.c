#include "stream.h"
#include "thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* Waits until the stream is ready for the events. TIMEOUT. */
static enum sb_error wait_for(sb_stream stream, short events, uint64_t deadline)
{
    struct pollfd entry = {.fd = stream, .events = events};

    for (;;) {
        uint64_t now = sb_clock_now();
        uint64_t left = deadline > now ? deadline - now : 0;
        int timeout = deadline == SB_NO_DEADLINE ? -1 : left > INT32_MAX ? INT32_MAX : (int)left;
        int ready = poll(&entry, 1, timeout);

        if (ready > 0)
            return SB_OK;
        if (ready == 0 && left <= INT32_MAX)
            return SB_ERROR_TIMEOUT;
        if (ready < 0 && errno != EINTR)
            return SB_ERROR_SYSTEM;
    }
}

/* A socket that never blocks, and sends at once. */
static sb_stream prepare(int stream)
{
    int on = 1;

    if (stream < 0)
        return SB_NO_STREAM;
    fcntl(stream, F_SETFD, FD_CLOEXEC);
    fcntl(stream, F_SETFL, fcntl(stream, F_GETFL) | O_NONBLOCK);
    setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return stream;
}

static struct sockaddr_in place(uint32_t address, uint16_t port)
{
    struct sockaddr_in named = {.sin_family = AF_INET, .sin_port = htons(port)};

    named.sin_addr.s_addr = address;
    return named;
}

static enum sb_error connect_error(int error)
{
    return error == ECONNREFUSED || error == ENETUNREACH || error == EHOSTUNREACH
               ? SB_ERROR_NOT_FOUND
               : SB_ERROR_SYSTEM;
}

enum sb_error sb_stream_connect(uint32_t address, uint16_t port, uint64_t deadline,
                                sb_stream *stream)
{
    const struct sockaddr_in named = place(address, port);
    sb_stream made = prepare(socket(AF_INET, SOCK_STREAM, 0));
    enum sb_error error = SB_OK;
    int failure = 0;
    socklen_t length = sizeof(failure);

    if (made == SB_NO_STREAM)
        return SB_ERROR_SYSTEM;
    if (connect(made, (const struct sockaddr *)&named, sizeof(named)) != 0) {
        failure = errno;
        if (failure == EINPROGRESS) {
            failure = 0;
            error = wait_for(made, POLLOUT, deadline);
            if (error == SB_OK)
                getsockopt(made, SOL_SOCKET, SO_ERROR, &failure, &length);
        }
        if (failure != 0)
            error = connect_error(failure);
    }
    if (error == SB_OK)
        *stream = made;
    else
        close(made);
    return error;
}

enum sb_error sb_stream_accept(uint32_t address, uint16_t port, uint64_t deadline,
                               sb_stream *stream)
{
    const struct sockaddr_in named = place(address, port);
    sb_stream listener = prepare(socket(AF_INET, SOCK_STREAM, 0));
    enum sb_error error = SB_ERROR_NOT_FOUND;
    int on = 1;

    if (listener == SB_NO_STREAM)
        return SB_ERROR_SYSTEM;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (const struct sockaddr *)&named, sizeof(named)) == 0 &&
        listen(listener, 1) == 0)
        error = wait_for(listener, POLLIN, deadline);
    if (error == SB_OK) {
        *stream = prepare(accept(listener, NULL, NULL));
        if (*stream == SB_NO_STREAM)
            error = SB_ERROR_SYSTEM;
    }
    close(listener);
    return error;
}

static bool must_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

enum sb_error sb_stream_send(sb_stream stream, const void *bytes, size_t length, uint64_t deadline,
                             size_t *sent)
{
    const char *next = bytes;
    enum sb_error error = SB_OK;

    for (*sent = 0; *sent < length && error == SB_OK;) {
        ssize_t count = send(stream, next + *sent, length - *sent, MSG_NOSIGNAL);

        if (count >= 0)
            *sent += (size_t)count;
        else if (must_wait())
            error = wait_for(stream, POLLOUT, deadline);
        else
            error = SB_ERROR_CLOSED;
    }
    return error;
}

enum sb_error sb_stream_receive(sb_stream stream, void *bytes, size_t length, uint64_t deadline,
                                size_t *received)
{
    for (;;) {
        ssize_t count = recv(stream, bytes, length, 0);
        enum sb_error error;

        if (count > 0) {
            *received = (size_t)count;
            return SB_OK;
        }
        if (count == 0 || !must_wait())
            return SB_ERROR_CLOSED;
        error = wait_for(stream, POLLIN, deadline);
        if (error != SB_OK)
            return error;
    }
}

void sb_stream_shutdown(sb_stream stream)
{
    shutdown(stream, SHUT_RDWR);
}

void sb_stream_close(sb_stream stream)
{
    close(stream);
}

bool sb_random(void *bytes, size_t length)
{
    return getentropy(bytes, length) == 0;
}
