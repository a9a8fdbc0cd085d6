/*
 * What the tests of the channels and the driver they call agree on.
 */
#ifndef CHANNEL_PROBE_H
#define CHANNEL_PROBE_H

#include <sysbuf/protocol.h>

#define CHANNEL_CODE(function, method, access) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, method, access)

/* Waits until channel_answer(). */
#define CHANNEL_PEND CHANNEL_CODE(0x900, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
/* Says the input back. */
#define CHANNEL_ECHO CHANNEL_CODE(0x901, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
/* Fails. */
#define CHANNEL_FAIL CHANNEL_CODE(0x902, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
/* Adds one to each byte, in place. */
#define CHANNEL_ADD CHANNEL_CODE(0x903, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
/* Keeps the data's first bytes; 1 to 100000 bytes of data, 0 to 16 of input. */
#define CHANNEL_SEND CHANNEL_CODE(0x904, SB_METHOD_IN_DIRECT, SB_ACCESS_ANY)
/* Fills all of the output. */
#define CHANNEL_FETCH CHANNEL_CODE(0x905, SB_METHOD_OUT_DIRECT, SB_ACCESS_ANY)
/* The code itself demands a handle for writing. */
#define CHANNEL_GUARDED CHANNEL_CODE(0x906, SB_METHOD_BUFFERED, SB_ACCESS_WRITE)
/* As CHANNEL_FETCH, but waits until channel_answer(). */
#define CHANNEL_PEND_DIRECT CHANNEL_CODE(0x907, SB_METHOD_OUT_DIRECT, SB_ACCESS_ANY)

#define CHANNEL_CAPACITY 4
#define CHANNEL_MAXIMUM  40

enum channel_mistake {
    CHANNEL_NEITHER,
    CHANNEL_NO_DATA,
    CHANNEL_DATA_BUFFERED,
    CHANNEL_DATA_LIMITS,
    CHANNEL_DIRECT_OUTPUT,
    CHANNEL_DIRECT_IN_PLACE,
    CHANNEL_STANDARD_CODE,
    CHANNEL_READ_CODE,
    CHANNEL_READ_INPUT,
    CHANNEL_WRITE_OUTPUT,
    CHANNEL_WRITE_EMPTY,
    CHANNEL_READ_IN_PLACE,
    CHANNEL_WRITE_LIMITS,
    CHANNEL_BATCH_COUNT,
    CHANNEL_NOTIFY_CAPACITY,
    CHANNEL_NOTIFY_MAXIMUM,
    CHANNEL_NOTIFY_MEMORY,
    CHANNEL_NOTIFY_RULE,
    CHANNEL_MISTAKES,
};

/* The description as it should be; call before each start. */
void channel_reset(void);
void channel_spoil(enum channel_mistake mistake);
void channel_set_overflow(enum sb_overflow overflow);
void channel_set_direct(void);
/* None of what the library serves itself. */
void channel_disable_all(void);

/* The number of the open that was made last. */
uint64_t channel_last_open(void);
uint32_t channel_post(uint64_t open, const void *message, size_t length);
uint32_t channel_ask(uint64_t open, const char *message, void *answer, size_t capacity,
                     size_t *length, uint32_t timeout);
/* Completes the oldest call of CHANNEL_PEND or READ that waits; 0 if there is none. */
int channel_answer(uint32_t status, const void *reply, size_t length);
/* READ and WRITE wait from now on. */
void channel_let_transfers_wait(void);
/* WRITE says that it took so many bytes. */
void channel_take(uint32_t taken);
/* What CHANNEL_SEND and WRITE saw last. */
struct channel_seen {
    unsigned char bytes[16];
    uint32_t length;
    uint64_t offset;
    uint32_t snapshot_status; /* of the first 16 bytes */
    uint32_t beyond_status;   /* of one byte too many */
};
struct channel_seen channel_seen(void);

#endif
