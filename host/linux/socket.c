/* Sockets, with Windows' addresses and without blocking. */
#include "host/linux/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(struct linux_buffer) == sizeof(struct iovec) &&
                   offsetof(struct linux_buffer, length) == offsetof(struct iovec, iov_len),
               "a linux_buffer is an iovec");
_Static_assert(sizeof(struct sockaddr_in) == 16 && sizeof(struct sockaddr_in6) == 28,
               "but for the family, both systems lay addresses out alike");

static int failure(int error)
{
    switch (error) {
    case EAGAIN:
    case EINPROGRESS:
    case EINTR:
        return -LINUX_SOCKET_WOULD_BLOCK;
    case EACCES:
    case EPERM:
        return -LINUX_SOCKET_ACCESS;
    case EADDRINUSE:
        return -LINUX_SOCKET_ADDRESS_IN_USE;
    case EADDRNOTAVAIL:
        return -LINUX_SOCKET_ADDRESS_UNKNOWN;
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
        return -LINUX_SOCKET_NO_MEMORY;
    case ECONNREFUSED:
        return -LINUX_SOCKET_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return -LINUX_SOCKET_RESET;
    case ECONNABORTED:
        return -LINUX_SOCKET_ABORTED;
    case ENOTCONN:
    case EDESTADDRREQ:
        return -LINUX_SOCKET_NOT_CONNECTED;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        return -LINUX_SOCKET_UNREACHABLE;
    case ETIMEDOUT:
        return -LINUX_SOCKET_TIMED_OUT;
    case EMSGSIZE:
        return -LINUX_SOCKET_TOO_LONG;
    case EFAULT:
        return -LINUX_SOCKET_BAD_MEMORY;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EOPNOTSUPP:
    case ENOPROTOOPT:
        return -LINUX_SOCKET_UNSUPPORTED;
    case EINVAL:
        return -LINUX_SOCKET_ARGUMENT;
    default:
        return -LINUX_SOCKET_FAILED;
    }
}

static int answer(int result)
{
    return result < 0 ? failure(errno) : result;
}

static uint16_t family_of(const struct linux_socket_address *address)
{
    uint16_t family;

    memcpy(&family, address->bytes, sizeof(family));
    return family;
}

static int native_family(uint16_t family)
{
    return family == LINUX_FAMILY_IPV4 ? AF_INET : family == LINUX_FAMILY_IPV6 ? AF_INET6 : -1;
}

/* Fills to; its length, 0 for an unknown family. */
static socklen_t to_native(const struct linux_socket_address *address, struct sockaddr_storage *to)
{
    size_t size = linux_socket_address_size(family_of(address));

    memset(to, 0, sizeof(*to));
    memcpy(to, address->bytes, size);
    to->ss_family = (sa_family_t)native_family(family_of(address));
    return (socklen_t)size;
}

static void from_native(const struct sockaddr_storage *from, struct linux_socket_address *address)
{
    uint16_t family = from->ss_family == AF_INET6 ? LINUX_FAMILY_IPV6 : LINUX_FAMILY_IPV4;

    memset(address, 0, sizeof(*address));
    memcpy(address->bytes, from, linux_socket_address_size(family));
    memcpy(address->bytes, &family, sizeof(family));
}

int linux_socket_open(uint16_t family, uint16_t type, uint32_t protocol)
{
    int native_type = type == LINUX_SOCKET_STREAM     ? SOCK_STREAM
                      : type == LINUX_SOCKET_DATAGRAM ? SOCK_DGRAM
                                                      : -1;

    if (native_family(family) < 0 || native_type < 0)
        return -LINUX_SOCKET_UNSUPPORTED;
    return answer(
        socket(native_family(family), native_type | SOCK_NONBLOCK | SOCK_CLOEXEC, (int)protocol));
}

void linux_socket_close(int socket, bool abort)
{
    struct linger drop = {.l_onoff = 1};

    if (abort)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &drop, sizeof(drop));
    close(socket);
}

