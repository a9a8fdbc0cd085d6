/*
 * What a driver and its clients agree on about shared rings: the handshake that opens one, the
 * report on it and the messages that are calls. Users of the toolkit need of it the limits and the
 * names of reasons; the libraries do the rest (sysbuf/ring_driver.h, sysbuf/ring_client.h).
 *
 * A ring belongs to one open of a device and carries messages both ways, through memory that driver
 * and client share. Its layout is ring/layout.h, version SB_RING_VERSION.
 */
#ifndef SYSBUF_RING_H
#define SYSBUF_RING_H

#include <sysbuf/contract.h>

#define SB_RING_VERSION 1u

/* Limits of the format, bytes; a driver may set lower ones. A capacity is that of one direction, a
   power of two, and holds at least two of the longest messages with 8 bytes more each. */
#define SB_RING_MESSAGE_MAXIMUM  0x100000u
#define SB_RING_CAPACITY_MINIMUM 0x1000u
#define SB_RING_CAPACITY_MAXIMUM 0x4000000u

/*
 * Opens the ring of this open of the device.
 *
 * Input:  struct sb_ring_request; a newer client's may be longer, up to 256 bytes, with size
 *         saying so: what lies behind is ignored.
 * Output: struct sb_ring_reply. refusal says whether there is a ring; where there is none, version,
 *         message_maximum and both capacities are the most that the driver offers.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL, STATUS_ACCESS_DENIED (the handle
 *         lacks reading or writing), STATUS_INSUFFICIENT_RESOURCES or what the system said where
 *         memory, events or the thread could not be made, or what the driver's opened() said;
 *         STATUS_INVALID_DEVICE_REQUEST from a driver without rings.
 *
 * The view and the four events are then the client's, in its own address space and handle table:
 * it unmaps and closes them when it likes.
 */
#define SB_RING_OPEN \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0xE60, SB_METHOD_BUFFERED, SB_ACCESS_READ | SB_ACCESS_WRITE)

/*
 * Reports on the ring of this open, also on one that has been closed for nonsense.
 *
 * Input:  none. Output: struct sb_ring_report.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL; STATUS_INVALID_DEVICE_STATE: there
 * is none.
 */
#define SB_RING_REPORT SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0xE61, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/*
 * Ends the ring of this open; another one may be opened then. Waits for the handler that runs.
 *
 * Input:  none. Output: none.
 * Errors: STATUS_INFO_LENGTH_MISMATCH; STATUS_INVALID_DEVICE_STATE: there is none.
 */
#define SB_RING_CLOSE \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0xE62, SB_METHOD_BUFFERED, SB_ACCESS_READ | SB_ACCESS_WRITE)

struct sb_ring_request {
    uint32_t size;               /* of this structure */
    uint32_t oldest_version;     /* that the client speaks */
    uint32_t newest_version;     /* that the client speaks */
    uint32_t flags;              /* 0 */
    uint32_t message_maximum;    /* the longest message in either direction, bytes */
    uint32_t to_driver_capacity; /* bytes */
    uint32_t to_client_capacity; /* bytes */
    uint32_t reserved;           /* 0 */
};

enum sb_ring_refusal {
    SB_RING_ACCEPTED = 0,
    SB_RING_REFUSED_VERSION = 1, /* no version that both speak */
    SB_RING_REFUSED_FLAGS = 2,   /* a flag, or something reserved, that the driver does not know */
    SB_RING_REFUSED_SIZES = 3,   /* no powers of two, or too small for two of the messages */
    SB_RING_REFUSED_LIMIT = 4,   /* more than the driver offers */
    SB_RING_REFUSED_SECOND = 5,  /* this open has a ring */
    SB_RING_REFUSED_COUNT = 6,   /* the driver has as many rings open as it allows */
};

struct sb_ring_reply {
    uint32_t size;    /* of this structure */
    uint32_t refusal; /* enum sb_ring_refusal; the rest from view on is 0 if it is not 0 */
    uint32_t version;
    uint32_t flags; /* 0 */
    uint32_t message_maximum;
    uint32_t to_driver_capacity;
    uint32_t to_client_capacity;
    uint32_t reserved;
    uint64_t view;        /* address in the client; below 4 GiB for a 32-bit one */
    uint64_t view_length; /* bytes */
    /* Handles of events in the client, each with just the access that is needed: the client sets
       the first and the last, and waits for the other two. */
    uint64_t to_driver_data;
    uint64_t to_driver_space;
    uint64_t to_client_data;
    uint64_t to_client_space;
};

/* Why a ring is closed. */
enum sb_ring_reason {
    SB_RING_IS_OPEN = 0,
    SB_RING_CLOSED_BY_CLIENT = 1,
    SB_RING_CLOSED_BY_DRIVER = 2,
    SB_RING_BAD_INDEX = 3,   /* a position in the shared memory was impossible */
    SB_RING_BAD_RECORD = 4,  /* a record's length was impossible */
    SB_RING_BAD_MESSAGE = 5, /* a message was of no known kind, or a call too short to be one */
};

