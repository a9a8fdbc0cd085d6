/*
 * What the channels driver and its tests agree on: every channel of the toolkit in one driver.
 *
 * channels.sys        buffered READ and WRITE, posts fail where there is no room
 * channels_direct.sys direct READ and WRITE, the oldest message makes room
 * channels_later.sys  as channels.sys, of a later protocol that serves this one
 * channels_newer.sys  as channels.sys, of a protocol that no longer serves this one
 */
#ifndef CHANNELS_CONTRACT_H
#define CHANNELS_CONTRACT_H

#include <sysbuf/contract.h>

#define CHANNELS_SERVICE     "SbChannels"
#define CHANNELS_DEVICE_NAME L"\\Device\\SbChannels"
#define CHANNELS_LINK_NAME   L"\\??\\SbChannels"
#define CHANNELS_PATH        "\\\\.\\SbChannels"
#define CHANNELS_VERSION     5

#define CHANNELS_CODE(function, method) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, method, SB_ACCESS_ANY)

#define CHANNELS_CAPACITY 64
#define CHANNELS_MAXIMUM  256

/* Answers with the input's bytes. */
#define CHANNELS_ECHO CHANNELS_CODE(0x900, SB_METHOD_BUFFERED)

/* Fails with STATUS_UNSUCCESSFUL. */
#define CHANNELS_FAIL CHANNELS_CODE(0x901, SB_METHOD_BUFFERED)

/* Posts the input as a message, to this open or to all. */
#define CHANNELS_POST     CHANNELS_CODE(0x902, SB_METHOD_BUFFERED)
#define CHANNELS_POST_ALL CHANNELS_CODE(0x903, SB_METHOD_BUFFERED)

/*
 * A thread of the driver posts so many messages (struct channels_flood) to this open, each a
 * struct channels_item; where there is no room it tries again. One at a time: STATUS_DEVICE_BUSY.
 */
#define CHANNELS_FLOOD CHANNELS_CODE(0x904, SB_METHOD_BUFFERED)

struct channels_flood {
    uint64_t count;
};

struct channels_item {
    uint64_t number;   /* 0, 1, 2 ... */
    uint64_t checksum; /* channels_mix(number) */
};

SB_ASSERT_SIZE(struct channels_flood, 8);
SB_ASSERT_SIZE(struct channels_item, 16);

static inline uint64_t channels_mix(uint64_t number)
{
    number ^= number >> 31;
    number *= 0x9E3779B97F4A7C15u;
    return number ^ number >> 29;
}

/* A timer's DPC posts one byte to all, once, in so many milliseconds (uint32_t). */
#define CHANNELS_TIMER CHANNELS_CODE(0x905, SB_METHOD_BUFFERED)

/*
 * Asks a subscriber (struct channels_question, and behind it the question's text) from within the
 * call and answers with what it answered; with the status that the asking had.
 */
#define CHANNELS_ASK CHANNELS_CODE(0x906, SB_METHOD_BUFFERED)

struct channels_question {
    uint64_t open;    /* 0: the caller's */
    uint32_t timeout; /* milliseconds */
    uint32_t reserved;
};

SB_ASSERT_SIZE(struct channels_question, 16);

/* Answers with the number of this open, uint64_t. */
#define CHANNELS_OPEN CHANNELS_CODE(0x907, SB_METHOD_BUFFERED)

/* Adds up the data's bytes; CHANNELS_SUM answers with the sum of the last, uint64_t. */
#define CHANNELS_SEND CHANNELS_CODE(0x908, SB_METHOD_IN_DIRECT)
#define CHANNELS_SUM  CHANNELS_CODE(0x909, SB_METHOD_BUFFERED)

#define CHANNELS_DATA_MAXIMUM (16u << 20)

/* Fills the output: byte i is (i * 7 + seed), the seed being the input (uint8_t). */
#define CHANNELS_FETCH CHANNELS_CODE(0x90A, SB_METHOD_OUT_DIRECT)

/* Waits until CHANNELS_RELEASE, which answers all that wait with their first bytes 0x77. */
#define CHANNELS_WAIT        CHANNELS_CODE(0x90B, SB_METHOD_BUFFERED)
#define CHANNELS_WAIT_DIRECT CHANNELS_CODE(0x90D, SB_METHOD_OUT_DIRECT)
#define CHANNELS_RELEASE     CHANNELS_CODE(0x90C, SB_METHOD_BUFFERED)

/* READ and WRITE are the ends of one pipe of so many bytes. A WRITE takes what there is room for,
   at least one byte or it fails with STATUS_DEVICE_BUSY; a READ gets what there is, and waits where
   there is nothing. */
#define CHANNELS_PIPE 4096

#endif