int linux_socket_bind(int socket, const struct linux_socket_address *address)
{
    struct sockaddr_storage native;
    socklen_t length = to_native(address, &native);

    return answer(bind(socket, (struct sockaddr *)&native, length));
}

int linux_socket_listen(int socket)
{
    return answer(listen(socket, SOMAXCONN));
}

int linux_socket_accept(int socket)
{
    return answer(accept4(socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int linux_socket_connect(int socket, const struct linux_socket_address *address)
{
    struct sockaddr_storage native;
    socklen_t length = to_native(address, &native);

    return answer(connect(socket, (struct sockaddr *)&native, length));
}

int linux_socket_take_error(int socket)
{
    int error = 0;
    socklen_t length = sizeof(error);

    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        return failure(errno);
    return error ? failure(error) : 0;
}

int64_t linux_socket_send(int socket, const struct linux_buffer *buffers, size_t count,
                          const struct linux_socket_address *to)
{
    struct sockaddr_storage native;
    struct msghdr message = {.msg_iov = (struct iovec *)buffers, .msg_iovlen = count};
    ssize_t sent;

    if (to) {
        message.msg_namelen = to_native(to, &native);
        message.msg_name = &native;
    }
    sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? failure(errno) : sent;
}

int64_t linux_socket_receive(int socket, const struct linux_buffer *buffers, size_t count,
                             struct linux_socket_address *from, bool *truncated)
{
    struct sockaddr_storage native;
    struct msghdr message = {.msg_iov = (struct iovec *)buffers, .msg_iovlen = count};
    ssize_t received;

    if (from) {
        memset(&native, 0, sizeof(native));
        message.msg_name = &native;
        message.msg_namelen = sizeof(native);
    }
    received = recvmsg(socket, &message, MSG_DONTWAIT);
    if (received < 0)
        return failure(errno);
    if (from)
        from_native(&native, from);
    if (truncated)
        *truncated = (message.msg_flags & MSG_TRUNC) != 0;
    return received;
}

int linux_socket_shutdown(int socket, bool abort)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (abort) /* dissolving the association resets the connection */
        return answer(connect(socket, &nobody, sizeof(nobody)));
    return answer(shutdown(socket, SHUT_WR));
}

int linux_socket_local_address(int socket, struct linux_socket_address *address)
{
    struct sockaddr_storage native = {0};
    socklen_t length = sizeof(native);

    if (getsockname(socket, (struct sockaddr *)&native, &length) < 0)
        return failure(errno);
    from_native(&native, address);
    return 0;
}

int linux_socket_remote_address(int socket, struct linux_socket_address *address)
{
    struct sockaddr_storage native = {0};
    socklen_t length = sizeof(native);

    if (getpeername(socket, (struct sockaddr *)&native, &length) < 0)
        return failure(errno);
    from_native(&native, address);
    return 0;
}

static const struct {
    int level, name;
} native_options[] = {
    [LINUX_SOCKET_REUSE_ADDRESS] = {SOL_SOCKET, SO_REUSEADDR},
    [LINUX_SOCKET_KEEP_ALIVE] = {SOL_SOCKET, SO_KEEPALIVE},
    [LINUX_SOCKET_BROADCAST] = {SOL_SOCKET, SO_BROADCAST},
    [LINUX_SOCKET_SEND_BUFFER] = {SOL_SOCKET, SO_SNDBUF},
    [LINUX_SOCKET_RECEIVE_BUFFER] = {SOL_SOCKET, SO_RCVBUF},
    [LINUX_SOCKET_NO_DELAY] = {IPPROTO_TCP, TCP_NODELAY},
    [LINUX_SOCKET_IPV6_ONLY] = {IPPROTO_IPV6, IPV6_V6ONLY},
};

int linux_socket_set_option(int socket, enum linux_socket_option option, int value)
{
    return answer(setsockopt(socket, native_options[option].level, native_options[option].name,
                             &value, sizeof(value)));
}

int linux_socket_get_option(int socket, enum linux_socket_option option, int *value)
{
    socklen_t length = sizeof(*value);

    return answer(getsockopt(socket, native_options[option].level, native_options[option].name,
                             value, &length));
}