struct sb_ring_counters {
    uint64_t messages;  /* taken by the reader, or committed by the writer: the driver's side */
    uint64_t bytes;     /* in them */
    uint64_t doorbells; /* rung by the driver */
    uint64_t sleeps;    /* of the driver */
};

struct sb_ring_report {
    uint32_t size;           /* of this structure */
    uint32_t reason;         /* enum sb_ring_reason; kept in kernel memory */
    uint32_t to_driver_fill; /* bytes in use, records and all */
    uint32_t to_client_fill;
    struct sb_ring_counters to_driver;
    struct sb_ring_counters to_client;
    uint64_t calls;    /* of commands, among the messages to the driver */
    uint64_t failures; /* messages that the driver's handler answered with an error */
};

/* The kinds of messages. */
enum sb_ring_kind {
    SB_RING_MESSAGE = 1, /* the users' own */
    SB_RING_CALL = 2,    /* to the driver: struct sb_ring_call, then the input */
    SB_RING_REPLY = 3,   /* to the client: struct sb_ring_answer, then the output */
};

struct sb_ring_call {
    uint32_t code;            /* of a row with METHOD_BUFFERED */
    uint32_t output_capacity; /* bytes; with the answer's head at most the longest message */
    uint64_t tag;             /* comes back with the answer */
};

struct sb_ring_answer {
    uint32_t status; /* NTSTATUS */
    uint32_t reserved;
    uint64_t tag;
};

SB_ASSERT_SIZE(struct sb_ring_request, 32);
SB_ASSERT_OFFSET(struct sb_ring_request, size, 0);
SB_ASSERT_OFFSET(struct sb_ring_request, oldest_version, 4);
SB_ASSERT_OFFSET(struct sb_ring_request, newest_version, 8);
SB_ASSERT_OFFSET(struct sb_ring_request, flags, 12);
SB_ASSERT_OFFSET(struct sb_ring_request, message_maximum, 16);
SB_ASSERT_OFFSET(struct sb_ring_request, to_driver_capacity, 20);
SB_ASSERT_OFFSET(struct sb_ring_request, to_client_capacity, 24);
SB_ASSERT_OFFSET(struct sb_ring_request, reserved, 28);
SB_ASSERT_SIZE(struct sb_ring_reply, 80);
SB_ASSERT_OFFSET(struct sb_ring_reply, size, 0);
SB_ASSERT_OFFSET(struct sb_ring_reply, refusal, 4);
SB_ASSERT_OFFSET(struct sb_ring_reply, version, 8);
SB_ASSERT_OFFSET(struct sb_ring_reply, flags, 12);
SB_ASSERT_OFFSET(struct sb_ring_reply, message_maximum, 16);
SB_ASSERT_OFFSET(struct sb_ring_reply, to_driver_capacity, 20);
SB_ASSERT_OFFSET(struct sb_ring_reply, to_client_capacity, 24);
SB_ASSERT_OFFSET(struct sb_ring_reply, reserved, 28);
SB_ASSERT_OFFSET(struct sb_ring_reply, view, 32);
SB_ASSERT_OFFSET(struct sb_ring_reply, view_length, 40);
SB_ASSERT_OFFSET(struct sb_ring_reply, to_driver_data, 48);
SB_ASSERT_OFFSET(struct sb_ring_reply, to_driver_space, 56);
SB_ASSERT_OFFSET(struct sb_ring_reply, to_client_data, 64);
SB_ASSERT_OFFSET(struct sb_ring_reply, to_client_space, 72);
SB_ASSERT_SIZE(struct sb_ring_counters, 32);
SB_ASSERT_OFFSET(struct sb_ring_counters, messages, 0);
SB_ASSERT_OFFSET(struct sb_ring_counters, bytes, 8);
SB_ASSERT_OFFSET(struct sb_ring_counters, doorbells, 16);
SB_ASSERT_OFFSET(struct sb_ring_counters, sleeps, 24);
SB_ASSERT_SIZE(struct sb_ring_report, 96);
SB_ASSERT_OFFSET(struct sb_ring_report, size, 0);
SB_ASSERT_OFFSET(struct sb_ring_report, reason, 4);
SB_ASSERT_OFFSET(struct sb_ring_report, to_driver_fill, 8);
SB_ASSERT_OFFSET(struct sb_ring_report, to_client_fill, 12);
SB_ASSERT_OFFSET(struct sb_ring_report, to_driver, 16);
SB_ASSERT_OFFSET(struct sb_ring_report, to_client, 48);
SB_ASSERT_OFFSET(struct sb_ring_report, calls, 80);
SB_ASSERT_OFFSET(struct sb_ring_report, failures, 88);
SB_ASSERT_SIZE(struct sb_ring_call, 16);
SB_ASSERT_OFFSET(struct sb_ring_call, code, 0);
SB_ASSERT_OFFSET(struct sb_ring_call, output_capacity, 4);
SB_ASSERT_OFFSET(struct sb_ring_call, tag, 8);
SB_ASSERT_SIZE(struct sb_ring_answer, 16);
SB_ASSERT_OFFSET(struct sb_ring_answer, status, 0);
SB_ASSERT_OFFSET(struct sb_ring_answer, reserved, 4);
SB_ASSERT_OFFSET(struct sb_ring_answer, tag, 8);

#endif
