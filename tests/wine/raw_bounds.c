/*
 * Callers that hand over what is not theirs to hand over, and requests that are no calls.
 */
#include "raw.h"

#include <mydevice/contract.h>
#include <rude/contract.h>
#include <stdio.h>
#include <string.h>

#define PATH       L"" MYDEVICE_PATH
#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)
#define MEBIBYTE   0x100000u

static const struct mydevice_request request = {1, 2, 3, 4, 5};

/* After whatever came before, the driver still answers. */
static void check_alive(HANDLE device)
{
    struct mydevice_reply reply = {{0}};
    struct answer answer =
        raw_control(device, MYDEVICE_HELLO, &request, sizeof(request), &reply, sizeof(reply));

    CHECK(answer.status == STATUS_SUCCESS && strcmp(reply.text, MYDEVICE_REPLY_TEXT) == 0,
          "the driver does not answer any more: %lx", answer.status);
}

/* Windows finds bad pointers out before the driver is asked; Wine 8 has answers of its own. */
static void check_bad_pointers(HANDLE device, const void *input, void *output, NTSTATUS wine)
{
    struct answer answer = raw_control(device, MYDEVICE_HELLO, input, sizeof(request), output, 20);

    CHECK(answer.status == STATUS_ACCESS_VIOLATION || answer.status == wine,
          "input %p output %p: status %lx", input, output, answer.status);
    check_alive(device);
}

