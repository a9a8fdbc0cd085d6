/*
 * The application side: open a device, call its commands, run its driver as a service.
 *
 * All strings are UTF-8. Functions may be called from any thread, many at once on one client;
 * only sb_close() must be the last use of its client. No function prints.
 */
#ifndef SYSBUF_CLIENT_H
#define SYSBUF_CLIENT_H

#include <stdbool.h>
#include <sysbuf/protocol.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong. 0 is success; numbers keep their meaning from version to version. */
enum sb_error {
    SB_OK = 0,

    /* Mistakes of the calling program. */
    SB_ERROR_ARGUMENT = 1, /* a NULL, a length over 4 GiB, text that is no UTF-8 */
    SB_ERROR_NO_MEMORY = 2,

    /* Opening. */
    SB_ERROR_NOT_FOUND = 10,     /* no such device: its driver does not run */
    SB_ERROR_BUSY = 11,          /* the device is exclusive and open elsewhere */
    SB_ERROR_ACCESS_DENIED = 12, /* the caller lacks the right; administrators usually have it */

    /* Calling: what the driver answered. */
    SB_ERROR_TIMEOUT = 20,         /* not answered in time; the call was cancelled */
    SB_ERROR_TRUNCATED = 21,       /* the reply was longer than the buffer, which it fills */
    SB_ERROR_BAD_LENGTH = 22,      /* the request has a length that the command does not take */
    SB_ERROR_REPLY_TOO_SMALL = 23, /* the reply buffer is too small for any answer */
    SB_ERROR_UNKNOWN_COMMAND = 24, /* the driver has no such command */
    SB_ERROR_CLOSED = 25,          /* cancelled: the client was closed, or the driver gave up */
    SB_ERROR_STATE = 26,           /* not now: subscribed twice, or not at all */
    SB_ERROR_TOO_LATE = 27,        /* the driver no longer waits for this answer */
    SB_ERROR_VERSION = 28,         /* driver and program speak no version that both know */
    SB_ERROR_NOT_RUN = 29,         /* a command of a batch that an earlier failure ended */

    /* Services. */
    SB_ERROR_NOT_INSTALLED = 30,
    SB_ERROR_ALREADY_INSTALLED = 31,
    SB_ERROR_ALREADY_RUNNING = 32,
    SB_ERROR_NOT_RUNNING = 33,
    SB_ERROR_FILE_NOT_FOUND = 34, /* the driver's file is not there */
    SB_ERROR_BAD_IMAGE = 35,      /* the driver's file is no driver for this machine */
    SB_ERROR_SIGNATURE = 36,      /* Windows does not accept the driver's signature */
    SB_ERROR_START_FAILED = 37,   /* the driver refused to start */
    SB_ERROR_STOP_FAILED = 38,    /* the driver did not stop in time; is it still open? */
    SB_ERROR_DELETE_PENDING = 39, /* removed, but still in use somewhere */

    /* Shared rings (sysbuf/ring_client.h). */
    SB_ERROR_RING_VERSION = 50, /* driver and program speak different versions of rings */
    SB_ERROR_RING_SIZES = 51,   /* the sizes asked for do not fit each other */
    SB_ERROR_RING_LIMIT = 52,   /* the sizes asked for are above what the driver offers */
    SB_ERROR_RING_OPEN = 53,    /* this client has a ring already */
    SB_ERROR_RING_COUNT = 54,   /* the driver has as many rings as it allows */
    SB_ERROR_RING_FULL = 55,    /* there was no room in time; nothing was sent */
    SB_ERROR_RING_EMPTY = 56,   /* no message came in time */
    SB_ERROR_RING_BROKEN = 57,  /* what one side wrote made no sense to the other */
    /* Sockets. */
    SB_ERROR_PROTOCOL = 40,     /* the other side is no driver of the toolkit, or a later one */
    SB_ERROR_DISCONNECTED = 41, /* the driver ended the connection; it is of no more use */
    SB_ERROR_SECRET = 42,       /* one of the two sides does not know the secret */

    /* Anything else; sb_system_error() says what. */
    SB_ERROR_SYSTEM = 99
};

/* A sentence in English that says what the error is and what to do. Never NULL; static. */
const char *sb_error_text(enum sb_error error);

/* The system's own number behind the last failure of this thread (Win32 error), 0 if none. */
uint32_t sb_system_error(void);

/* Wait for as long as it takes. */
#define SB_FOREVER UINT32_MAX

struct sb_client;

