/*
 * Each error of the client library, from what causes it; and that nothing is touched then.
 */
#include "client_test.h"

#include <echo/contract.h>
#include <mydevice/contract.h>
#include <rude/contract.h>
#include <string.h>
#include <windows.h>
#include <ntstatus.h>

#define LIMIT 5000 /* milliseconds */

static struct sb_client *const untouched_client = (struct sb_client *)0x5A5A;

static void check_open(const char *path, enum sb_error expected)
{
    struct sb_client *client = untouched_client;
    enum sb_error error = sb_open(path, &client);

    CHECK(error == expected, "sb_open(%s): %d, not %d", path != NULL ? path : "NULL", error,
          expected);
    CHECK(client == untouched_client, "sb_open(%s) touched its client",
          path != NULL ? path : "NULL");
}

void test_arguments(void)
{
    struct sb_client *echo = open_or_end(ECHO_PATH);
    enum sb_service_state state = (enum sb_service_state)77;
    size_t huge = (size_t)1 << 32;
    char byte = 1;

    check_open(NULL, SB_ERROR_ARGUMENT);
    check_open("", SB_ERROR_ARGUMENT);
    check_open("\\\\.\\\xFF\xFE", SB_ERROR_ARGUMENT);
    CHECK(sb_open(ECHO_PATH, NULL) == SB_ERROR_ARGUMENT, "no place for the client");

    CHECK(sb_call(NULL, ECHO_SAY, &byte, 1, &byte, 1, NULL, LIMIT) == SB_ERROR_ARGUMENT, "NULL");
    CHECK(sb_call(echo, ECHO_SAY, NULL, 1, &byte, 1, NULL, LIMIT) == SB_ERROR_ARGUMENT, "input");
    CHECK(sb_call(echo, ECHO_SAY, &byte, 1, NULL, 1, NULL, LIMIT) == SB_ERROR_ARGUMENT, "output");
    CHECK(sb_call(echo, ECHO_SAY, &byte, huge, &byte, 1, NULL, LIMIT) == SB_ERROR_ARGUMENT,
          "an input of 4 GiB");
    CHECK(sb_call(echo, ECHO_SAY, &byte, 1, &byte, huge, NULL, LIMIT) == SB_ERROR_ARGUMENT,
          "an output of 4 GiB");
    CHECK(sb_system_error() == ERROR_INVALID_PARAMETER, "system error %u", sb_system_error());

    CHECK(sb_service_install(NULL, "x") == SB_ERROR_ARGUMENT, "install without name");
    CHECK(sb_service_install("SbNone", NULL) == SB_ERROR_ARGUMENT, "install without path");
    CHECK(sb_service_install("", "") == SB_ERROR_ARGUMENT, "install of nothing");
    CHECK(sb_service_start(NULL) == SB_ERROR_ARGUMENT, "start");
    CHECK(sb_service_stop(NULL) == SB_ERROR_ARGUMENT, "stop");
    CHECK(sb_service_uninstall("\xC3") == SB_ERROR_ARGUMENT, "uninstall");
    CHECK(sb_service_status(NULL, &state) == SB_ERROR_ARGUMENT, "status");
    CHECK(sb_service_status("SbNone", NULL) == SB_ERROR_ARGUMENT, "status to nowhere");
    CHECK(sb_service_status("SbNone", &state) == SB_ERROR_NOT_INSTALLED, "status of nothing");
    CHECK((int)state == 77, "a failed status touched the state");
    sb_close(echo);
    sb_close(NULL);
}

void test_no_device(void)
{
    check_open(MYDEVICE_PATH, SB_ERROR_NOT_FOUND);
    check_open("\\\\.\\NoSuchDevice", SB_ERROR_NOT_FOUND);
    check_open("\\\\.\\\xE8\xAE\xBE\xE5\xA4\x87", SB_ERROR_NOT_FOUND);
}

enum sb_error call_with_status(struct sb_client *rude, uint32_t status, uint32_t timeout)
{
    return sb_call(rude, RUDE_RETURN_STATUS, &status, sizeof(status), NULL, 0, NULL, timeout);
}

struct status_row {
    uint32_t status;
    enum sb_error error;
    uint32_t system_error;
};

