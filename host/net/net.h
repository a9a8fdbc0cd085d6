/*
 * Winsock Kernel over Linux sockets.
 *
 * A socket has queues of requests and one turn: whoever has the turn (net_drive) moves the queues
 * on as far as Linux lets it, completes what has ended, one after the other, and calls the event
 * callbacks. Others only queue: a completion routine that sends again makes no recursion, and what
 * ends on one socket is told in order. Linux tells the machine's network thread of readiness; it
 * then takes the turn, at DISPATCH_LEVEL. A caller takes it at its own IRQL.
 *
 * Locks: socket.lock, of one socket at a time, then net_state.lock (the table of sockets). Neither
 * is held while a driver is called or its memory is touched, but for queued IRPs; Linux moves the
 * data and answers bad memory with an error.
 */
#ifndef SYSBUF_HOST_NET_H
#define SYSBUF_HOST_NET_H

#include "host/ke/schedule.h"
#include "host/linux/socket.h"

#include <sysbuf/wsk.h>

enum { NET_SOCKET_TAG = 0x536b7357, NET_DATA_TAG = 0x446b7357, NET_REGISTRATION_TAG = 0x526b7357 };

struct net_state {
    struct linux_lock lock;
    struct socket **sockets; /* by slot; NULL: free. lock */
    uint32_t slots;
    uint64_t generation;
    struct linux_lock start_lock;
    int poller; /* -1: WSK has not been used yet */
    PETHREAD thread;
};

/* WskRegister to WskDeregister; what drivers know as PWSK_CLIENT. In pool. */
struct registration {
    WSK_CLIENT_NPI npi;
    KEVENT idle;     /* uses has become 0 */
    LONG uses;       /* atomic: captures, sockets, and one until WskDeregister */
    ULONG callbacks; /* events that every new socket has enabled */
};
void registration_use(struct registration *registration);
void registration_unuse(struct registration *registration);

enum request_kind {
    REQUEST_SEND, /* and send to */
    REQUEST_RECEIVE,
    REQUEST_ACCEPT,
    REQUEST_CONNECT,
    REQUEST_DISCONNECT,
    REQUEST_CLOSE,
};

/* Where a request stands. QUEUED ones can be cancelled; CANCELLED ones have been, and CAUGHT ones
 * have ended, but the cancel routine still needs the IRP: it hands both on. */
enum request_state { REQUEST_QUEUED, REQUEST_CAUGHT, REQUEST_DONE };

struct request {
    LIST_ENTRY link;
    enum request_kind kind;
    enum request_state state;
    PIRP irp; /* NULL: nobody waits for it */
    NTSTATUS status;
    ULONG_PTR information;
    ULONG flags; /* WSK_FLAG_* */
    BOOLEAN has_address;
    struct linux_socket_address address;
    /* ACCEPT, RECEIVE_FROM: the driver's, written when it completes; NULL: not wanted. */
    PSOCKADDR local_address, remote_address;
    struct linux_socket_address from;
    BOOLEAN tells_from;
    PULONG control_length, control_flags;
    /* ACCEPT */
    PVOID context;
    CONST WSK_CLIENT_CONNECTION_DISPATCH *dispatch;
    struct socket *accepted;
    /* CONNECT of WskSocketConnect: answers with the socket, which goes if it fails. */
    BOOLEAN makes_socket;
    SIZE_T moved, length; /* bytes so far, and in all */
    ULONG buffer_count, first_buffer;
    struct linux_buffer buffers[];
};

/* What a driver holds. In pool, so that sockets left open are seen. */
struct socket_object {
    WSK_SOCKET wsk;
    struct socket *socket;
};

enum socket_state {
    SOCKET_NEW,
    SOCKET_BOUND,
    SOCKET_LISTENING,
    SOCKET_CONNECTING,
    SOCKET_CONNECTED,
    SOCKET_FAILED, /* the connection is broken; status says why */
};