void test_pointers(void)
{
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    char output[20];
    unsigned char *pages = VirtualAlloc(NULL, 0x2000, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    DWORD old;

    check_bad_pointers(device, NULL, output, STATUS_ACCESS_DENIED);
    check_bad_pointers(device, (void *)0x10, output, STATUS_ACCESS_DENIED);
    check_bad_pointers(device, (void *)~(uintptr_t)0xFFF, output, STATUS_ACCESS_DENIED);
    check_bad_pointers(device, &request, NULL, STATUS_INVALID_USER_BUFFER);
    check_bad_pointers(device, &request, (void *)0x10, STATUS_INVALID_USER_BUFFER);

    /* A buffer whose second half is not there, and one that cannot be written. */
    VirtualProtect(pages + 0x1000, 0x1000, PAGE_NOACCESS, &old);
    check_bad_pointers(device, pages + 0x1000 - 10, output, STATUS_ACCESS_DENIED);
    check_bad_pointers(device, &request, pages + 0x1000 - 10, STATUS_INVALID_USER_BUFFER);
    VirtualProtect(pages, 0x1000, PAGE_READONLY, &old);
    check_bad_pointers(device, &request, pages, STATUS_INVALID_USER_BUFFER);

    /* With no length no pointer is looked at. */
    CHECK(raw_control(device, MYDEVICE_HELLO, NULL, 0, NULL, 0).status ==
              STATUS_INFO_LENGTH_MISMATCH,
          "both NULL and empty");
    CHECK(raw_control(device, MYDEVICE_HELLO, (void *)1, 0, (void *)1, 0).status ==
              STATUS_INFO_LENGTH_MISMATCH,
          "both empty, pointing nowhere");
    CHECK(raw_control(device, MYDEVICE_HELLO, &request, 20, (void *)1, 0).status ==
              STATUS_BUFFER_TOO_SMALL,
          "an empty output that points nowhere");

    CloseHandle(device);
}

void test_other_requests(void)
{
    static const DWORD lengths[] = {0, 1, 20, 0x10000};
    static unsigned char buffer[0x10000];
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    LARGE_INTEGER size;
    DWORD moved;
    size_t index;

    for (index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        memset(buffer, 0xC3, sizeof(buffer));
        moved = 0;
        CHECK(!ReadFile(device, buffer, lengths[index], &moved, NULL) &&
                  GetLastError() == ERROR_INVALID_FUNCTION && moved == 0,
              "READ of %lu: error %lu, %lu bytes", lengths[index], GetLastError(), moved);
        CHECK(buffer[0] == 0xC3 && memcmp(buffer, buffer + 1, sizeof(buffer) - 1) == 0,
              "READ of %lu wrote to the buffer", lengths[index]);
        CHECK(!WriteFile(device, buffer, lengths[index], &moved, NULL) &&
                  GetLastError() == ERROR_INVALID_FUNCTION && moved == 0,
              "WRITE of %lu: error %lu, %lu bytes", lengths[index], GetLastError(), moved);
        check_alive(device);
    }
    CHECK(!FlushFileBuffers(device), "FLUSH is served by nobody");
    CHECK(!GetFileSizeEx(device, &size), "a device has no size");
    CHECK(!LockFile(device, 0, 0, 1, 0), "nor locks");
    CHECK(!SetEndOfFile(device), "nor an end");
    check_alive(device);
    CloseHandle(device);
}

static void check_big(HANDLE device, unsigned char *memory, ULONG length)
{
    struct answer answer;

    answer = raw_control(device, MYDEVICE_HELLO, memory, length, NULL, 0);
    CHECK(answer.status == STATUS_INFO_LENGTH_MISMATCH, "input of %lu: %lx", length, answer.status);
    memset(memory, 0xC3, 64);
    answer = raw_control(device, MYDEVICE_HELLO, &request, sizeof(request), memory, length);
    CHECK(answer.status == STATUS_SUCCESS && answer.information == 14, "output of %lu: %lx, %lu",
          length, answer.status, (ULONG)answer.information);
    CHECK(memcmp(memory, MYDEVICE_REPLY_TEXT, 14) == 0 && memory[14] == 0xC3, "its bytes");
}

void test_big_lengths(void)
{
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    unsigned char *memory =
        VirtualAlloc(NULL, 32 * MEBIBYTE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

    check_big(device, memory, 4095);
    check_big(device, memory, 4096);
    check_big(device, memory, 65537);
    check_big(device, memory, 32 * MEBIBYTE);
    check_alive(device);
    VirtualFree(memory, 0, MEM_RELEASE);
    CloseHandle(device);
}

static ULONG fill_and_sum(unsigned char *bytes, ULONG length)
{
    ULONG sum = 0;
    ULONG index;

    for (index = 0; index < length; index++) {
        bytes[index] = (unsigned char)(index * 7 + 1);
        sum += bytes[index];
    }
    return sum;
}

/* The reply is written first, the request read after: right only if they do not share memory. */
static void check_reply_first(HANDLE device, unsigned char *input, ULONG input_length,
                              unsigned char *output, ULONG output_length)
{
    ULONG sum = fill_and_sum(input, input_length);
    ULONG found;
    struct answer answer;

    answer = raw_control(device, RUDE_REPLY_FIRST, input, input_length, output, output_length);
    memcpy(&found, output, sizeof(found));
    CHECK(answer.status == STATUS_SUCCESS && answer.information == output_length && found == sum,
          "in %lu out %lu: status %lx, sum %lu, not %lu", input_length, output_length,
          answer.status, found, sum);
    CHECK(output_length == 4 || output[output_length - 1] == 0xAA, "in %lu out %lu: last byte",
          input_length, output_length);
}

/* Handlers that say they wrote but did not: the caller gets zeros, never its input or old memory.
 */
static void check_clean(HANDLE device, ULONG code, unsigned char *input, ULONG input_length,
                        unsigned char *output, ULONG output_length)
{
    bool in_place = code == RUDE_WRITE_NOTHING_IN_PLACE;
    struct answer answer;
    ULONG index;

    fill_and_sum(input, input_length);
    memset(output, 0xC3, output_length);
    answer = raw_control(device, code, input, input_length, output, output_length);
    CHECK(answer.status == STATUS_SUCCESS && answer.information == output_length,
          "in %lu out %lu: status %lx", input_length, output_length, answer.status);
    for (index = 0; index < output_length; index++)
        if (output[index] != (in_place && index < input_length ? input[index] : 0))
            break;
    CHECK(index == output_length, "in %lu out %lu: byte %lu is %02x", input_length, output_length,
          index, output[index]);
}

static void check_status(HANDLE device, NTSTATUS wanted, NTSTATUS expected, ULONG_PTR information)
{
    unsigned char output[8];
    struct answer answer;

    memset(output, 0xC3, sizeof(output));
    answer = raw_control(device, RUDE_RETURN_STATUS, &wanted, sizeof(wanted), output, 8);
    CHECK(answer.status == expected && answer.information == information,
          "status %lx came as %lx with %lu bytes", wanted, answer.status,
          (ULONG)answer.information);
    CHECK(output[0] == (information != 0 ? 0x66 : 0xC3), "status %lx: the bytes", wanted);
}

void test_rude(void)
{
    static const ULONG lengths[] = {0, 1, 4, 20, 255, 256, 257, 4096, 65536};
    static unsigned char input[65536];
    static unsigned char output[65536];
    HANDLE device = raw_open_or_end(L"" RUDE_PATH, READ_WRITE);
    struct answer answer;
    size_t in, out;

    for (in = 0; in < sizeof(lengths) / sizeof(lengths[0]); in++)
        for (out = 0; out < sizeof(lengths) / sizeof(lengths[0]); out++) {
            check_clean(device, RUDE_WRITE_NOTHING, input, lengths[in], output, lengths[out]);
            check_clean(device, RUDE_WRITE_NOTHING_IN_PLACE, input, lengths[in], output,
                        lengths[out]);
            if (lengths[out] >= 4)
                check_reply_first(device, input, lengths[in], output, lengths[out]);
        }

    memset(output, 0xC3, 64);
    answer = raw_control(device, RUDE_CLAIM_TOO_MUCH, NULL, 0, output, 10);
    CHECK(answer.status == STATUS_BUFFER_OVERFLOW && answer.information == 10, "%lx, %lu",
          answer.status, (ULONG)answer.information);
    CHECK(output[9] == 0x55 && output[10] == 0xC3, "ten bytes and no more");
    answer = raw_control(device, RUDE_CLAIM_TOO_MUCH, NULL, 0, NULL, 0);
    CHECK(answer.status == STATUS_BUFFER_OVERFLOW && answer.information == 0, "%lx, %lu",
          answer.status, (ULONG)answer.information);

    check_status(device, STATUS_SUCCESS, STATUS_SUCCESS, 8);
    check_status(device, STATUS_PENDING, STATUS_INTERNAL_ERROR, 0);
    check_status(device, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_OVERFLOW, 8);
    check_status(device, STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL, 0);
    check_status(device, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER, 0);
    CHECK(raw_control(device, RUDE_CODE_READ, NULL, 0, NULL, 0).status == STATUS_SUCCESS, "READ");
    CHECK(raw_control(device, RUDE_CODE_WRITE, NULL, 0, NULL, 0).status == STATUS_SUCCESS, "WRITE");
    CloseHandle(device);
}

static struct rude_counts rude_counts(HANDLE device)
{
    struct rude_counts counts = {0};

    raw_control(device, RUDE_COUNTS, NULL, 0, &counts, sizeof(counts));
    return counts;
}

/* On Windows the open fails. Wine 8 opens all the same, but nothing can be called then. */
static void check_refused_open(void)
{
    HANDLE device = raw_open(L"" RUDE_PATH, READ_WRITE);

    check_gap(device == INVALID_HANDLE_VALUE, "an open that the driver refuses fails");
    if (device == INVALID_HANDLE_VALUE) {
        CHECK(GetLastError() == ERROR_BUSY, "a refused open: error %lu", GetLastError());
        return;
    }
    CHECK(raw_control(device, RUDE_CODE_READ, NULL, 0, NULL, 0).status ==
              STATUS_INVALID_DEVICE_REQUEST,
          "a call through a refused open");
    CloseHandle(device);
}

/* CloseHandle() of Wine does not wait until the driver has seen the CLOSE. */
static struct rude_counts counts_after_closes(HANDLE device, uint32_t closes)
{
    ULONGLONG end = GetTickCount64() + 5000;
    struct rude_counts counts = rude_counts(device);

    while (counts.closes < closes && GetTickCount64() < end) {
        Sleep(5);
        counts = rude_counts(device);
    }
    return counts;
}

/* create and close callbacks come in pairs; a refused create is not closed. */
void test_opens(void)
{
    HANDLE device = raw_open_or_end(L"" RUDE_PATH, READ_WRITE);
    struct rude_counts before = rude_counts(device);
    struct rude_counts after;
    uint32_t refusals = 3;
    int index;

    raw_control(device, RUDE_REFUSE_OPENS, &refusals, sizeof(refusals), NULL, 0);
    for (index = 0; index < 3; index++)
        check_refused_open();
    for (index = 0; index < 50; index++)
        CloseHandle(raw_open_or_end(L"" RUDE_PATH, READ_WRITE));
    after = counts_after_closes(device, before.closes + 50);
    CHECK(after.creates - before.creates == 53, "%u creates", after.creates - before.creates);
    CHECK(after.refused - before.refused == 3, "%u refused", after.refused - before.refused);
    CHECK(after.closes - before.closes == 50, "%u closes", after.closes - before.closes);
    CHECK(after.context_mistakes == 0, "%u contexts were wrong", after.context_mistakes);
    CloseHandle(device);
}
