/*
 * What the files of the socket channel share. A connection's way through them:
 *
 *   socket_settings    the registry parameters     (once)
 *   socket             start, stop, the thread that accepts or connects
 *   socket_transport   WSK calls that wait, with a deadline and an end
 *   socket_connection  one peer: the handshake, then requests and replies
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

/* A request to WSK that is sent again and again. */
struct sb_wsk_request {
    PIRP irp;
    KEVENT done;
};

struct sb_transport {
    const WSK_PROVIDER_NPI *npi;
    PKEVENT stopping; /* ends every wait */
    PWSK_SOCKET wsk;  /* NULL: none */
    struct sb_wsk_request request, closing;
    BOOLEAN outstanding; /* the request has not ended although it was cancelled */
    BOOLEAN connected;
    BOOLEAN patient; /* closing may take a moment, in which the peer reads what it was told */
    PMDL scrap_mdl;
    UCHAR scrap[64];     /* what comes while closing */
    SOCKADDR_IN address; /* WSK may read it until a request has ended; so the buffer */
    WSK_BUF buffer;
};

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
/* At least one byte, up to length. STATUS_END_OF_FILE: the peer sends no more. */
NTSTATUS sb_transport_receive(struct sb_transport *transport, PMDL mdl, ULONG offset, ULONG length,
                              LONGLONG deadline, ULONG *received);

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
/* Calls a command; *reply_length bytes are then at output. One that waits in the driver is
   cancelled when the channel stops and at the deadline. STATUS_NOT_SUPPORTED: the code's method
   needs memory of the caller. */
NTSTATUS sb_socket_call(struct sb_socket_open *open, const struct sb_socket_message *message,
                        PKEVENT stopping, LONGLONG deadline, ULONG *reply_length);

/* An IRP with its event (transport), used for WSK and for the device. */
NTSTATUS sb_request_make(struct sb_wsk_request *request, CCHAR stack_size);
PIRP sb_request_begin(struct sb_wsk_request *request);
/* Waits for the request's end, the stop or the deadline: STATUS_SUCCESS, STATUS_CANCELLED,
   STATUS_IO_TIMEOUT. */
NTSTATUS sb_request_wait(struct sb_wsk_request *request, PKEVENT stopping, LONGLONG deadline);

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

/* Serves the peer until it or the channel ends, and closes the transport. Blocks. */
void sb_socket_serve(struct sb_socket_channel_state *channel, struct sb_transport *transport);
/* Tells the peer that there is no place for it, and closes the transport. Blocks a moment. */
void sb_socket_turn_away(struct sb_socket_channel_state *channel, struct sb_transport *transport);

#endif