void test_errors(void)
{
    static const struct status_row rows[] = {
        {(uint32_t)STATUS_SUCCESS, SB_OK, 0},
        {(uint32_t)STATUS_BUFFER_OVERFLOW, SB_ERROR_TRUNCATED, ERROR_MORE_DATA},
        {(uint32_t)STATUS_INFO_LENGTH_MISMATCH, SB_ERROR_BAD_LENGTH, ERROR_BAD_LENGTH},
        {(uint32_t)STATUS_BUFFER_TOO_SMALL, SB_ERROR_REPLY_TOO_SMALL, ERROR_INSUFFICIENT_BUFFER},
        {(uint32_t)STATUS_INVALID_DEVICE_REQUEST, SB_ERROR_UNKNOWN_COMMAND, ERROR_INVALID_FUNCTION},
        {(uint32_t)STATUS_NOT_SUPPORTED, SB_ERROR_UNKNOWN_COMMAND, ERROR_NOT_SUPPORTED},
        {(uint32_t)STATUS_ACCESS_DENIED, SB_ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED},
        {(uint32_t)STATUS_CANCELLED, SB_ERROR_CLOSED, ERROR_OPERATION_ABORTED},
        {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, SB_ERROR_NO_MEMORY, ERROR_NO_SYSTEM_RESOURCES},
        {(uint32_t)STATUS_NO_MEMORY, SB_ERROR_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY},
        {(uint32_t)STATUS_DEVICE_BUSY, SB_ERROR_SYSTEM, ERROR_BUSY},
        {(uint32_t)STATUS_IO_TIMEOUT, SB_ERROR_SYSTEM, ERROR_SEM_TIMEOUT},
    };
    static const uint32_t timeouts[] = {LIMIT, SB_FOREVER};
    struct sb_client *rude = open_or_end(RUDE_PATH);
    enum sb_error error;
    size_t index, timeout;

    for (index = 0; index < sizeof(rows) / sizeof(rows[0]); index++)
        for (timeout = 0; timeout < 2; timeout++) {
            error = call_with_status(rude, rows[index].status, timeouts[timeout]);
            CHECK(error == rows[index].error, "status %x: error %d, not %d", rows[index].status,
                  error, rows[index].error);
            CHECK(error == SB_OK || sb_system_error() == rows[index].system_error,
                  "status %x: system error %u, not %u", rows[index].status, sb_system_error(),
                  rows[index].system_error);
        }
    sb_close(rude);
}

static void check_untouched(struct sb_client *client, uint32_t code, const void *input,
                            size_t input_length, size_t capacity, enum sb_error expected)
{
    static const uint32_t timeouts[] = {LIMIT, SB_FOREVER};
    unsigned char output[64];
    size_t length;
    size_t index;
    size_t timeout;
    enum sb_error error;

    for (timeout = 0; timeout < 2; timeout++) {
        memset(output, 0xC3, sizeof(output));
        length = 4711;
        error = sb_call(client, code, input, input_length, output, capacity, &length,
                        timeouts[timeout]);
        CHECK(error == expected, "code %x: error %d, not %d", code, error, expected);
        CHECK(length == 4711, "code %x: the length was touched", code);
        for (index = 0; index < sizeof(output) && output[index] == 0xC3; index++)
            ;
        CHECK(index == sizeof(output), "code %x: byte %u was touched", code, (unsigned)index);
    }
}

