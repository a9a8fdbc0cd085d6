/*
 * What the files of the socket channel share. A connection's way through them:
 *
 *   socket_settings    the registry parameters     (once)
 *   socket             start, stop, the thread that accepts or connects
 *   socket_transport   WSK calls that wait, with a deadline and an end
 *   socket_connection  one peer: frames, requests and replies
 *   socket_handshake   who the peer is
 *   socket_feed        the peer's requests for notifications, which wait beside all others
 *   socket_outbox      replies on their way to the peer
 *   socket_open        the connection as an open of the device: its requests as IRPs
 *   socket_frame       frames and proofs
 *
 * Everything runs in threads of the channel's own at PASSIVE_LEVEL. A thread waits for its request
 * to WSK, for the channel's stop event and for a deadline, whichever comes first. What is stopped
 * or late is cancelled; what does not heed that ends when its socket is closed.
 */
#ifndef SYSBUF_SOCKET_INTERNAL_H
#define SYSBUF_SOCKET_INTERNAL_H

#include "internal.h"
#include "socket_frame.h"

#include <sysbuf/wsk.h>

struct sb_socket_settings {
    SOCKADDR_IN address; /* to listen on or to connect to */
    BOOLEAN connects;    /* the driver connects, rather than listens */
    ULONG connection_limit;
    ULONG timeout;      /* milliseconds for a handshake, and for a frame once it has begun */
    ULONG idle_timeout; /* milliseconds between two requests, 0: for ever */
    ULONG secret_length;
    UCHAR secret[SB_SOCKET_SECRET_MAXIMUM];
};

/* The driver's Parameters key. *on is FALSE, and nothing else is set, without a port.
   STATUS_INVALID_PARAMETER, said in the log: a value that cannot be meant. */
NTSTATUS sb_socket_read_settings(PUNICODE_STRING registry_path, struct sb_socket_settings *settings,
                                 BOOLEAN *on);

/* ---- transport ---- */

#define SB_NO_DEADLINE MAXLONGLONG

/* The moment that many milliseconds from now, for the calls below; 0: SB_NO_DEADLINE. */
LONGLONG sb_deadline(ULONG milliseconds);

/* A request, to WSK or to the device, that is sent again and again. */
struct sb_wsk_request {
    PIRP irp;
    KEVENT done;
    BOOLEAN outstanding; /* to WSK: it has not ended although it was cancelled */
};

/* What a thread that waits does besides, each time the event is set: run clears it. A failure of
   run's ends the wait. */
struct sb_beside {
    PKEVENT event;
    NTSTATUS (*run)(void *context);
    void *context;
};

struct sb_transport {
    const WSK_PROVIDER_NPI *npi;
    PKEVENT stopping;                                /* ends every wait */
    PWSK_SOCKET wsk;                                 /* NULL: none */
    struct sb_wsk_request request, sending, closing; /* sending may go on beside a receive */
    BOOLEAN connected;
    BOOLEAN patient; /* closing may take a moment, in which the peer reads what it was told */
    PMDL scrap_mdl;
    UCHAR scrap[64];     /* what comes while closing */
    SOCKADDR_IN address; /* WSK may read it until a request has ended; so the buffer */
    WSK_BUF buffer, sent;
};

/* Something of the transport's is WSK's for good: nothing but closing it is of use. */
static inline BOOLEAN sb_transport_is_stuck(const struct sb_transport *transport)
{
    return transport->request.outstanding || transport->sending.outstanding;
}

/* A transport lies in nonpaged memory, or on the stack of the thread that uses it. Errors of all
   that follows: STATUS_CANCELLED the channel stops; STATUS_IO_TIMEOUT the deadline
   has passed; what WSK says. wsk: an accepted socket, which is the transport's from now on, also on
   failure; NULL: none. */
NTSTATUS sb_transport_open(struct sb_transport *transport, const WSK_PROVIDER_NPI *npi,
                           PKEVENT stopping, PWSK_SOCKET wsk);
/* Ends the connection, gracefully as far as the system can, and everything that is under way. */
void sb_transport_close(struct sb_transport *transport);

NTSTATUS sb_transport_listen(struct sb_transport *transport, const SOCKADDR_IN *address);
NTSTATUS sb_transport_connect(struct sb_transport *transport, const SOCKADDR_IN *address,
                              LONGLONG deadline);
