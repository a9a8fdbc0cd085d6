/*
 * What every driver and every client of the toolkit understand beside their own contract: the
 * standard commands, by which they agree on versions and limits, subscribe to notifications, send
 * batches and read statistics. A driver serves those that its description enables; the others are
 * refused as any unknown code is (STATUS_INVALID_DEVICE_REQUEST).
 *
 * Everything here is part of the boundary: fixed-width fields, sizes and offsets asserted.
 */
#ifndef SYSBUF_PROTOCOL_H
#define SYSBUF_PROTOCOL_H

#include <sysbuf/contract.h>

#define SB_STANDARD_CODE(function) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* ---- versions and limits ---- */

/*
 * The version of the standard commands that this header describes, and the oldest that both
 * libraries built from it still speak. A client works with a driver if each finds the other's
 * version at or above its own oldest.
 */
#ifndef SB_PROTOCOL_VERSION
#define SB_PROTOCOL_VERSION 2
#endif
#ifndef SB_PROTOCOL_OLDEST
#define SB_PROTOCOL_OLDEST 1
#endif

/* What a driver offers. */
#define SB_FEATURE_READ       0x01u /* READ requests */
#define SB_FEATURE_WRITE      0x02u /* WRITE requests */
#define SB_FEATURE_NOTIFY     0x04u /* notifications */
#define SB_FEATURE_BATCH      0x08u /* batches */
#define SB_FEATURE_STATISTICS 0x10u /* statistics */
#define SB_FEATURE_DIRECT     0x20u /* at least one command with direct I/O */
#define SB_FEATURE_RING       0x40u /* shared rings */

/*
 * The long answer of SB_QUERY_CONTRACT (contract.h), given to a client with room for all of it;
 * one with less gets struct sb_contract_version. Protocol 1 knew only the short answer: a client
 * that gets 8 bytes speaks to such a driver. Later versions append fields.
 */
struct sb_protocol {
    uint32_t format;          /* 2 */
    uint32_t contract;        /* the driver's own number, 0 if it has none */
    uint32_t protocol;        /* SB_PROTOCOL_VERSION of the driver */
    uint32_t protocol_oldest; /* the oldest version of a client that the driver serves */
    uint64_t features;        /* SB_FEATURE_... */
    uint32_t notify_capacity; /* messages that wait for one subscriber */
    uint32_t notify_maximum;  /* bytes of one message */
    uint32_t pending_maximum; /* calls of one open that may be under way in the driver */
    uint32_t batch_maximum;   /* commands of one batch */
};

SB_ASSERT_SIZE(struct sb_protocol, 40);
SB_ASSERT_OFFSET(struct sb_protocol, format, 0);
SB_ASSERT_OFFSET(struct sb_protocol, contract, 4);
SB_ASSERT_OFFSET(struct sb_protocol, protocol, 8);
SB_ASSERT_OFFSET(struct sb_protocol, protocol_oldest, 12);
SB_ASSERT_OFFSET(struct sb_protocol, features, 16);
SB_ASSERT_OFFSET(struct sb_protocol, notify_capacity, 24);
SB_ASSERT_OFFSET(struct sb_protocol, notify_maximum, 28);
SB_ASSERT_OFFSET(struct sb_protocol, pending_maximum, 32);
SB_ASSERT_OFFSET(struct sb_protocol, batch_maximum, 36);

/* ---- notifications ---- */

/*
 * Makes the open a subscriber: from now on messages posted to it or to all reach it or wait in its
 * queue. A second time: STATUS_INVALID_DEVICE_STATE.
 *
 * Input:  struct sb_subscribe.
 * Output: struct sb_subscribed, 24 bytes.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL; STATUS_REVISION_MISMATCH where the
 *         client's protocol is older than the driver serves; STATUS_INVALID_PARAMETER (flags);
 *         STATUS_INVALID_DEVICE_STATE; STATUS_INSUFFICIENT_RESOURCES.
 */
#define SB_NOTIFY_SUBSCRIBE SB_STANDARD_CODE(0xE60)

struct sb_subscribe {
    uint32_t protocol; /* SB_PROTOCOL_VERSION of the client */
    uint32_t flags;    /* 0 */
};

SB_ASSERT_SIZE(struct sb_subscribe, 8);
SB_ASSERT_OFFSET(struct sb_subscribe, protocol, 0);
SB_ASSERT_OFFSET(struct sb_subscribe, flags, 4);