/* A failure leaves the output and the length as they were; a cut reply fills the buffer only. */
void test_untouched(void)
{
    struct sb_client *mydevice = open_or_end(MYDEVICE_PATH);
    struct sb_client *rude = open_or_end(RUDE_PATH);
    const uint32_t unsuccessful = (uint32_t)STATUS_UNSUCCESSFUL;
    const unsigned char request[21] = {0};
    unsigned char output[64];
    size_t length = 0;
    enum sb_error error;

    check_untouched(mydevice, MYDEVICE_HELLO, request, 19, 20, SB_ERROR_BAD_LENGTH);
    check_untouched(mydevice, MYDEVICE_HELLO, request, 21, 20, SB_ERROR_BAD_LENGTH);
    check_untouched(mydevice, MYDEVICE_HELLO, NULL, 0, 20, SB_ERROR_BAD_LENGTH);
    check_untouched(mydevice, MYDEVICE_HELLO, request, 20, 0, SB_ERROR_REPLY_TOO_SMALL);
    check_untouched(mydevice, MYDEVICE_HELLO + 4, request, 20, 20, SB_ERROR_UNKNOWN_COMMAND);
    check_untouched(rude, RUDE_RETURN_STATUS, &unsuccessful, 4, 20, SB_ERROR_SYSTEM);

    memset(output, 0xC3, sizeof(output));
    error = sb_call(mydevice, MYDEVICE_HELLO, request, 20, output, 4, &length, LIMIT);
    CHECK(error == SB_ERROR_TRUNCATED && length == 4, "error %d, %u bytes", error,
          (unsigned)length);
    CHECK(memcmp(output, "hell\xC3", 5) == 0, "a reply cut to four bytes");
    error = sb_call(mydevice, MYDEVICE_HELLO, request, 20, output, 64, &length, SB_FOREVER);
    CHECK(error == SB_OK && length == 14, "error %d, %u bytes", error, (unsigned)length);
    CHECK(memcmp(output, "hello lyshark\0\xC3", 15) == 0, "the reply and no byte more");
    sb_close(rude);
    sb_close(mydevice);
}

void test_echo(void)
{
    static unsigned char input[ECHO_TEXT_MAXIMUM + 1], output[ECHO_TEXT_MAXIMUM + 1];
    struct sb_client *first = open_or_end(ECHO_PATH);
    struct sb_client *second = open_or_end(ECHO_PATH);
    struct echo_statistics statistics;
    size_t length = 0;
    size_t index;

    for (index = 0; index < sizeof(input); index++)
        input[index] = (unsigned char)(index * 31);
    CHECK(sb_call(first, ECHO_SAY, input, ECHO_TEXT_MAXIMUM, output, sizeof(output), &length,
                  LIMIT) == SB_OK &&
              length == ECHO_TEXT_MAXIMUM && memcmp(input, output, length) == 0,
          "the longest text");
    CHECK(sb_call(first, ECHO_SAY, input, 10, output, 3, &length, LIMIT) == SB_ERROR_TRUNCATED &&
              length == 3,
          "a text that is cut");
    CHECK(sb_call(first, ECHO_SAY, input, sizeof(input), output, 1, NULL, LIMIT) ==
              SB_ERROR_BAD_LENGTH,
          "a text that is too long");
    CHECK(sb_call(first, ECHO_SAY, NULL, 0, output, 1, NULL, LIMIT) == SB_ERROR_BAD_LENGTH,
          "no text");
    CHECK(sb_call(first, ECHO_SAY, input, 1, NULL, 0, NULL, LIMIT) == SB_ERROR_REPLY_TOO_SMALL,
          "no room");
    CHECK(sb_call(first, ECHO_REVERSE, "abcde", 5, output, 9, &length, LIMIT) == SB_OK &&
              length == 5 && memcmp(output, "edcba", 5) == 0,
          "five bytes reversed");
    CHECK(sb_call(first, ECHO_REVERSE, "abcd", 4, output, 4, &length, LIMIT) == SB_OK &&
              memcmp(output, "dcba", 4) == 0,
          "four bytes reversed");
    CHECK(sb_call(first, ECHO_REVERSE, "abcd", 4, output, 3, NULL, LIMIT) ==
              SB_ERROR_REPLY_TOO_SMALL,
          "no room for four bytes");
    CHECK(sb_call(first, ECHO_COUNT, NULL, 0, &statistics, sizeof(statistics), &length, LIMIT) ==
              SB_OK,
          "the count");
    CHECK(statistics.call_count == 4, "%u calls", (unsigned)statistics.call_count);
    CHECK(statistics.caller == GetCurrentProcessId() && statistics.opener == statistics.caller,
          "process %u and %u", statistics.caller, statistics.opener);
    CHECK(sb_call(second, ECHO_COUNT, NULL, 0, &statistics, sizeof(statistics), &length, LIMIT) ==
                  SB_OK &&
              statistics.call_count == 0,
          "another open counts by itself");
    sb_close(second);
    sb_close(first);
}