NTSTATUS sb_transport_accept(struct sb_transport *transport, PWSK_SOCKET *accepted);
/* All of length bytes of the MDL from offset. */
NTSTATUS sb_transport_send(struct sb_transport *transport, PMDL mdl, ULONG offset, ULONG length,
                           LONGLONG deadline);
/* At least one byte, up to length. STATUS_END_OF_FILE: the peer sends no more. *deadline is looked
   at again after each run of beside (NULL: nothing is done besides), which may send. */
NTSTATUS sb_transport_receive(struct sb_transport *transport, PMDL mdl, ULONG offset, ULONG length,
                              const LONGLONG *deadline, const struct sb_beside *beside,
                              ULONG *received);

/* ---- opens ---- */

/*
 * A connection as an open of the device. Its CREATE, DEVICE_CONTROLs, CLEANUP and CLOSE go to the
 * device as those of any open, so that every rule holds that holds for control codes; but the file
 * object is not the I/O manager's, which would then never unload the driver. They come from kernel
 * mode, in the System process: access counts as granted.
 */
struct sb_socket_open {
    PDEVICE_OBJECT device;
    PFILE_OBJECT file; /* NULL: not open */
    struct sb_wsk_request request;
};

/* What the driver's create callback says. */
NTSTATUS sb_socket_open(struct sb_socket_open *open, PDEVICE_OBJECT device);
void sb_socket_close(struct sb_socket_open *open);

struct sb_socket_message {
    ULONG code;
    const void *input; /* not at output; of any alignment */
    ULONG input_length;
    void *output; /* room for the greater of both lengths, in nonpaged pool */
    ULONG output_capacity;
};
/*
 * Sends a command to the device with a request of device->StackSize. STATUS_PENDING: it is on its
 * way, and message stays as it is until the request's event is set and sb_socket_call_end() has
 * told its status; *reply_length bytes are then at output. Else it was not sent:
 * STATUS_NOT_SUPPORTED the code's method needs memory of the caller;
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS sb_socket_call_begin(struct sb_socket_open *open, struct sb_wsk_request *request,
                              const struct sb_socket_message *message);
NTSTATUS sb_socket_call_end(struct sb_socket_open *open, struct sb_wsk_request *request,
                            const struct sb_socket_message *message, ULONG *reply_length);

/* An IRP with its event (transport), used for WSK and for the device. */
NTSTATUS sb_request_make(struct sb_wsk_request *request, CCHAR stack_size);
PIRP sb_request_begin(struct sb_wsk_request *request);
/* Waits for the request's end, the stop or the deadline: STATUS_SUCCESS, STATUS_CANCELLED,
   STATUS_IO_TIMEOUT, or a failure of beside's (which may be NULL). */
NTSTATUS sb_request_wait(struct sb_wsk_request *request, PKEVENT stopping, const LONGLONG *deadline,
                         const struct sb_beside *beside);
/* Ends a request to the device, which heeds its cancellation; a handler that works is waited for,
   as are those of an application that is killed. */
void sb_request_cancel(struct sb_wsk_request *request);

/* ---- what goes to the peer ---- */

/* Nonpaged memory that WSK can use. */
struct sb_socket_buffer {
    UCHAR *bytes;
    PMDL mdl;
    ULONG capacity;
};

/* Makes room for capacity bytes; the first kept bytes stay. STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS sb_socket_reserve(const struct sb_driver *driver, struct sb_socket_buffer *buffer,
                           ULONG capacity, ULONG kept);
void sb_socket_free(const struct sb_driver *driver, struct sb_socket_buffer *buffer);

/* Replies gather until there is nothing else to do. */
struct sb_socket_outbox {
    struct sb_transport *transport;
    ULONG timeout; /* milliseconds for the peer to take what is sent */
    struct sb_socket_buffer buffer;
    ULONG gathered; /* bytes */
};

/* Gathers a reply, or sends it and all before it. frame has room for the header, and its payload
   behind that; it is the caller's again. */
NTSTATUS sb_socket_put(struct sb_socket_outbox *outbox, struct sb_socket_buffer *frame,
                       const struct sb_socket_header *header);
