/*
 * What the rude driver and its tests agree on: commands that do what a handler should not do, or
 * that show what the library does for all of them.
 */
#ifndef RUDE_CONTRACT_H
#define RUDE_CONTRACT_H

#include <sysbuf/contract.h>

#define RUDE_SERVICE     "SbRude"
#define RUDE_DEVICE_NAME L"\\Device\\SbRude"
#define RUDE_LINK_NAME   L"\\??\\SbRude"
#define RUDE_PATH        "\\\\.\\SbRude"

#define RUDE_CODE(function, access) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, SB_METHOD_BUFFERED, access)

#define RUDE_INPUT_MAXIMUM 0x100000

/* Fills its whole output with 0xAA, then writes the sum of the input's bytes to its first four.
   Input up to RUDE_INPUT_MAXIMUM, output at least 4: the sum is right only if both are apart. */
#define RUDE_REPLY_FIRST RUDE_CODE(0x900, SB_ACCESS_ANY)

/* Claims a reply of 0xFFFFFFFF bytes; writes 0x55 to as many as there is room for. */
#define RUDE_CLAIM_TOO_MUCH RUDE_CODE(0x901, SB_ACCESS_ANY)

/* Claims to have filled its output and writes nothing. Input up to RUDE_INPUT_MAXIMUM. */
#define RUDE_WRITE_NOTHING RUDE_CODE(0x902, SB_ACCESS_ANY)

/* The same, with input and output in place. */
#define RUDE_WRITE_NOTHING_IN_PLACE RUDE_CODE(0x903, SB_ACCESS_ANY)

/* Fills its output with 0x66, claims all of it and returns the status in its input (4 bytes). */
#define RUDE_RETURN_STATUS RUDE_CODE(0x904, SB_ACCESS_ANY)

/* Sleeps inside the call for the milliseconds in its input (4 bytes); no reply. */
#define RUDE_SLEEP RUDE_CODE(0x905, SB_ACCESS_ANY)

/* Does nothing. The handle needs the access: by the code, or by the row alone. */
#define RUDE_CODE_READ  RUDE_CODE(0x906, SB_ACCESS_READ)
#define RUDE_CODE_WRITE RUDE_CODE(0x907, SB_ACCESS_WRITE)
#define RUDE_ROW_READ   RUDE_CODE(0x908, SB_ACCESS_ANY)
#define RUDE_ROW_WRITE  RUDE_CODE(0x909, SB_ACCESS_ANY)

/* Makes the create callback refuse the next opens with STATUS_DEVICE_BUSY; input: how many. */
#define RUDE_REFUSE_OPENS RUDE_CODE(0x90A, SB_ACCESS_ANY)

struct rude_counts {
    uint32_t creates; /* of the create callback, refused ones included */
    uint32_t refused;
    uint32_t closes;           /* of the close callback */
    uint32_t context_mistakes; /* contexts that were not zeroed, or came back as another's */
};

SB_ASSERT_SIZE(struct rude_counts, 16);

/* Answers with the counts since the start. */
#define RUDE_COUNTS RUDE_CODE(0x90B, SB_ACCESS_ANY)

#endif
