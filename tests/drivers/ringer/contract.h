/*
 * What the ringer driver and the tests agree on: a driver that does with a shared ring all that one
 * can do.
 */
#ifndef RINGER_CONTRACT_H
#define RINGER_CONTRACT_H

#include <sysbuf/contract.h>

#define RINGER_SERVICE     "SbRinger"
#define RINGER_DEVICE_NAME L"\\Device\\SbRinger"
#define RINGER_LINK_NAME   L"\\??\\SbRinger"
#define RINGER_PATH        "\\\\.\\SbRinger"

/* Its limits. */
#define RINGER_CAPACITY_MAXIMUM 0x400000u
#define RINGER_COUNT_MAXIMUM    8u

/* Commands, for DeviceIoControl and for calls by a ring alike. Say back the input; the same in
   reverse, in place. */
#define RINGER_SAY          SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
#define RINGER_REVERSE      SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x801, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
#define RINGER_TEXT_MAXIMUM 65536u

/* struct ringer_sum: what RINGER_SINK has heard on this open. */
#define RINGER_SUM SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x802, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* struct ringer_life: of all rings since the driver started. */
#define RINGER_LIFE SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x803, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* Takes as many milliseconds as the four bytes of input say, on whichever thread. */
#define RINGER_NAP SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x804, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* The next ring that is opened is refused with STATUS_DEVICE_NOT_READY. */
#define RINGER_REFUSE SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x805, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* The open's number, uint64_t. */
#define RINGER_OPEN SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x806, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

struct ringer_sum {
    uint64_t messages;
    uint64_t bytes;
    uint64_t checksum; /* ringer_checksum() over all */
};

struct ringer_life {
    uint32_t opened;
    uint32_t closed;
    uint32_t last_reason; /* enum sb_ring_reason */
    uint32_t mistakes;    /* handlers that ran after closed(), or at the wrong IRQL */
};

/* The messages begin so. */
struct ringer_message {
    uint32_t verb;
    uint32_t argument;
};

enum ringer_verb {
    RINGER_ECHO = 1,  /* is sent back as it is */
    RINGER_SINK = 2,  /* is added to the checksum */
    RINGER_FLOOD = 3, /* argument messages come, numbered from 0, of this one's length */
    RINGER_SLEEP = 4, /* the handler takes argument milliseconds */
    RINGER_SHUT = 5,  /* the driver shuts the ring */
    RINGER_FAIL = 6,  /* the handler answers with an error */
    RINGER_TIMER = 7, /* argument messages come from a DPC, one a millisecond, numbered from 0 */
    RINGER_BLURT = 8, /* as FLOOD, without waiting: what does not fit is left out */
};

/* Order counts: a message that is lost, doubled or out of place changes it. */
static inline uint64_t ringer_checksum(uint64_t sum, const void *message, uint32_t length)
{
    const unsigned char *bytes = (const unsigned char *)message;
    uint64_t word = 0;
    uint32_t index;

    for (index = 0; index < length; index++) {
        word = word << 8 | bytes[index];
        if (index % 8 == 7 || index + 1 == length) {
            sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
            sum ^= sum >> 29;
        }
    }
    return sum + length;
}

SB_ASSERT_SIZE(struct ringer_sum, 24);
SB_ASSERT_SIZE(struct ringer_life, 16);
SB_ASSERT_SIZE(struct ringer_message, 8);

#endif