/*
 * Opens a device for reading and writing, as "\\\\.\\Name". *client is then the caller's, to be
 * given back with sb_close(). On failure *client is untouched. A path that does not begin with
 * "\\\\.\\" names no device: ARGUMENT.
 *
 * Errors: ARGUMENT, NO_MEMORY, NOT_FOUND, BUSY, ACCESS_DENIED, SYSTEM. Windows answers the same for
 * a device that is open elsewhere and for one the caller may not open; BUSY is said where the
 * caller is an administrator, whom the toolkit's drivers never refuse.
 */
enum sb_error sb_open(const char *path, struct sb_client **client);

/*
 * Opens a driver's socket instead of its device (docs/channels.md, "Socket"). address is
 * "tcp://127.0.0.1:PORT" for a driver that listens, or "tcp-listen://127.0.0.1:PORT" to wait at
 * that port for one that connects; IPv4. secret is what the driver's registry has, secret_length
 * (16 to 64) bytes of it; it is not kept. Blocks for at most timeout milliseconds (SB_FOREVER: no
 * limit). *client is as from sb_open(), with these differences: commands run one after the other,
 * input and output have at most 1 MiB (a longer input is BAD_LENGTH, a greater capacity is cut),
 * and after DISCONNECTED, PROTOCOL or a request that was sent in half nothing but sb_close() is of
 * use. A call that times out goes on in the driver; only its reply is dropped. Notifications and
 * batches are the same; what needs memory that both share is not there (sb_send(), sb_read(),
 * sb_write(), rings): UNKNOWN_COMMAND, as are subscriptions where the driver speaks version 1 of
 * the protocol.
 *
 * Errors: ARGUMENT, NO_MEMORY, NOT_FOUND (nobody listens there, or the port is taken), SECRET, BUSY
 * (the driver has as many connections as it takes), TIMEOUT, PROTOCOL, DISCONNECTED (the driver
 * would not have this open), SYSTEM.
 */
enum sb_error sb_open_socket(const char *address, const void *secret, size_t secret_length,
                             uint32_t timeout, struct sb_client **client);

/*
 * Calls a command: sends input_length bytes of input, waits for the reply and puts it into output,
 * which has room for output_capacity bytes; *reply_length is how many came. input may be NULL if
 * its length is 0, so may output; reply_length may be NULL. Lengths in bytes.
 *
 * Blocks for at most timeout milliseconds (SB_FOREVER: no limit; 0: only what is answered at once)
 * and a second more, in which a cancelled call may end. If the driver answers while it is being
 * cancelled, the answer counts. After SB_ERROR_TIMEOUT nothing of the call touches output any
 * more, even if the driver never lets go of it. A driver that works inside the call itself,
 * without pending it, is waited for: Windows knows no other way.
 *
 * On SB_OK and SB_ERROR_TRUNCATED output and *reply_length are set; on any other error both are
 * untouched. Errors: ARGUMENT, NO_MEMORY, TIMEOUT, TRUNCATED, BAD_LENGTH, REPLY_TOO_SMALL,
 * UNKNOWN_COMMAND, ACCESS_DENIED, CLOSED, SYSTEM.
 *
 * A METHOD_OUT_DIRECT command without a time limit writes to output itself where the system allows
 * it (Windows), so output may have been written to on an error. METHOD_IN_DIRECT commands, which
 * take a second input in place of an output, are sent with sb_send(): ARGUMENT here.
 */
enum sb_error sb_call(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, void *output, size_t output_capacity,
                      size_t *reply_length, uint32_t timeout);

/*
 * Calls a METHOD_IN_DIRECT command: sends input, and data_length bytes of data that the driver
 * reads where they lie. They should not change before the call has returned. Else as sb_call();
 * ARGUMENT also for a code of another method.
 */
enum sb_error sb_send(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, const void *data, size_t data_length, uint32_t timeout);

/*
 * Reads from, or writes to the device, up to length bytes; *transferred (may be NULL) is how many
 * were. What offset means is the driver's to say. A driver of a stream may transfer fewer bytes
 * than asked for, one of messages transfers one message whole. Time limit, blocking and errors as
 * sb_call(): TRUNCATED of a read says that the message was longer.
 */
enum sb_error sb_read(struct sb_client *client, uint64_t offset, void *buffer, size_t length,
                      size_t *transferred, uint32_t timeout);
enum sb_error sb_write(struct sb_client *client, uint64_t offset, const void *buffer, size_t length,
                       size_t *transferred, uint32_t timeout);

