/*
 * The application side of shared rings: messages both ways through memory that driver and
 * application share, without a system call as long as both are busy.
 *
 * Threads: one may send (sb_ring_send, _reserve, _commit, _flush) while another receives
 * (sb_ring_receive, _peek, _take); sb_ring_call does both. No two threads may do the same at once.
 * sb_ring_close() must be the last use of its ring, and come before sb_close() of its client.
 */
#ifndef SYSBUF_RING_CLIENT_H
#define SYSBUF_RING_CLIENT_H

#include <sysbuf/client.h>
#include <sysbuf/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sb_ring;

/* Sleep at once where there is nothing to do. */
#define SB_RING_NO_SPIN UINT32_MAX

/* Sizes in bytes. 0 everywhere, or no options at all, is a good ring for short messages. */
struct sb_ring_options {
    uint32_t message_maximum;    /* the longest message either way, 16 to 1 MiB; 0: 64 KiB */
    uint32_t to_driver_capacity; /* a power of two, more than two of the longest messages;
                                    0: 1 MiB, or as much as the messages need */
    uint32_t to_client_capacity; /* likewise */
    uint32_t spin;               /* looks before each sleep, about 40 ns each; 0: 500 */
};

/*
 * Opens the ring of this client; a client has at most one. options may be NULL. *ring is then the
 * caller's, to be given back with sb_ring_close(); untouched on failure. Blocks for as long as the
 * driver takes.
 *
 * Errors: ARGUMENT, NO_MEMORY, ACCESS_DENIED, UNKNOWN_COMMAND (the driver has no rings),
 * RING_VERSION, RING_SIZES (capacities that are no powers of two or too small), RING_LIMIT (more
 * than the driver offers), RING_OPEN (this client has one), RING_COUNT (the driver has too many),
 * CLOSED, SYSTEM.
 */
enum sb_error sb_ring_open(struct sb_client *client, const struct sb_ring_options *options,
                           struct sb_ring **ring);

/* Closes the ring and waits until the driver's handler has ended. Messages that the other side has
   not read are lost. NULL is nothing to do. */
void sb_ring_close(struct sb_ring *ring);

/* Bytes of the longest message. */
size_t sb_ring_message_maximum(const struct sb_ring *ring);

/* ---- sending ---- */

/*
 * Sends a message of 1 to sb_ring_message_maximum() bytes, copied, and shows it to the driver.
 * Waits up to timeout milliseconds for room (0: not at all; SB_FOREVER: no limit).
 *
 * Errors: ARGUMENT, RING_FULL, CLOSED (the driver has shut the ring), RING_BROKEN (what the other
 * side wrote made no sense; sb_ring_get_report() says what), SYSTEM. Nothing has been sent then.
 */
enum sb_error sb_ring_send(struct sb_ring *ring, const void *message, size_t length,
                           uint32_t timeout);

/*
 * The same in steps: room for a message, to be written in place. *room is aligned to 8 bytes and
 * valid until the commit; a reservation without a commit is no harm. Waits and fails as
 * sb_ring_send().
 */
enum sb_error sb_ring_reserve(struct sb_ring *ring, size_t length, void **room, uint32_t timeout);

/* Ends the reservation: length is 1 to what was reserved. The driver need not see the message
   before sb_ring_flush(): commit many, flush once. */
void sb_ring_commit(struct sb_ring *ring, size_t length);

/* Shows the driver all that is committed, and wakes it if it sleeps. Does not wait. */
void sb_ring_flush(struct sb_ring *ring);

/* ---- receiving ---- */

/*
 * Takes the next message. Waits up to timeout milliseconds for one.
 *
 * Errors: ARGUMENT; RING_EMPTY: none came in time; REPLY_TOO_SMALL: it is longer than capacity,
 * *length is set to its length, and it is still the next; CLOSED, RING_BROKEN: as above, once all
 * messages have been taken; SYSTEM. *length and buffer are otherwise untouched.
 */
enum sb_error sb_ring_receive(struct sb_ring *ring, void *buffer, size_t capacity, size_t *length,
                              uint32_t timeout);

/* The same without a copy: *message stays valid, and the next one, until sb_ring_take(). */
enum sb_error sb_ring_peek(struct sb_ring *ring, const void **message, size_t *length,
                           uint32_t timeout);
void sb_ring_take(struct sb_ring *ring);

/* ---- calls ---- */

/*
 * Calls a command of the driver by the ring; as sb_call(), but input and output are at most 16
 * bytes less than the longest message. Calls and messages reach the driver in the order they were
 * sent. Messages that come before the answer are kept for sb_ring_receive(). After TIMEOUT the
 * answer is dropped when it comes.
 *
 * Errors: as sb_call(), RING_FULL, RING_BROKEN.
 */
enum sb_error sb_ring_call(struct sb_ring *ring, uint32_t code, const void *input,
                           size_t input_length, void *output, size_t output_capacity,
                           size_t *reply_length, uint32_t timeout);

/* ---- what goes on ---- */

struct sb_ring_statistics {
    uint64_t sent, sent_bytes;
    uint64_t received, received_bytes;
    uint64_t doorbells;   /* rung: the driver slept */
    uint64_t send_sleeps; /* waits for room */
    uint64_t receive_sleeps;
};

/* This side's counters; from any thread, roughly. */
void sb_ring_get_statistics(const struct sb_ring *ring, struct sb_ring_statistics *statistics);

/* The driver's report on the client's ring, also on one that is shut. Errors: as sb_call(). */
enum sb_error sb_ring_get_report(struct sb_client *client, struct sb_ring_report *report);

/* A sentence for a reason in a report. Never NULL; static. */
const char *sb_ring_reason_text(enum sb_ring_reason reason);

#ifdef __cplusplus
}
#endif

#endif
