/*
 * MyDevice's answers: status, Information and every byte of the caller's buffer.
 */
#include "raw.h"

#include <mydevice/contract.h>
#include <string.h>

#define PATH       L"" MYDEVICE_PATH
#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)

#define GUARD 0xC3

/* A caller's buffer with guard bytes behind the part that the driver is told of. */
struct guarded {
    unsigned char bytes[256];
};

static struct answer expected_answer(ULONG input_length, ULONG output_length)
{
    if (input_length != sizeof(struct mydevice_request))
        return (struct answer){STATUS_INFO_LENGTH_MISMATCH, 0};
    if (output_length == 0)
        return (struct answer){STATUS_BUFFER_TOO_SMALL, 0};
    if (output_length < sizeof(struct mydevice_reply))
        return (struct answer){STATUS_BUFFER_OVERFLOW, output_length};
    return (struct answer){STATUS_SUCCESS, sizeof(struct mydevice_reply)};
}

/* The reply's first bytes, as many as the answer says, and not a byte more. */
static bool holds_reply(const struct guarded *output, ULONG_PTR length)
{
    struct guarded expected;

    memset(&expected, GUARD, sizeof(expected));
    memcpy(&expected, MYDEVICE_REPLY_TEXT, length);
    return memcmp(output, &expected, sizeof(expected)) == 0;
}

static void check_call(HANDLE device, ULONG input_length, ULONG output_length)
{
    struct answer expected = expected_answer(input_length, output_length);
    struct guarded output;
    struct guarded input;
    struct answer answer;

    memset(&output, GUARD, sizeof(output));
    memset(&input, 0x11, sizeof(input));
    answer = raw_control(device, MYDEVICE_HELLO, &input, input_length, &output, output_length);
    CHECK(answer.status == expected.status && answer.information == expected.information,
          "in %lu out %lu: status %lx and %lu bytes, not %lx and %lu", input_length, output_length,
          answer.status, (ULONG)answer.information, expected.status, (ULONG)expected.information);
    CHECK(holds_reply(&output, expected.information), "in %lu out %lu: the buffer's bytes",
          input_length, output_length);
}

/* The table's rows, one by one. */
void test_answers(void)
{
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);

    check_call(device, 20, 20);
    check_call(device, 20, 14);
    check_call(device, 20, 13);
    check_call(device, 20, 4);
    check_call(device, 20, 1);
    check_call(device, 20, 0);
    check_call(device, 19, 20);
    check_call(device, 21, 20);
    check_call(device, 0, 20);
    check_call(device, 0, 0);
    CloseHandle(device);
}

void test_lengths(void)
{
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    ULONG input_length;
    ULONG output_length;

    for (input_length = 0; input_length <= 64; input_length++)
        for (output_length = 0; output_length <= 64; output_length++)
            check_call(device, input_length, output_length);
    CloseHandle(device);
}

static void check_refused(HANDLE device, ULONG code, NTSTATUS status)
{
    const struct mydevice_request request = {1, 2, 3, 4, 5};
    struct guarded output;
    struct answer answer;

    memset(&output, GUARD, sizeof(output));
    answer = raw_control(device, code, &request, sizeof(request), &output, 20);
    CHECK(answer.status == status && answer.information == 0,
          "code %lx: status %lx and %lu bytes, not %lx", code, answer.status,
          (ULONG)answer.information, status);
    /* Wine copies the whole buffer of a direct call back; the guard bytes hold all the same. */
    CHECK(memcmp(output.bytes + 20, &(struct guarded){{GUARD, GUARD, GUARD, GUARD}}, 4) == 0,
          "code %lx: bytes behind the buffer", code);
    if (SB_CONTROL_CODE_METHOD(code) == SB_METHOD_BUFFERED)
        CHECK(holds_reply(&output, 0), "code %lx: bytes in the buffer", code);
}

