/* Waiting for many sockets (edge triggered), and looking up names. */
#include "host/linux/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

int linux_poller_open(void)
{
    int poller = epoll_create1(EPOLL_CLOEXEC);

    return poller < 0 ? -LINUX_SOCKET_NO_MEMORY : poller;
}

void linux_poller_close(int poller)
{
    close(poller);
}

int linux_poller_add(int poller, int socket, uint64_t id)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u64 = id};

    return epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) < 0 ? -LINUX_SOCKET_NO_MEMORY : 0;
}

static uint32_t translate(uint32_t events)
{
    return ((events & EPOLLIN) ? LINUX_SOCKET_READABLE : 0u) |
           ((events & EPOLLOUT) ? LINUX_SOCKET_WRITABLE : 0u) |
           ((events & EPOLLRDHUP) ? LINUX_SOCKET_PEER_CLOSED : 0u) |
           ((events & (EPOLLERR | EPOLLHUP)) ? LINUX_SOCKET_BROKEN : 0u);
}

int linux_poller_wait(int poller, struct linux_socket_ready *ready, int capacity, int milliseconds)
{
    struct epoll_event events[64];
    int count = epoll_wait(poller, events, capacity < 64 ? capacity : 64, milliseconds);

    for (int i = 0; i < count; i++) {
        ready[i].id = events[i].data.u64;
        ready[i].events = translate(events[i].events);
    }
    return count < 0 ? 0 : count;
}

static int native_family(uint16_t family)
{
    return family == LINUX_FAMILY_IPV4   ? AF_INET
           : family == LINUX_FAMILY_IPV6 ? AF_INET6
                                         : AF_UNSPEC;
}

int linux_resolve(const char *host, const char *service, uint16_t family, bool passive,
                  bool numeric, struct linux_socket_address *addresses, int capacity)
{
    struct addrinfo hints = {.ai_family = native_family(family), .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int count = 0;

    hints.ai_flags = (passive ? AI_PASSIVE : 0) | (numeric ? AI_NUMERICHOST : 0);
    switch (getaddrinfo(host, service, &hints, &found)) {
    case 0:
        break;
    case EAI_MEMORY:
        return -LINUX_SOCKET_NO_MEMORY;
    case EAI_AGAIN:
        return -LINUX_SOCKET_TIMED_OUT;
    default:
        return -LINUX_SOCKET_UNREACHABLE;
    }
    for (struct addrinfo *entry = found; entry && count < capacity; entry = entry->ai_next) {
        uint16_t windows = entry->ai_family == AF_INET6 ? LINUX_FAMILY_IPV6 : LINUX_FAMILY_IPV4;
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6)
            continue;
        memset(&addresses[count], 0, sizeof(addresses[count]));
        memcpy(addresses[count].bytes, entry->ai_addr, linux_socket_address_size(windows));
        memcpy(addresses[count].bytes, &windows, sizeof(windows));
        count++;
    }
    freeaddrinfo(found);
    return count;
}