/* Sends what has gathered. */
NTSTATUS sb_socket_flush(struct sb_socket_outbox *outbox);

/* ---- notifications ---- */

/* The peer's requests for notifications that have not been answered, the oldest first; one at a
   time is at the device. */
struct sb_socket_feed {
    struct sb_socket_open *open; /* NULL: there is no feed */
    struct sb_wsk_request request;
    BOOLEAN under_way;
    struct sb_socket_buffer room; /* of the request: a header and its output */
    ULONG first, count;
    struct {
        uint32_t sequence, capacity;
    } waiting[SB_SOCKET_NEXT_MAXIMUM];
};

NTSTATUS sb_feed_open(struct sb_socket_feed *feed, struct sb_socket_open *open);
/* Ends what is under way, without an answer. Before the open is closed. The room stays: what was
   sent from there may still be WSK's until the transport is closed. */
void sb_feed_close(struct sb_socket_feed *feed);
/* Adds a request; FALSE: there are as many as may wait. */
BOOLEAN sb_feed_add(struct sb_socket_feed *feed, const struct sb_socket_header *request);
/* Sends on what is not under way yet and puts what has ended into the outbox. When the event of
   feed->request is set, and after sb_feed_add(). What the outbox says. */
NTSTATUS sb_feed_run(struct sb_socket_feed *feed, struct sb_socket_outbox *outbox);

/* ---- connections ---- */

struct sb_socket_channel_state {
    PDEVICE_OBJECT device;
    const struct sb_driver *driver;
    struct sb_socket_settings settings;
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi;
    KEVENT stopping;
    PVOID thread; /* accepts or connects; referenced */
    struct sb_transport listener;
    volatile LONG nonces; /* given out */
    ULONG input_maximum;  /* of the longest command */
};

/* One peer; only its thread is here. */
struct sb_socket_connection {
    struct sb_socket_channel_state *channel;
    struct sb_transport *transport;
    struct sb_socket_buffer in;
    ULONG first, received;       /* bytes in it, of which the first are dealt with */
    struct sb_socket_buffer out; /* a frame that is being made */
    struct sb_socket_outbox outbox;
    UCHAR nonce[SB_SOCKET_NONCE_LENGTH];
    struct sb_socket_open open;
    struct sb_socket_feed feed;
    struct sb_beside beside; /* the feed's; no event: there is none */
    LONGLONG deadline;       /* of the receive that goes on */
    BOOLEAN is_idle;         /* no byte of a request has come */
};

/* Sends the frame at out.bytes: the header, and length bytes that are there already. */
NTSTATUS sb_connection_send(struct sb_socket_connection *connection,
                            const struct sb_socket_header *header, LONGLONG deadline);
/*
 * Reads until a whole frame stands at in.first. The first byte may take until idle_deadline, the
 * rest has the channel's timeout from then on. STATUS_INVALID_NETWORK_RESPONSE: no frame that may
 * come now; STATUS_INVALID_BUFFER_SIZE: one that is too long.
 */
NTSTATUS sb_connection_read(struct sb_socket_connection *connection,
                            const struct sb_socket_expectation *expected, LONGLONG idle_deadline,
                            struct sb_socket_header *header);
/* Of the frame that was read, until it is dropped. */
const UCHAR *sb_connection_payload(const struct sb_socket_connection *connection);
/* The frame has been dealt with. */
void sb_connection_drop(struct sb_socket_connection *connection,
                        const struct sb_socket_header *header);

/* The peer knows the secret, and its answer is to be welcomed. STATUS_ACCESS_DENIED,
   STATUS_REVISION_MISMATCH, and those of sb_connection_read(). */
NTSTATUS sb_socket_authenticate(struct sb_socket_connection *connection, LONGLONG deadline,
                                struct sb_socket_answer *answer);
NTSTATUS sb_socket_welcome(struct sb_socket_connection *connection,
                           const struct sb_socket_answer *answer, LONGLONG deadline);

/* Serves the peer until it or the channel ends, and closes the transport. Blocks. */
void sb_socket_serve(struct sb_socket_channel_state *channel, struct sb_transport *transport);
/* Tells the peer that there is no place for it, and closes the transport. Blocks a moment. */
void sb_socket_turn_away(struct sb_socket_channel_state *channel, struct sb_transport *transport);

#endif