/*
 * Asks the driver which protocol it speaks, what it offers and how much of it. A driver of the
 * first protocol, which tells the version of its contract only, offers nothing besides its table:
 * protocol 1, features 0.
 *
 * VERSION where driver and program know no common version; *protocol is then filled all the same,
 * to say which. Errors: as sb_call(), *protocol untouched; UNKNOWN_COMMAND from a driver that tells
 * nothing.
 */
enum sb_error sb_handshake(struct sb_client *client, struct sb_protocol *protocol);

/*
 * Asks the driver for the version of its contract (SB_QUERY_CONTRACT). *version is untouched on
 * failure. Errors: as sb_call(); UNKNOWN_COMMAND from a driver that tells none.
 */
enum sb_error sb_query_contract(struct sb_client *client, uint32_t *version);

/*
 * Closes the device: cancels calls that other threads have under way, waits until they have
 * returned (with SB_ERROR_CLOSED, or their answer) and frees the client. NULL is nothing to do.
 * Blocks as long as those calls do; one without a time limit on a driver that ignores its
 * cancellation may do so for ever.
 */
void sb_close(struct sb_client *client);

/*
 * The first half of sb_close() alone: calls that are under way end, its subscription's receives
 * too, those that come later are refused with SB_ERROR_CLOSED, and the client stays to be closed.
 * For programs whose threads may still be about to call: end the calls, wait for the threads, give
 * subscriptions and rings back, close. NULL is nothing to do. Blocks as sb_close().
 */
void sb_end_calls(struct sb_client *client);

/* ---- notifications ---- */

struct sb_subscription;

/* What is known of a message. */
struct sb_message {
    size_t length;     /* bytes of it, also where fewer fitted */
    uint64_t sequence; /* 1, 2, 3 ... of the messages received */
    uint64_t lost;     /* messages lost so far, by the driver's overflow rule */
    uint64_t question; /* 0; or the driver waits for sb_answer() with this number */
};

struct sb_subscribe_options {
    uint32_t pending; /* requests to keep at the driver, 1 to 64; 0: 8 */
    /* Not NULL: called for each message, in order, by a thread of the subscription's. message is
       valid during the call. It may call sb_answer(), but not sb_unsubscribe(). */
    void (*receive)(void *context, const void *message, const struct sb_message *information);
    void *context;
};

/*
 * Subscribes to the driver's notifications: messages from now on are received, each once, in order.
 * *subscription is then the caller's, to be given back with sb_unsubscribe() before the client is
 * closed. options NULL: all defaults. A client has one subscription; open the device again for
 * another.
 * Errors: ARGUMENT, NO_MEMORY, STATE (this client has one), VERSION, UNKNOWN_COMMAND (the driver
 * has none), ACCESS_DENIED, CLOSED, SYSTEM.
 */
enum sb_error sb_subscribe(struct sb_client *client, const struct sb_subscribe_options *options,
                           struct sb_subscription **subscription);

/*
 * Takes the next message: up to capacity bytes of it go to message, and what is known of it to
 * *information (may be NULL). Waits for at most timeout milliseconds (0: only what is there).
 * Several threads may call: each message goes to one of them. Not with a receive callback: STATE.
 *
 * OK; TRUNCATED where the message was longer, and its rest is gone; TIMEOUT where there was none:
 * nothing is lost by that; CLOSED where the subscription has ended, over a socket DISCONNECTED
 * where the connection has; ARGUMENT, STATE, SYSTEM.
 */
enum sb_error sb_receive(struct sb_subscription *subscription, void *message, size_t capacity,
                         struct sb_message *information, uint32_t timeout);

/*
 * Answers a question of the driver's (struct sb_message.question). From any thread.
 * TOO_LATE where the driver no longer waits; BAD_LENGTH where the answer is longer than it takes,
 * and it goes on waiting; ARGUMENT, NO_MEMORY, CLOSED, SYSTEM.
 */
enum sb_error sb_answer(struct sb_subscription *subscription, uint64_t question, const void *answer,
                        size_t length);

/* How the driver sees the subscription: what waits, what was lost. Errors: as sb_call(). */
enum sb_error sb_subscription_state(struct sb_subscription *subscription,
                                    struct sb_notify_state *state);

/* Ends the subscription and frees it; sb_receive() of other threads returns CLOSED, a callback that
   runs is waited for. Must be its last use. NULL is nothing to do. */
void sb_unsubscribe(struct sb_subscription *subscription);

/* ---- batches ---- */

struct sb_batch;

/* Makes an empty batch, the caller's until sb_batch_delete(). Not for two threads at once. NULL if
   there is no memory. */
struct sb_batch *sb_batch_create(void);
void sb_batch_delete(struct sb_batch *batch);

