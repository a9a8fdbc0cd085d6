/*
 * What the echo driver and its clients agree on. Version 1.
 */
#ifndef ECHO_CONTRACT_H
#define ECHO_CONTRACT_H

#include <sysbuf/contract.h>

#define ECHO_SERVICE     "SbEcho"
#define ECHO_DEVICE_NAME L"\\Device\\SbEcho"
#define ECHO_LINK_NAME   L"\\??\\SbEcho"
#define ECHO_PATH        "\\\\.\\SbEcho"

/* The longest text that is echoed, in bytes. */
#define ECHO_TEXT_MAXIMUM 4096

/*
 * Answers with the bytes of the request.
 *
 * Input:  1 to ECHO_TEXT_MAXIMUM bytes.
 * Output: as many; a smaller buffer gets as many as fit.
 * Errors: STATUS_INFO_LENGTH_MISMATCH  the input is empty or too long;
 *         STATUS_BUFFER_TOO_SMALL      the output length is 0;
 *         STATUS_BUFFER_OVERFLOW       the output is shorter than the input, and full.
 */
#define ECHO_SAY SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/*
 * Answers with the bytes of the request in reverse order.
 *
 * Input:  1 to ECHO_TEXT_MAXIMUM bytes.
 * Output: as many.
 * Errors: STATUS_INFO_LENGTH_MISMATCH  the input is empty or too long;
 *         STATUS_BUFFER_TOO_SMALL      the output is shorter than the input.
 */
#define ECHO_REVERSE SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x801, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* What this open of the device has seen so far. */
struct echo_statistics {
    uint32_t opener;     /* process id of who opened it */
    uint32_t caller;     /* process id of who asks */
    uint64_t call_count; /* calls of ECHO_SAY and ECHO_REVERSE that succeeded or were cut */
};

SB_ASSERT_SIZE(struct echo_statistics, 16);
SB_ASSERT_OFFSET(struct echo_statistics, opener, 0);
SB_ASSERT_OFFSET(struct echo_statistics, caller, 4);
SB_ASSERT_OFFSET(struct echo_statistics, call_count, 8);

/*
 * Answers with the open's statistics.
 *
 * Input:  none.
 * Output: struct echo_statistics.
 * Errors: STATUS_INFO_LENGTH_MISMATCH  there is an input;
 *         STATUS_BUFFER_TOO_SMALL      the output is shorter than 16 bytes.
 */
#define ECHO_COUNT SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x802, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

#endif