/* What happens to a message for which a subscriber's queue has no room. */
enum sb_overflow {
    SB_DROP_OLDEST = 0, /* the longest-waiting message makes room; the subscriber loses that one */
    SB_DROP_NEWEST = 1, /* the subscriber loses the new one */
    SB_FAIL_POST = 2,   /* nobody gets it, nothing is lost, and the driver is told */
};

struct sb_subscribed {
    uint32_t protocol;        /* of the driver */
    uint32_t overflow;        /* enum sb_overflow */
    uint32_t notify_capacity; /* as in struct sb_protocol */
    uint32_t notify_maximum;
    uint32_t pending_maximum;
    uint32_t reserved; /* 0 */
};

SB_ASSERT_SIZE(struct sb_subscribed, 24);
SB_ASSERT_OFFSET(struct sb_subscribed, protocol, 0);
SB_ASSERT_OFFSET(struct sb_subscribed, overflow, 4);
SB_ASSERT_OFFSET(struct sb_subscribed, notify_capacity, 8);
SB_ASSERT_OFFSET(struct sb_subscribed, notify_maximum, 12);
SB_ASSERT_OFFSET(struct sb_subscribed, pending_maximum, 16);
SB_ASSERT_OFFSET(struct sb_subscribed, reserved, 20);

/*
 * Asks for one message, the oldest that waits; stays under way until there is one. Several may be
 * under way: messages go to them in the order in which they came.
 *
 * Input:  none.
 * Output: struct sb_notification and behind it the message; room for the longest is required.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL; STATUS_INVALID_DEVICE_STATE where
 *         the open has not subscribed; STATUS_QUOTA_EXCEEDED beyond pending_maximum calls;
 *         STATUS_CANCELLED once the open has unsubscribed or closed, or the caller cancels.
 */
#define SB_NOTIFY_NEXT SB_STANDARD_CODE(0xE61)

struct sb_notification {
    uint64_t sequence; /* 1, 2, 3 ... of what this open has received; shows the order */
    uint64_t lost;     /* messages that this open has lost since it subscribed */
    uint64_t question; /* 0; or the driver waits for an SB_NOTIFY_ANSWER with this number */
    uint32_t length;   /* bytes of the message */
    uint32_t reserved; /* 0 */
};

SB_ASSERT_SIZE(struct sb_notification, 32);
SB_ASSERT_OFFSET(struct sb_notification, sequence, 0);
SB_ASSERT_OFFSET(struct sb_notification, lost, 8);
SB_ASSERT_OFFSET(struct sb_notification, question, 16);
SB_ASSERT_OFFSET(struct sb_notification, length, 24);
SB_ASSERT_OFFSET(struct sb_notification, reserved, 28);

/*
 * Answers a question that this open has received.
 *
 * Input:  struct sb_answer and behind it the answer, 0 to notify_maximum bytes.
 * Output: none.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, also where the answer is longer than the driver takes (it
 *         goes on waiting); STATUS_NOT_FOUND where the driver no longer waits.
 */
#define SB_NOTIFY_ANSWER SB_STANDARD_CODE(0xE62)

struct sb_answer {
    uint64_t question;
};

SB_ASSERT_SIZE(struct sb_answer, 8);
SB_ASSERT_OFFSET(struct sb_answer, question, 0);

/*
 * Ends the subscription: messages that wait are discarded, SB_NOTIFY_NEXT calls under way end with
 * STATUS_CANCELLED, and so do the driver's questions.
 *
 * Input, output: none. Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_STATE.
 */
#define SB_NOTIFY_UNSUBSCRIBE SB_STANDARD_CODE(0xE63)

/*
 * Says how this open's subscription stands.
 *
 * Input:  none.
 * Output: struct sb_notify_state, 40 bytes.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_DEVICE_STATE.
 */
#define SB_NOTIFY_QUERY SB_STANDARD_CODE(0xE64)

struct sb_notify_state {
    uint64_t delivered; /* messages */
    uint64_t lost;
    uint64_t refused; /* posts that failed because this open had no room */
    uint32_t waiting; /* messages in the queue */
    uint32_t highest; /* the most there were */
    uint32_t pending; /* SB_NOTIFY_NEXT calls under way */
    uint32_t reserved;
};