/*
 * Adds a command: its input is copied, and its reply may have output_capacity bytes. Commands have
 * the indices 0, 1, 2 ... in the order in which they were added.
 * ARGUMENT (also: 4096 commands, or 4 GiB), NO_MEMORY; the batch is then as before.
 */
enum sb_error sb_batch_add(struct sb_batch *batch, uint32_t code, const void *input,
                           size_t input_length, size_t output_capacity);

/*
 * Sends all commands in one call; they run in order. flags: SB_BATCH_STOP_AT_FAILURE or 0. A batch
 * may be called again. OK says that the batch ran; how its commands ended sb_batch_result() says.
 * Errors: as sb_call(), and none has run; UNKNOWN_COMMAND from a driver without batches; ARGUMENT
 * also for an empty one. A batch with more commands than the driver takes: SYSTEM.
 */
enum sb_error sb_batch_call(struct sb_client *client, struct sb_batch *batch, uint32_t flags,
                            uint32_t timeout);

/*
 * How a command of a batch that has run ended, with the errors of sb_call(), or NOT_RUN. On OK and
 * TRUNCATED *reply and *reply_length (each may be NULL) are set and valid until the batch is called
 * again, added to or deleted. ARGUMENT where there is no such command or it has not been called.
 */
enum sb_error sb_batch_result(const struct sb_batch *batch, size_t index, const void **reply,
                              size_t *reply_length);

/* ---- statistics ---- */

/*
 * Asks for the driver's counters: values[] has room for count, by enum sb_counter; those that the
 * driver lacks are 0. Errors: as sb_call(), values untouched; UNKNOWN_COMMAND from a driver that
 * tells none.
 */
enum sb_error sb_query_statistics(struct sb_client *client, uint64_t *values, size_t count);

/* A counter's name, a few words in English; NULL for one that this library does not know. Static.
 */
const char *sb_counter_name(enum sb_counter counter);

/* ---- services ---- */

/*
 * A driver as a kernel service. Each needs an administrator, except sb_service_status(). Blocking;
 * start and stop wait up to 30 seconds for the service to get there.
 */
enum sb_service_state {
    SB_SERVICE_STOPPED,
    SB_SERVICE_RUNNING,
    SB_SERVICE_CHANGING, /* on its way from one to the other */
};

/*
 * Registers the driver in the file at path (absolute or relative to the current folder) under the
 * service's name, started on demand. The file is looked at first: FILE_NOT_FOUND where it is not
 * there, BAD_IMAGE where it is no x64 kernel driver, and nothing is registered.
 * Errors: ARGUMENT, NO_MEMORY, ACCESS_DENIED, ALREADY_INSTALLED, FILE_NOT_FOUND, BAD_IMAGE,
 * DELETE_PENDING, SYSTEM.
 */
enum sb_error sb_service_install(const char *name, const char *path);

/* Errors: ARGUMENT, NO_MEMORY, ACCESS_DENIED, NOT_INSTALLED, ALREADY_RUNNING, FILE_NOT_FOUND,
   BAD_IMAGE, SIGNATURE, START_FAILED, DELETE_PENDING, SYSTEM. */
enum sb_error sb_service_start(const char *name);

/* Windows stops a driver only when its last handle has gone. After STOP_FAILED the stop stays asked
   for: the device takes no new opens and the driver stops once the open ones are closed. Errors:
   ARGUMENT, NO_MEMORY, ACCESS_DENIED, NOT_INSTALLED, NOT_RUNNING, STOP_FAILED, SYSTEM. */
enum sb_error sb_service_stop(const char *name);

/* Stops the service if it runs, then removes it. Errors: as stop, DELETE_PENDING. */
enum sb_error sb_service_uninstall(const char *name);

/* Errors: ARGUMENT, NO_MEMORY, ACCESS_DENIED, NOT_INSTALLED, SYSTEM; *state is then untouched. */
enum sb_error sb_service_status(const char *name, enum sb_service_state *state);

/* ---- a trace ---- */

/*
 * On Linux, where drivers run inside of the program: writes the life of each request to the file at
 * path, as Chrome trace events, which Perfetto opens (docs/host.md). Before the program's first
 * other call of this library. path NULL ends the trace: SYSTEM then says that the file is not
 * whole. Otherwise it ends with the program.
 *
 * Errors: STATE (too late; there is one already, or none to end), SYSTEM (sb_system_error() is an
 * errno). On Windows, whose drivers run in the system: UNKNOWN_COMMAND.
 */
enum sb_error sb_trace_requests(const char *path);

#ifdef __cplusplus
}
#endif

#endif
