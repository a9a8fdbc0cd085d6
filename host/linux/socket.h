/*
 * Sockets and waiting for them. Addresses are in Windows' layout: family 2 (IPv4, 16 bytes) or 23
 * (IPv6, 28 bytes), port and address in network byte order. Sockets never block; failures are
 * negative enum linux_socket_error.
 */
#ifndef SYSBUF_HOST_LINUX_SOCKET_H
#define SYSBUF_HOST_LINUX_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINUX_FAMILY_IPV4 = 2, LINUX_FAMILY_IPV6 = 23 };
enum { LINUX_SOCKET_STREAM = 1, LINUX_SOCKET_DATAGRAM = 2 };

enum linux_socket_error {
    LINUX_SOCKET_OK,
    LINUX_SOCKET_WOULD_BLOCK,
    LINUX_SOCKET_FAILED, /* anything else */
    LINUX_SOCKET_ACCESS,
    LINUX_SOCKET_ADDRESS_IN_USE,
    LINUX_SOCKET_ADDRESS_UNKNOWN, /* none of this machine's */
    LINUX_SOCKET_NO_MEMORY,
    LINUX_SOCKET_REFUSED,
    LINUX_SOCKET_RESET,
    LINUX_SOCKET_ABORTED,
    LINUX_SOCKET_NOT_CONNECTED,
    LINUX_SOCKET_UNREACHABLE,
    LINUX_SOCKET_TIMED_OUT,
    LINUX_SOCKET_TOO_LONG, /* a datagram */
    LINUX_SOCKET_BAD_MEMORY,
    LINUX_SOCKET_UNSUPPORTED,
    LINUX_SOCKET_ARGUMENT,
};

struct linux_socket_address {
    uint8_t bytes[28];
};

/* Bytes of an address by its family; 0 for an unknown one. */
static inline size_t linux_socket_address_size(uint16_t family)
{
    return family == LINUX_FAMILY_IPV4 ? 16 : family == LINUX_FAMILY_IPV6 ? 28 : 0;
}

/* A piece of memory to send from or receive into; memory that is not there is BAD_MEMORY. */
struct linux_buffer {
    void *base;
    size_t length;
};

/* The new socket, or an error. */
int linux_socket_open(uint16_t family, uint16_t type, uint32_t protocol);
/* abort: the peer is told of an abortive end (RST), and what was not sent yet is dropped. */
void linux_socket_close(int socket, bool abort);
int linux_socket_bind(int socket, const struct linux_socket_address *address);
int linux_socket_listen(int socket);
int linux_socket_accept(int socket);
/* WOULD_BLOCK: it is on its way; writable when decided, then see linux_socket_take_error. */
int linux_socket_connect(int socket, const struct linux_socket_address *address);
int linux_socket_take_error(int socket);
/* Bytes sent, perhaps fewer than asked for. to may be NULL. */
int64_t linux_socket_send(int socket, const struct linux_buffer *buffers, size_t count,
                          const struct linux_socket_address *to);
/* Bytes received; 0 from a stream is its end. from, truncated (a datagram did not fit) may be NULL.
 */
int64_t linux_socket_receive(int socket, const struct linux_buffer *buffers, size_t count,
                             struct linux_socket_address *from, bool *truncated);
/* Ends sending gracefully, or the whole connection abortively. */
int linux_socket_shutdown(int socket, bool abort);
int linux_socket_local_address(int socket, struct linux_socket_address *address);
int linux_socket_remote_address(int socket, struct linux_socket_address *address);

enum linux_socket_option {
    LINUX_SOCKET_REUSE_ADDRESS,
    LINUX_SOCKET_KEEP_ALIVE,
    LINUX_SOCKET_BROADCAST,
    LINUX_SOCKET_SEND_BUFFER,
    LINUX_SOCKET_RECEIVE_BUFFER,
    LINUX_SOCKET_NO_DELAY,
    LINUX_SOCKET_IPV6_ONLY,
};
int linux_socket_set_option(int socket, enum linux_socket_option option, int value);
int linux_socket_get_option(int socket, enum linux_socket_option option, int *value);

/* ---- waiting: tells each change of a socket's readiness once ---- */
enum linux_socket_event {
    LINUX_SOCKET_READABLE = 1,
    LINUX_SOCKET_WRITABLE = 2,
    LINUX_SOCKET_PEER_CLOSED = 4, /* it sends no more */
    LINUX_SOCKET_BROKEN = 8,
};
struct linux_socket_ready {
    uint64_t id;
    uint32_t events;
};
/* A poller, or an error. */
int linux_poller_open(void);
void linux_poller_close(int poller);
int linux_poller_add(int poller, int socket, uint64_t id);
/* Blocks for up to milliseconds; how many of ready were filled. A signal ends it early. */
int linux_poller_wait(int poller, struct linux_socket_ready *ready, int capacity, int milliseconds);

/* ---- names; may block for long ---- */
/* Up to capacity addresses of a host and service (UTF-8; each may be NULL); family 0: any. How
 * many, or an error; UNREACHABLE: no such name. */
int linux_resolve(const char *host, const char *service, uint16_t family, bool passive,
                  bool numeric, struct linux_socket_address *addresses, int capacity);

#endif