/* Every code that differs from the right one in a bit, and all methods and accesses of some. */
void test_codes(void)
{
    static const ULONG functions[] = {0, 1, 0x7FF, 0x800, 0x801, 0xFFF};
    static const ULONG types[] = {0, SB_DEVICE_UNKNOWN, 0x8022, 0xFFFF};
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    ULONG bit, function, type, low;
    ULONG code;

    for (bit = 0; bit < 32; bit++)
        check_refused(device, MYDEVICE_HELLO ^ (1ul << bit), STATUS_INVALID_DEVICE_REQUEST);
    for (type = 0; type < 4; type++)
        for (function = 0; function < 6; function++)
            for (low = 0; low < 16; low++) {
                code = SB_CONTROL_CODE(types[type], functions[function], low & 3, low >> 2);
                if (code != MYDEVICE_HELLO)
                    check_refused(device, code, STATUS_INVALID_DEVICE_REQUEST);
            }
    check_call(device, 20, 20);
    CloseHandle(device);
}

/* What a code asks of the handle is checked before the driver is asked anything. */
void test_access(void)
{
    const ULONG reads = SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, 0, SB_ACCESS_READ);
    const ULONG writes = SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, 0, SB_ACCESS_WRITE);
    HANDLE device = raw_open_or_end(PATH, GENERIC_READ);

    check_call(device, 20, 20);
    check_refused(device, reads, STATUS_INVALID_DEVICE_REQUEST);
    check_refused(device, writes, STATUS_ACCESS_DENIED);
    CloseHandle(device);

    device = raw_open_or_end(PATH, GENERIC_WRITE);
    check_call(device, 20, 20);
    check_refused(device, reads, STATUS_ACCESS_DENIED);
    check_refused(device, writes, STATUS_INVALID_DEVICE_REQUEST);
    CloseHandle(device);

    device = raw_open_or_end(PATH, FILE_READ_ATTRIBUTES);
    check_call(device, 20, 20);
    check_refused(device, reads | writes, STATUS_ACCESS_DENIED);
    CloseHandle(device);
}

struct win32_row {
    DWORD code;
    DWORD input_length;
    DWORD output_length;
    DWORD error;
    DWORD returned;
};

/* The same answers as an application meets them: error codes of DeviceIoControl. */
void test_win32_errors(void)
{
    static const struct win32_row rows[] = {
        {MYDEVICE_HELLO, 20, 20, ERROR_SUCCESS, 14},
        {MYDEVICE_HELLO, 20, 14, ERROR_SUCCESS, 14},
        {MYDEVICE_HELLO, 20, 13, ERROR_MORE_DATA, 13},
        {MYDEVICE_HELLO, 20, 4, ERROR_MORE_DATA, 4},
        {MYDEVICE_HELLO, 20, 1, ERROR_MORE_DATA, 1},
        {MYDEVICE_HELLO, 20, 0, ERROR_INSUFFICIENT_BUFFER, 0},
        {MYDEVICE_HELLO, 0, 0, ERROR_BAD_LENGTH, 0},
        {MYDEVICE_HELLO, 19, 20, ERROR_BAD_LENGTH, 0},
        {MYDEVICE_HELLO, 21, 20, ERROR_BAD_LENGTH, 0},
        {MYDEVICE_HELLO + 4, 20, 20, ERROR_INVALID_FUNCTION, 0},
        {MYDEVICE_HELLO | SB_METHOD_NEITHER, 20, 20, ERROR_INVALID_FUNCTION, 0},
    };
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    size_t index;

    for (index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
        const struct win32_row *row = &rows[index];
        unsigned char buffer[64] = {0};
        DWORD returned = 0;
        DWORD error = ERROR_SUCCESS;

        if (!DeviceIoControl(device, row->code, buffer, row->input_length, buffer + 32,
                             row->output_length, &returned, NULL))
            error = GetLastError();
        CHECK(error == row->error && returned == row->returned,
              "row %u: error %lu and %lu bytes, not %lu and %lu", (unsigned)index, error, returned,
              row->error, row->returned);
    }
    CloseHandle(device);
}