SB_ASSERT_SIZE(struct sb_notify_state, 40);
SB_ASSERT_OFFSET(struct sb_notify_state, delivered, 0);
SB_ASSERT_OFFSET(struct sb_notify_state, lost, 8);
SB_ASSERT_OFFSET(struct sb_notify_state, refused, 16);
SB_ASSERT_OFFSET(struct sb_notify_state, waiting, 24);
SB_ASSERT_OFFSET(struct sb_notify_state, highest, 28);
SB_ASSERT_OFFSET(struct sb_notify_state, pending, 32);
SB_ASSERT_OFFSET(struct sb_notify_state, reserved, 36);

/* ---- batches ---- */

/*
 * Runs several commands of the driver's own table, in order, as if each had been called alone: the
 * same checks, the same handlers, each with its own status. Only METHOD_BUFFERED commands, and none
 * that stays under way; another gets STATUS_INVALID_DEVICE_REQUEST or STATUS_NOT_SUPPORTED.
 *
 * Input:  struct sb_batch_request, count items, then the inputs. An item's input is where it says,
 *         behind the items, at a multiple of 8.
 * Output: struct sb_batch_reply, count results, then the replies. Each item has output_capacity
 *         bytes, rounded up to 8, in the items' order; SB_BATCH_OUTPUT_FIXED() + their sum is
 *         required. A reply is behind the results where its result says.
 * Errors: STATUS_INFO_LENGTH_MISMATCH  shorter than it says;
 *         STATUS_INVALID_PARAMETER     a format or flag unknown, a count of 0 or above the driver's
 *                                      batch_maximum, an input outside of the input or unaligned;
 *         STATUS_BUFFER_TOO_SMALL      the output is not enough for all;
 *         STATUS_INSUFFICIENT_RESOURCES.
 *         Where the batch fails nothing of it has run.
 */
#define SB_BATCH SB_STANDARD_CODE(0xE68)

/* The first item that fails ends the batch: those behind it get SB_BATCH_NOT_RUN. Without it all
   run. A warning (STATUS_BUFFER_OVERFLOW) is no failure. */
#define SB_BATCH_STOP_AT_FAILURE 1u

/* The status of an item that has not run: STATUS_REQUEST_ABORTED. */
#define SB_BATCH_NOT_RUN 0xC0000240u

struct sb_batch_request {
    uint32_t format; /* 1 */
    uint32_t flags;
    uint32_t count;
    uint32_t reserved; /* 0 */
};

struct sb_batch_item {
    uint32_t code;
    uint32_t input_offset; /* from the start of the input; anything if input_length is 0 */
    uint32_t input_length;
    uint32_t output_capacity;
};

struct sb_batch_reply {
    uint32_t format;   /* 1 */
    uint32_t count;    /* of the results */
    uint32_t executed; /* items that have run */
    uint32_t failed;   /* of those */
};

struct sb_batch_result {
    uint32_t status;       /* NTSTATUS */
    uint32_t reply_offset; /* from the start of the output */
    uint32_t reply_length;
    uint32_t reserved; /* 0 */
};

SB_ASSERT_SIZE(struct sb_batch_request, 16);
SB_ASSERT_OFFSET(struct sb_batch_request, format, 0);
SB_ASSERT_OFFSET(struct sb_batch_request, flags, 4);
SB_ASSERT_OFFSET(struct sb_batch_request, count, 8);
SB_ASSERT_OFFSET(struct sb_batch_request, reserved, 12);
SB_ASSERT_SIZE(struct sb_batch_item, 16);
SB_ASSERT_OFFSET(struct sb_batch_item, code, 0);
SB_ASSERT_OFFSET(struct sb_batch_item, input_offset, 4);
SB_ASSERT_OFFSET(struct sb_batch_item, input_length, 8);
SB_ASSERT_OFFSET(struct sb_batch_item, output_capacity, 12);
SB_ASSERT_SIZE(struct sb_batch_reply, 16);
SB_ASSERT_OFFSET(struct sb_batch_reply, format, 0);
SB_ASSERT_OFFSET(struct sb_batch_reply, count, 4);
SB_ASSERT_OFFSET(struct sb_batch_reply, executed, 8);
SB_ASSERT_OFFSET(struct sb_batch_reply, failed, 12);
SB_ASSERT_SIZE(struct sb_batch_result, 16);
SB_ASSERT_OFFSET(struct sb_batch_result, status, 0);
SB_ASSERT_OFFSET(struct sb_batch_result, reply_offset, 4);
SB_ASSERT_OFFSET(struct sb_batch_result, reply_length, 8);
SB_ASSERT_OFFSET(struct sb_batch_result, reserved, 12);

