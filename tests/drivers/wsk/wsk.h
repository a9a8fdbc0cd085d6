/* What the files of the WSK test driver share: calls that wait, and one pair of connected sockets.
 */
#ifndef TESTS_WSK_H
#define TESTS_WSK_H

#include <sysbuf/wsk.h>

#include "check.h"

/* A request that has been sent and not been waited for. */
struct pending {
    PIRP irp;
    KEVENT done;
    NTSTATUS returned; /* by the WSK function */
};

extern WSK_PROVIDER_NPI npi;

/* An IRP whose completion sets pending->done and that stays the caller's. */
PIRP prepare(struct pending *pending);
/* Waits up to three seconds; the IRP's status, and its Information unless that is NULL. Frees it.
 */
NTSTATUS finish(struct pending *pending, ULONG_PTR *information);
BOOLEAN is_done(struct pending *pending);

void loopback(SOCKADDR_IN *address, USHORT port); /* port in network byte order */
NTSTATUS make_socket(ULONG category, const VOID *dispatch, PVOID context, PWSK_SOCKET *made);
NTSTATUS close_socket(PWSK_SOCKET wsk);
NTSTATUS bind_socket(PWSK_SOCKET wsk, USHORT port);
USHORT port_of(PWSK_SOCKET wsk);
/* Binds to some port that is free, below those that systems give away; the port, or 0. */
USHORT bind_somewhere(PWSK_SOCKET wsk);
/* Step by step; the socket is there afterwards if the connection is refused. */
NTSTATUS connect_to(USHORT port, PWSK_SOCKET *connected);
NTSTATUS accept_from(PWSK_SOCKET listener, USHORT port, PWSK_SOCKET *accepted);
/* A listening socket and both ends of a connection to it. */
struct pair {
    PWSK_SOCKET listener, near_end, far_end;
    USHORT port; /* the listener's */
};
BOOLEAN make_pair(struct pair *pair);
void close_pair(struct pair *pair);

/* A buffer described by an MDL. */
WSK_BUF describe(PVOID bytes, ULONG length);
void forget(WSK_BUF *buffer);
NTSTATUS send(PWSK_SOCKET wsk, const void *bytes, ULONG length, ULONG_PTR *sent);
NTSTATUS receive(PWSK_SOCKET wsk, void *bytes, ULONG length, ULONG flags, ULONG_PTR *received);
NTSTATUS disconnect(PWSK_SOCKET wsk, ULONG flags);

static inline const WSK_PROVIDER_CONNECTION_DISPATCH *connection(PWSK_SOCKET wsk)
{
    return wsk->Dispatch;
}

/* The groups, in their order. */
#define WSK_GROUPS(X)        \
    X(transports)            \
    X(names)                 \
    X(wrong_sockets)         \
    X(echo)                  \
    X(chain)                 \
    X(large)                 \
    X(at_dispatch)           \
    X(local_address)         \
    X(addresses_and_options) \
    X(socket_connect)        \
    X(unbound)               \
    X(no_client)             \
    X(refusals)              \
    X(graceful)              \
    X(abortive)              \
    X(cancelling)            \
    X(datagrams)             \
    X(events)
WSK_GROUPS(CHECK_GROUP_DECLARATION)

#endif