struct socket {
    struct linux_lock lock;
    LONG references; /* atomic: the driver's own and whoever works on it */
    uint64_t id;     /* slot and generation: how the poller names it */
    struct net_state *net;
    struct socket_object *object; /* NULL once closed */
    struct registration *registration;
    ULONG category; /* WSK_FLAG_*_SOCKET */
    uint16_t family, type;
    ULONG protocol;
    int handle; /* Linux's; -1: none (a basic socket, or closed) */

    /* All below: lock. */
    enum socket_state state;
    NTSTATUS status;
    BOOLEAN has_turn; /* somebody drives it */
    BOOLEAN closing, sent_end, received_end;
    BOOLEAN sends_at_once; /* WSK_FLAG_NODELAY has been asked for */
    uint32_t ready;        /* LINUX_SOCKET_PEER_CLOSED, LINUX_SOCKET_BROKEN so far */
    LIST_ENTRY sends, receives, accepts, connects; /* QUEUED */
    LIST_ENTRY caught, done;

    /* Events. */
    PVOID context;
    const VOID *dispatch;     /* WSK_CLIENT_*_DISPATCH, NULL: none */
    ULONG callbacks;          /* WSK_EVENT_* enabled */
    ULONG inherited;          /* of a listening socket: what accepted ones have enabled */
    BOOLEAN receive_paused;   /* the driver did not accept data: until it has fetched it */
    BOOLEAN end_told;         /* WskDisconnectEvent has been called */
    struct indication *kept;  /* data that was not accepted, read before the socket */
    struct indication *spare; /* empty, for the next event */
    PIRP disabling;           /* told when the callback that runs now has returned */
    BOOLEAN in_callback;
};

NTSTATUS net_initialize(struct machine *machine);
void net_destroy(struct machine *machine);
/* Opens the poller and starts the network thread, unless that is done. PASSIVE_LEVEL. */
NTSTATUS net_start(struct machine *machine);

/* ---- sockets (socket.c) ---- */
struct socket_options {
    struct registration *registration;
    ULONG category;
    uint16_t family, type;
    ULONG protocol;
    PVOID context;
    const VOID *dispatch;
};
/* handle: Linux's socket, which becomes the new one's, also on failure; -1: none. One reference,
 * the driver's. */
NTSTATUS socket_create(const struct socket_options *options, int handle, struct socket **created);
struct socket *socket_of(PWSK_SOCKET wsk);
struct socket *socket_find(struct net_state *net, uint64_t id); /* referenced, or NULL */
void socket_reference(struct socket *socket);
void socket_dereference(struct socket *socket);
/* Ends it for Linux and for the driver; the driver's reference stays to be dropped. */
void socket_shut(struct socket *socket);

/* ---- requests (request.c) ---- */
/* Makes a request of the buffer (NULL: none) and lays hands on the IRP (NULL: none), which is
 * answered with the status if that fails. May raise what a bad buffer raises. */
NTSTATUS request_create(enum request_kind kind, PIRP irp, const WSK_BUF *buffer,
                        struct request **created);
/* Queues it and takes the turn. What the WSK function returns: STATUS_PENDING. */
NTSTATUS request_submit(struct socket *socket, struct request *request);
/* Ends a queued request: onto the list of those done, or of the caught. Socket lock held. */
void request_end(struct socket *socket, struct request *request, NTSTATUS status);
void request_end_all(struct socket *socket, PLIST_ENTRY queue, NTSTATUS status);
/* Takes the IRP as the driver below would. */
void irp_take(PIRP irp);
/* Completes an IRP (NULL: none) that never pended; returns the status. */
NTSTATUS irp_answer(PIRP irp, NTSTATUS status, ULONG_PTR information);