/* Bytes of the output before the replies. */
#define SB_BATCH_OUTPUT_FIXED(count) \
    (sizeof(struct sb_batch_reply) + (uint64_t)(count) * sizeof(struct sb_batch_result))
#define SB_BATCH_ALIGN(length) (((uint64_t)(length) + 7) & ~(uint64_t)7)

/* ---- statistics ---- */

/*
 * Tells the driver's counters since its start.
 *
 * Input:  none.
 * Output: struct sb_statistics_header and count values of uint64_t, by enum sb_counter; as many as
 *         fit, and STATUS_BUFFER_OVERFLOW where that is not all. A later driver has more.
 * Errors: STATUS_INFO_LENGTH_MISMATCH; STATUS_BUFFER_TOO_SMALL below the header's 8 bytes.
 */
#define SB_QUERY_STATISTICS SB_STANDARD_CODE(0xE6C)

struct sb_statistics_header {
    uint32_t format; /* 1 */
    uint32_t count;  /* of the driver's counters, whatever came */
};

SB_ASSERT_SIZE(struct sb_statistics_header, 8);
SB_ASSERT_OFFSET(struct sb_statistics_header, format, 0);
SB_ASSERT_OFFSET(struct sb_statistics_header, count, 4);

/* Numbers keep their meaning; new ones go to the end, and their name into client/counter_name.c. */
enum sb_counter {
    SB_COUNTER_OPENS,
    SB_COUNTER_OPENS_REFUSED,
    SB_COUNTER_CLOSES,
    SB_COUNTER_CALLS,               /* that reached a handler: commands, READ and WRITE */
    SB_COUNTER_BYTES_IN,            /* of the inputs of those */
    SB_COUNTER_BYTES_OUT,           /* of their replies */
    SB_COUNTER_FAILED,              /* calls that passed the checks and ended in an error */
    SB_COUNTER_REFUSED_CODE,        /* an unknown command, READ or WRITE where there is none */
    SB_COUNTER_REFUSED_ACCESS,      /* the handle lacks a right */
    SB_COUNTER_REFUSED_OPEN,        /* on an open that was refused or is closed */
    SB_COUNTER_REFUSED_INPUT,       /* an input length outside the row's limits */
    SB_COUNTER_REFUSED_OUTPUT,      /* an output too short */
    SB_COUNTER_REFUSED_MEMORY,      /* no memory for the call */
    SB_COUNTER_PENDED,              /* calls that waited in the driver */
    SB_COUNTER_CANCELLED,           /* of those, ended by cancellation, cleanup or unsubscribing */
    SB_COUNTER_BATCHES,             /* batches that ran; their items count as calls */
    SB_COUNTER_BATCHES_REFUSED,     /* batches that were malformed */
    SB_COUNTER_SUBSCRIPTIONS,       /* made so far */
    SB_COUNTER_POSTED,              /* messages for a subscriber, each subscriber counted */
    SB_COUNTER_DELIVERED,           /* of those, received */
    SB_COUNTER_LOST,                /* of those, dropped by the overflow rule */
    SB_COUNTER_POSTS_REFUSED,       /* posts that failed for want of room */
    SB_COUNTER_QUESTIONS,           /* asked */
    SB_COUNTER_ANSWERS,             /* that came in time */
    SB_COUNTER_RINGS,               /* opened */
    SB_COUNTER_RINGS_REFUSED,       /* not opened: sizes, limits, versions, memory */
    SB_COUNTER_RINGS_BROKEN,        /* closed because the client wrote what makes no sense */
    SB_COUNTER_RING_RECEIVED,       /* messages and calls from the rings' clients */
    SB_COUNTER_RING_BYTES_IN,       /* of those */
    SB_COUNTER_RING_SENT,           /* messages and answers to the rings' clients */
    SB_COUNTER_RING_BYTES_OUT,      /* of those */
    SB_COUNTER_RING_DOORBELLS,      /* rung by the driver */
    SB_COUNTER_RING_FILL,           /* bytes that lie in open rings now, in both directions */
    SB_COUNTER_CONNECTIONS,         /* of the socket channel that knew the secret and were opened */
    SB_COUNTER_CONNECTIONS_REFUSED, /* turned away, or without the secret */
    SB_COUNTER_COUNT,
};

#endif