/* ---- driving (drive.c, pump.c) ---- */
/* Takes the turn, if nobody has it, and keeps it until nothing is left to do. */
void net_drive(struct socket *socket);
/* Moves the queues on. Socket lock held; the socket is the caller's turn. */
void socket_pump(struct socket *socket);
/* A status for enum linux_socket_error, negative as it comes. */
NTSTATUS socket_status(int64_t error);
void socket_fail(struct socket *socket, NTSTATUS status);
/* The accepted socket of Linux as one of ours. */
NTSTATUS socket_accept(struct socket *listener, int handle, PVOID context, const VOID *dispatch,
                       struct socket **accepted);

/* ---- events (event.c) ---- */
/* Calls one event callback that is due. Lock held, let go meanwhile; FALSE: none was due. */
BOOLEAN socket_event(struct socket *socket);
/* Bytes the driver did not accept when they were indicated. Lock held. */
SIZE_T socket_take_kept(struct socket *socket, struct request *request);
/* Takes its buffers from a socket on its way out. No lock. */
void socket_drop_indications(struct socket *socket);
NTSTATUS socket_set_callbacks(struct socket *socket, ULONG mask, PIRP irp);
NTSTATUS WSKAPI wsk_release_data(PWSK_SOCKET wsk, PWSK_DATA_INDICATION list);
NTSTATUS WSKAPI wsk_release_datagrams(PWSK_SOCKET wsk, PWSK_DATAGRAM_INDICATION list);

/* ---- addresses (address.c) ---- */
/* Copies a driver's address; FALSE: NULL, or not of the family (0: any). */
BOOLEAN address_take(struct linux_socket_address *to, const SOCKADDR *from, uint16_t family);
void address_give(PSOCKADDR to, const struct linux_socket_address *from); /* to may be NULL */
uint16_t address_family(const struct linux_socket_address *address);

/* ---- the dispatch tables ---- */
extern const WSK_PROVIDER_DISPATCH net_provider_dispatch;
const VOID *socket_dispatch_table(ULONG category);
NTSTATUS WSKAPI wsk_control_client(PWSK_CLIENT client, ULONG code, SIZE_T input_size, PVOID input,
                                   SIZE_T output_size, PVOID output, SIZE_T *returned, PIRP irp);
NTSTATUS WSKAPI wsk_control_socket(PWSK_SOCKET wsk, WSK_CONTROL_SOCKET_TYPE type, ULONG code,
                                   ULONG level, SIZE_T input_size, PVOID input, SIZE_T output_size,
                                   PVOID output, SIZE_T *returned, PIRP irp);
NTSTATUS WSKAPI wsk_close_socket(PWSK_SOCKET wsk, PIRP irp);
NTSTATUS WSKAPI wsk_bind(PWSK_SOCKET wsk, PSOCKADDR local, ULONG flags, PIRP irp);
NTSTATUS WSKAPI wsk_get_local_address(PWSK_SOCKET wsk, PSOCKADDR local, PIRP irp);
NTSTATUS WSKAPI wsk_get_remote_address(PWSK_SOCKET wsk, PSOCKADDR remote, PIRP irp);
NTSTATUS WSKAPI wsk_get_address_info(PWSK_CLIENT client, PUNICODE_STRING node,
                                     PUNICODE_STRING service, ULONG name_space, GUID *provider,
                                     PADDRINFOEXW hints, PADDRINFOEXW *result, PEPROCESS process,
                                     PETHREAD thread, PIRP irp);
VOID WSKAPI wsk_free_address_info(PWSK_CLIENT client, PADDRINFOEXW list);
/* Binds an unbound socket. */
NTSTATUS socket_bind(struct socket *socket, const struct linux_socket_address *address);

extern const WSK_PROVIDER_CONNECTION_DISPATCH net_connection_dispatch;
extern const WSK_PROVIDER_DATAGRAM_DISPATCH net_datagram_dispatch;
extern const WSK_PROVIDER_LISTEN_DISPATCH net_listen_dispatch;
extern const WSK_PROVIDER_STREAM_DISPATCH net_stream_dispatch;
extern const WSK_PROVIDER_BASIC_DISPATCH net_basic_dispatch;

#endif
