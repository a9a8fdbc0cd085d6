/* Requests and handles: what the driver sees, what its caller gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uchar.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"
#include "../drivers/requests/requests.h"

#define STATUS_BUFFER_OVERFLOW        ((sb_status)0x80000005)
#define STATUS_DEVICE_BUSY            ((sb_status)0x80000011)
#define STATUS_UNSUCCESSFUL           ((sb_status)0xC0000001)
#define STATUS_ACCESS_VIOLATION       ((sb_status)0xC0000005)
#define STATUS_INVALID_HANDLE         ((sb_status)0xC0000008)
#define STATUS_INVALID_PARAMETER      ((sb_status)0xC000000D)
#define STATUS_INVALID_DEVICE_REQUEST ((sb_status)0xC0000010)
#define STATUS_ACCESS_DENIED          ((sb_status)0xC0000022)
#define STATUS_OBJECT_TYPE_MISMATCH   ((sb_status)0xC0000024)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)
#define STATUS_SHARING_VIOLATION      ((sb_status)0xC0000043)
#define STATUS_THREAD_IS_TERMINATING  ((sb_status)0xC000004B)
#define STATUS_CANCELLED              ((sb_status)0xC0000120)
#define STATUS_NOT_FOUND              ((sb_status)0xC0000225)

enum { ANY_ACCESS, READ_ACCESS, WRITE_ACCESS, READ_WRITE_ACCESS };
enum { READ_DATA = 1, WRITE_DATA = 2, SHARE_READ = 1, SHARE_WRITE = 2 };

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    uint8_t *buffer;
    struct text log;
};

static const char *driver_path = SYSBUF_TEST_DRIVERS "/requests-gcc.sys";

static int start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    struct sb_machine_options options = {.log = keep_log, .log_context = &fixture.log};
    assert_int_equal(sb_machine_create(&options, &fixture.machine), 0);
    fixture.driver = load_driver(fixture.machine, driver_path, &fixture.log);
    assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), 0);
    fixture.buffer = sb_process_allocate(fixture.process, 8192, false);
    assert_non_null(fixture.buffer);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    sb_process_destroy(fixture->process);
    sb_machine_destroy(fixture->machine);
    return 0;
}

static sb_handle open_as(struct fixture *fixture, const char *path, bool overlapped)
{
    struct sb_open_options options = {.is_overlapped = overlapped};
    sb_handle file = 0;
    assert_int_equal(sb_process_open(fixture->process, path, &options, &file), 0);
    return file;
}

static uint32_t code_of(int function, int method)
{
    return REQUESTS_CODE(function, method, ANY_ACCESS);
}

static sb_status report_of(struct fixture *fixture, sb_handle file, int method,
                           struct report *report)
{
    struct sb_io_status result;
    fixture->buffer[0] = 0x5A;
    memset(fixture->buffer + 4096, 0xAA, 256);
    sb_status status =
        sb_process_ioctl(fixture->process, file, 0, &result, code_of(REPORT, method),
                         fixture->buffer, 3, fixture->buffer + 4096, sizeof(*report) + 8);
    memcpy(report, fixture->buffer + 4096, sizeof(*report));
    if (status == 0) {
        assert_int_equal(result.information, sizeof(*report));
        assert_int_equal(fixture->buffer[4096 + sizeof(*report)],
                         method == BUFFERED || method == NEITHER || method == OUT_DIRECT ||
                                 method == IN_DIRECT
                             ? 0xAA
                             : 0);
    }
    return status;
}

static void each_method_brings_its_buffers(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct report report;
    for (int method = BUFFERED; method <= NEITHER; method++) {
        assert_int_equal(report_of(fixture, file, method, &report), 0);
        assert_int_equal(report.method, method);
        assert_int_equal(report.input_length, 3);
        assert_int_equal(report.output_length, sizeof(report) + 8);
        assert_int_equal(report.first_input, 0x5A);
        assert_int_equal(report.requestor_mode, 1);
        assert_int_equal(report.has_system_buffer, method != NEITHER);
        assert_int_equal(report.mdl_bytes,
                         method == IN_DIRECT || method == OUT_DIRECT ? sizeof(report) + 8 : 0);
        assert_int_equal(report.stack_flags, 1 | 4); /* SL_READ_, SL_WRITE_ACCESS_GRANTED */
    }
    assert_int_equal(report.user_buffer, (uintptr_t)fixture->buffer + 4096);
    assert_int_equal(report.type3_buffer, (uintptr_t)fixture->buffer);
}

static void zero_lengths_bring_no_buffers(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result;
    for (int method = BUFFERED; method <= NEITHER; method++)
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                          code_of(REPORT, method), NULL, 0, NULL, 0),
                         (sb_status)0xC0000023);
    assert_int_equal(result.information, 0);
}

static void bad_buffers_are_refused_before_the_driver(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    uint8_t *end = sb_process_allocate(fixture->process, 16, true);
    static uint8_t foreign[64];
    struct sb_io_status result = {.status = 0x1234, .information = 77};
    const struct {
        int method;
        void *input, *output;
    } cases[] = {{BUFFERED, foreign, NULL},       {BUFFERED, NULL, foreign},
                 {BUFFERED, end + 8, NULL},       {BUFFERED, NULL, end + 8},
                 {BUFFERED, (void *)0x20, NULL},  {OUT_DIRECT, NULL, foreign},
                 {OUT_DIRECT, foreign, NULL},     {OUT_DIRECT, NULL, end + 8},
                 {IN_DIRECT, NULL, (void *)0x20}, {IN_DIRECT, end + 8, NULL},
                 {BUFFERED, NULL, (void *)~15ull}, {OUT_DIRECT, NULL, NULL},
                 {IN_DIRECT, end - 16, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                          code_of(REPORT, cases[i].method), cases[i].input, 16,
                                          cases[i].output, 16),
                         STATUS_ACCESS_VIOLATION);
        assert_int_equal(result.status, 0x1234);
        assert_int_equal(result.information, 77);
    }
    sb_process_free(fixture->process, end);
}

static sb_status answer(struct fixture *fixture, sb_handle file, uint32_t status,
                        uint64_t information, uint32_t output, struct sb_io_status *result)
{
    struct answer answer = {status, 0x33, information};
    memcpy(fixture->buffer, &answer, sizeof(answer));
    memset(fixture->buffer + 4096, 0xAA, 64);
    memset(result, 0xEE, sizeof(*result));
    return sb_process_ioctl(fixture->process, file, 0, result, code_of(COMPLETE, BUFFERED),
                            fixture->buffer, sizeof(answer), fixture->buffer + 4096, output);
}

static void information_says_how_much_is_copied(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result;
    assert_int_equal(answer(fixture, file, 0, 5, 16, &result), 0);
    assert_int_equal(result.information, 5);
    assert_memory_equal(fixture->buffer + 4096, "\x33\x33\x33\x33\x33\xAA", 6);
    assert_int_equal(answer(fixture, file, (uint32_t)STATUS_BUFFER_OVERFLOW, 4, 16, &result),
                     STATUS_BUFFER_OVERFLOW);
    assert_memory_equal(fixture->buffer + 4096, "\x33\x33\x33\x33\xAA", 5);
    assert_int_equal(answer(fixture, file, (uint32_t)STATUS_UNSUCCESSFUL, 4, 16, &result),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(fixture->buffer[4096], 0xAA);
    assert_int_equal(result.status, STATUS_UNSUCCESSFUL);
    assert_int_equal(result.information, 4);
    /* NT trusts the driver beyond the caller's length. */
    assert_int_equal(answer(fixture, file, 0, 6, 2, &result), 0);
    assert_int_equal(result.information, 6);
    assert_int_not_equal(fixture->buffer[4096 + 5], 0xAA);
}

/* One call of that length, answered with a byte of its own throughout. */
static void call_with(struct fixture *fixture, sb_handle file, uint8_t *memory, uint32_t length,
                      uint8_t fill)
{
    const struct answer answer = {.status = 0, .fill = fill, .information = length};
    struct sb_io_status result;
    memset(memory, 0, length + 1);
    memcpy(memory, &answer, sizeof(answer));
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                      code_of(COMPLETE, BUFFERED), memory, length, memory, length),
                     0);
    assert_int_equal(result.information, length);
    for (uint32_t i = 0; i < length; i++)
        if (memory[i] != fill)
            fail_msg("byte %u of %u is %u, not %u", i, length, memory[i], fill);
    assert_int_equal(memory[length], 0);
}

/* Their pages are used again by later ones: more sizes than are kept, and some too long for it. */
static void large_buffers_come_and_go(void **state)
{
    static const uint32_t lengths[] = {5000,    65536, 1048576, 65536, 5000,  3145728, 12288,
                                       1048576, 20480, 28672,   36864, 65536, 4096,    8192};
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    uint8_t *memory = sb_process_allocate(fixture->process, 3145728 + 4096, false);
    uint64_t blocks[2], bytes[2];
    assert_non_null(memory);
    sb_machine_pool_usage(fixture->machine, &blocks[0], &bytes[0]);
    for (uint8_t round = 1; round <= 3; round++)
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
            call_with(fixture, file, memory, lengths[i], (uint8_t)(round * 16 + i));
    sb_machine_pool_usage(fixture->machine, &blocks[1], &bytes[1]);
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
}

static void handles_need_the_access_of_the_code(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_open_options reads = {.access = READ_DATA};
    struct sb_io_status result;
    struct report report;
    sb_handle file;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqBuffered", &reads, &file), 0);
    const sb_status expected[] = {(sb_status)0xC0000023, (sb_status)0xC0000023,
                                  STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED};
    for (int access = ANY_ACCESS; access <= READ_WRITE_ACCESS; access++)
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                          REQUESTS_CODE(REPORT, BUFFERED, access), NULL, 0, NULL,
                                          0),
                         expected[access]);
    assert_int_equal(report_of(fixture, file, BUFFERED, &report), 0);
    assert_int_equal(report.stack_flags, 1);
    assert_int_equal(sb_process_write(fixture->process, file, 0, &result, fixture->buffer, 4, 0),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_flush(fixture->process, file, &result), STATUS_ACCESS_DENIED);
}

static void reads_and_writes_go_by_the_devices_method(void **state)
{
    struct fixture *fixture = claim_state(state);
    const char *paths[] = {"\\\\.\\ReqBuffered", "\\\\.\\ReqDirect", "\\\\.\\ReqNeither"};
    struct sb_io_status result;
    for (int i = 0; i < 3; i++) {
        sb_handle file = open_as(fixture, paths[i], false);
        memset(fixture->buffer, 0, 64);
        assert_int_equal(
            sb_process_read(fixture->process, file, 0, &result, fixture->buffer, 10, 0x41), 0);
        assert_int_equal(result.information, 10);
        assert_memory_equal(fixture->buffer, "AAAAAAAAAA\0", 11);
        assert_int_equal(
            sb_process_write(fixture->process, file, 0, &result, fixture->buffer, 64, 0x41), 0);
        assert_int_equal(result.information, 10);
        assert_int_equal(sb_process_read(fixture->process, file, 0, &result, NULL, 0, 0), 0);
        assert_int_equal(result.information, 0);
        assert_int_equal(sb_process_read(fixture->process, file, 0, &result, (void *)0x20, 4, 0),
                         STATUS_ACCESS_VIOLATION);
        assert_int_equal(
            sb_process_read(fixture->process, file, 0, &result, fixture->buffer, 4, -5),
            STATUS_INVALID_PARAMETER);
        assert_int_equal(sb_process_close(fixture->process, file), 0);
    }
}

static void overlapped_requests_tell_by_event_and_status_block(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", true), event;
    struct sb_io_status first = {.status = 0x77}, second = {.status = 0x77}, result;
    struct answer answer = {0, 0x11, 8};
    assert_int_equal(sb_process_create_event(fixture->process, true, true, &event), 0);
    assert_int_equal(sb_process_ioctl(fixture->process, file, event, &first,
                                      code_of(QUEUE, BUFFERED), NULL, 0, fixture->buffer + 4096,
                                      16),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_wait(fixture->process, &event, 1, false, 0), SB_STATUS_TIMEOUT);
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &second, code_of(HOLD, BUFFERED),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(first.status, 0x77);
    memcpy(fixture->buffer, &answer, sizeof(answer));
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                      code_of(RELEASE, BUFFERED), fixture->buffer, sizeof(answer),
                                      NULL, 0),
                     0);
    assert_int_equal(sb_process_wait(fixture->process, &event, 1, false, 1000), 0);
    assert_int_equal(first.status, 0);
    assert_int_equal(first.information, 8);
    assert_memory_equal(fixture->buffer + 4096, "\x11\x11\x11\x11\x11\x11\x11\x11", 8);
    /* Without an event the file itself is signalled. */
    assert_int_equal(sb_process_cancel(fixture->process, file, &first), STATUS_NOT_FOUND);
    assert_int_equal(sb_process_cancel(fixture->process, file, &second), 0);
    assert_int_equal(sb_process_wait(fixture->process, &file, 1, false, 1000), 0);
    assert_int_equal(second.status, STATUS_CANCELLED);
    assert_int_equal(sb_process_cancel(fixture->process, file, NULL), STATUS_NOT_FOUND);
}

static void cancel_ends_all_requests_of_a_file(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", true), other;
    struct sb_io_status results[4], last = {.status = 0x77};
    other = open_as(fixture, "\\\\.\\ReqBuffered", true);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &results[i],
                                          code_of(QUEUE, BUFFERED), NULL, 0, NULL, 0),
                         SB_STATUS_PENDING);
    assert_int_equal(sb_process_ioctl(fixture->process, other, 0, &last, code_of(QUEUE, BUFFERED),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_cancel(fixture->process, file, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(results[i].status, STATUS_CANCELLED);
    assert_int_equal(last.status, 0x77);
    assert_int_equal(sb_process_cancel(fixture->process, other, NULL), 0);
    assert_int_equal(last.status, STATUS_CANCELLED);
}

static void ports_receive_completions(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", true), port, event;
    sb_handle synchronous = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result, failed;
    struct sb_packet packet;
    uint32_t skip = 1;
    assert_int_equal(sb_process_create_port(fixture->process, &port), 0);
    assert_int_equal(sb_process_create_event(fixture->process, true, false, &event), 0);
    assert_int_equal(sb_process_associate_port(fixture->process, synchronous, port, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(sb_process_associate_port(fixture->process, file, event, 1),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(sb_process_associate_port(fixture->process, file, port, 0xCAFE), 0);
    assert_int_equal(sb_process_associate_port(fixture->process, file, port, 2),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), SB_STATUS_TIMEOUT);
    assert_int_equal(answer(fixture, file, 0, 3, 16, &result), 0);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), 0);
    assert_int_equal(packet.key, 0xCAFE);
    assert_int_equal(packet.context, (uintptr_t)&result);
    assert_int_equal(packet.io_status.status, 0);
    assert_int_equal(packet.io_status.information, 3);
    /* An error that did not pend posts nothing, one that did does. */
    assert_int_equal(answer(fixture, file, (uint32_t)STATUS_UNSUCCESSFUL, 0, 16, &failed),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), SB_STATUS_TIMEOUT);
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(QUEUE, BUFFERED),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_cancel(fixture->process, file, &result), 0);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 1000, &packet), 0);
    assert_int_equal(packet.io_status.status, STATUS_CANCELLED);
    /* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS */
    assert_int_equal(sb_process_set_information(fixture->process, file, &result, 41, &skip, 4), 0);
    assert_int_equal(answer(fixture, file, 0, 3, 16, &result), 0);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), SB_STATUS_TIMEOUT);
    packet = (struct sb_packet){7, 8, {9, 0, 10}};
    assert_int_equal(sb_process_post_port(fixture->process, port, &packet), 0);
    memset(&packet, 0, sizeof(packet));
    assert_int_equal(sb_process_wait_port(fixture->process, port, SB_FOREVER, &packet), 0);
    assert_int_equal(packet.key + packet.context + packet.io_status.information, 25);
}

static void counts_of(struct fixture *fixture, sb_handle file, struct counts *counts)
{
    struct sb_io_status result;
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(COUNT, BUFFERED),
                                      NULL, 0, fixture->buffer, sizeof(*counts)),
                     0);
    memcpy(counts, fixture->buffer, sizeof(*counts));
}

static void create_carries_the_callers_wishes(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_open_options options = {.access = 0x80000000u, .share = SHARE_READ | SHARE_WRITE};
    struct counts counts;
    sb_handle file, below;
    assert_int_equal(
        sb_process_open(fixture->process, "\\Device\\ReqBuffered\\some\\name", &options, &below),
        0);
    counts_of(fixture, below, &counts);
    assert_int_equal(counts.name_length, 20);
    assert_int_equal(counts.share_access, SHARE_READ | SHARE_WRITE);
    assert_int_equal(counts.desired_access, 0x120089); /* FILE_GENERIC_READ */
    assert_int_equal(counts.options, (1u << 24) | 0x20);
    options.root = below;
    assert_int_equal(sb_process_open(fixture->process, "more", &options, &file), 0);
    counts_of(fixture, file, &counts);
    assert_int_equal(counts.name_length, 8);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\Nowhere", NULL, &file),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(
        sb_process_open(fixture->process, "\\\\.\\GLOBALROOT\\Device\\ReqBuffered", NULL, &file),
        0);
}

static void exclusive_devices_are_opened_once(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqExclusive", false), second = 0;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqExclusive", NULL, &second),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(second, 0);
    struct sb_open_options relative = {.root = file};
    assert_int_equal(sb_process_open(fixture->process, "", &relative, &second), 0);
    assert_int_equal(sb_process_close(fixture->process, second), 0);
    assert_int_equal(sb_process_close(fixture->process, file), 0);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqExclusive", NULL, &file), 0);
}

static void share_modes_are_the_drivers(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_open_options options = {.access = READ_DATA, .share = SHARE_READ};
    sb_handle first, second;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqDirect", &options, &first), 0);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqDirect", &options, &second), 0);
    options.access = WRITE_DATA;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqDirect", &options, &second),
                     STATUS_SHARING_VIOLATION);
}

static void duplicates_share_one_file(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false), copy, weak, watcher;
    struct sb_process *other;
    struct sb_io_status result;
    struct counts counts;
    watcher = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    assert_int_equal(sb_process_duplicate(fixture->process, file, other, 0, 0, &copy), 0);
    assert_int_equal(
        sb_process_duplicate(fixture->process, file, fixture->process, READ_DATA, 0, &weak), 0);
    assert_int_equal(sb_process_write(fixture->process, weak, 0, &result, fixture->buffer, 1, 0),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(
        sb_process_duplicate(fixture->process, weak, other, READ_DATA | WRITE_DATA, 0, &copy),
        STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_close(fixture->process, file), 0);
    assert_int_equal(sb_process_close(fixture->process, weak), 0);
    counts_of(fixture, watcher, &counts);
    assert_int_equal(counts.cleanups, 0);
    sb_process_destroy(other); /* closes the last handle */
    counts_of(fixture, watcher, &counts);
    assert_int_equal(counts.cleanups, 1);
    assert_int_equal(counts.closes, 1);
}

struct blocked {
    struct fixture *fixture;
    struct sb_process *process;
    sb_handle file;
    int function;
    sb_status status;
};

static void *block(void *context)
{
    struct blocked *blocked = context;
    struct sb_io_status result;
    blocked->status = sb_process_ioctl(blocked->process, blocked->file, 0, &result,
                                       code_of(blocked->function, BUFFERED), NULL, 0, NULL, 0);
    return NULL;
}

static void exit_cancels_what_pends(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle watcher = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_process *other;
    struct sb_io_status overlapped = {.status = 0x77};
    struct sb_open_options options = {.is_overlapped = true};
    struct counts counts;
    pthread_t thread;
    sb_handle file;
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    struct blocked blocked = {fixture, other, 0, QUEUE, 0};
    assert_int_equal(sb_process_open(other, "\\\\.\\ReqBuffered", NULL, &blocked.file), 0);
    assert_int_equal(sb_process_open(other, "\\\\.\\ReqBuffered", &options, &file), 0);
    assert_int_equal(
        sb_process_ioctl(other, file, 0, &overlapped, code_of(HOLD, BUFFERED), NULL, 0, NULL, 0),
        SB_STATUS_PENDING);
    pthread_create(&thread, NULL, block, &blocked);
    usleep(50000);
    sb_process_destroy(other);
    pthread_join(thread, NULL);
    assert_int_equal(overlapped.status, STATUS_CANCELLED);
    assert_true(blocked.status == STATUS_THREAD_IS_TERMINATING ||
                blocked.status == STATUS_CANCELLED);
    counts_of(fixture, watcher, &counts);
    assert_int_equal(counts.cancelled, 2);
    assert_int_equal(counts.cleanups, 2);
    assert_int_equal(counts.closes, 2);
}

static void exit_reports_what_hangs(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_process *other;
    struct sb_io_status stuck = {.status = 0x77}, result;
    struct sb_open_options options = {.is_overlapped = true};
    sb_handle file, watcher = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    assert_int_equal(sb_process_open(other, "\\\\.\\ReqBuffered", &options, &file), 0);
    assert_int_equal(
        sb_process_ioctl(other, file, 0, &stuck, code_of(STICK, BUFFERED), NULL, 0, NULL, 0),
        SB_STATUS_PENDING);
    sb_process_destroy(other);
    assert_non_null(strstr(fixture->log.bytes, "it hangs in \\Driver\\requests"));
    assert_int_equal(sb_process_ioctl(fixture->process, watcher, 0, &result,
                                      code_of(FINISH, BUFFERED), NULL, 0, NULL, 0),
                     0);
    assert_int_equal(stuck.status, 0x77); /* nobody is told any more */
}

static void a_forgotten_request_harms_nobody(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result = {.status = 0x77}, end;
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(FORGET, BUFFERED),
                                      NULL, 0, NULL, 0),
                     0);
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &end, code_of(FINISH, BUFFERED),
                                      NULL, 0, NULL, 0),
                     0);
    assert_int_equal(result.status, 0x77);
}

static void synchronous_waits_can_be_cancelled(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct blocked blocked = {fixture, fixture->process, 0, HOLD, 0};
    pthread_t thread;
    blocked.file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_process_cancel_synchronous(fixture->process), STATUS_NOT_FOUND);
    pthread_create(&thread, NULL, block, &blocked);
    while (sb_process_cancel_synchronous(fixture->process) == STATUS_NOT_FOUND)
        usleep(1000);
    pthread_join(thread, NULL);
    assert_int_equal(blocked.status, STATUS_CANCELLED);
}

static void dpcs_complete_synchronous_requests(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                          code_of(LATE, BUFFERED), NULL, 0, fixture->buffer, 4),
                         0);
        assert_int_equal(result.information, 4);
        assert_int_equal(fixture->buffer[0], 2);
    }
}

static void requests_pass_through_a_stack(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqLower", false);
    struct sb_io_status result;
    struct counts counts;
    assert_int_equal(answer(fixture, file, 0, 5, 16, &result), 0);
    assert_int_equal(result.information, 5);
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(LATE, BUFFERED),
                                      NULL, 0, fixture->buffer, 4),
                     0);
    counts_of(fixture, file, &counts);
    assert_int_equal(counts.creates, 1);
    assert_int_equal(counts.name_length, 0);
}

static void shutdown_reaches_who_registered(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqLower", false);
    struct counts counts;
    assert_int_equal(sb_machine_shutdown(fixture->machine), 0);
    counts_of(fixture, file, &counts);
    assert_int_equal(counts.shutdowns, 1);
}

static void the_driver_finds_its_own_requests_right(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result;
    uint64_t blocks[2] = {0}, bytes[2] = {0};
    /* Two runs in a row without growth; a worker thread may start once in between. */
    for (int i = 0; i < 6 && (i < 2 || blocks[0] != blocks[1] || bytes[0] != bytes[1]); i++) {
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                          code_of(INSIDE, BUFFERED), NULL, 0, fixture->buffer, 4),
                         0);
        if (*(uint32_t *)fixture->buffer)
            print_message("%s", fixture->log.bytes);
        assert_int_equal(*(uint32_t *)fixture->buffer, 0);
        blocks[0] = blocks[1];
        bytes[0] = bytes[1];
        sb_machine_pool_usage(fixture->machine, &blocks[1], &bytes[1]);
    }
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
}

static void copy_file(const char *from, const char *to)
{
    char buffer[4096];
    size_t count;
    FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
    assert_true(source && target);
    while ((count = fread(buffer, 1, sizeof(buffer), source)) > 0)
        assert_int_equal(fwrite(buffer, 1, count, target), count);
    fclose(source);
    fclose(target);
}

static sb_status service_call(struct fixture *fixture, sb_handle file, int function,
                              const char16_t *service)
{
    static const char16_t prefix[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    struct sb_io_status result;
    uint32_t length = sizeof(prefix) - 2, count = 0;
    while (service[count])
        count++;
    memcpy(fixture->buffer, prefix, length);
    memcpy(fixture->buffer + length, service, count * 2);
    return sb_process_ioctl(fixture->process, file, 0, &result, code_of(function, BUFFERED),
                            fixture->buffer, length + count * 2, NULL, 0);
}

/* Unloading goes on in the background; until then every further request of it succeeds. */
static void wait_until_gone(struct fixture *fixture, sb_handle file, const char16_t *service)
{
    sb_status status = 0;
    for (int turn = 0; turn < 1000 && status == 0; turn++) {
        usleep(5000);
        status = service_call(fixture, file, UNLOAD, service);
    }
    assert_int_equal(status, STATUS_OBJECT_NAME_NOT_FOUND);
}

static void drivers_load_drivers_from_the_folder(void **state)
{
    struct fixture *fixture = claim_state(state);
    char folder[] = "/tmp/sysbuf-requests-XXXXXX", path[256];
    static const char16_t image[] = u"\\??\\C:\\other.sys";
    struct sb_machine *machine;
    struct fixture own = {0};
    sb_handle file, plain, refused;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/other.sys", folder);
    copy_file(SYSBUF_TEST_DRIVERS "/plain-gcc.sys", path);
    struct sb_machine_options options = {
        .log = keep_log, .log_context = fixture, .root_directory = folder};
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    assert_int_equal(sb_machine_load_driver_file(machine, driver_path, &own.driver, NULL, 0), 0);
    assert_int_equal(sb_process_create(machine, NULL, &own.process), 0);
    own.buffer = sb_process_allocate(own.process, 4096, false);
    file = open_as(&own, "\\\\.\\ReqBuffered", false);
    assert_int_equal(service_call(&own, file, LOAD, u"Missing"), (sb_status)0xC000003A);
    assert_int_equal(
        sb_process_write_registry(own.process,
                                  "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Other",
                                  "ImagePath", 1, image, sizeof(image)),
        0);
    assert_int_equal(service_call(&own, file, LOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, LOAD, u"Other"), (sb_status)0xC000010E);
    plain = open_as(&own, "\\\\.\\Plain", false);
    /* In use it goes when the last file is closed; nobody can open it meanwhile. */
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), 0);
    assert_int_equal(
        sb_process_open(own.process, "\\\\.\\Plain", &(struct sb_open_options){0}, &refused),
        (sb_status)0xC000000E);
    assert_int_equal(sb_process_close(own.process, plain), 0);
    wait_until_gone(&own, file, u"Other");
    assert_int_equal(service_call(&own, file, LOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), STATUS_OBJECT_NAME_NOT_FOUND);
    sb_process_destroy(own.process);
    sb_machine_destroy(machine);
    unlink(path);
    rmdir(folder);
}

static void nothing_remains_after_unload(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint64_t blocks[2], bytes[2];
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver),
                     STATUS_DEVICE_BUSY);
    assert_int_equal(sb_process_close(fixture->process, file), 0);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), 0);
    sb_machine_pool_usage(fixture->machine, &blocks[0], &bytes[0]);
    for (int i = 0; i < 20; i++) {
        struct sb_driver *driver;
        assert_int_equal(
            sb_machine_load_driver_file(fixture->machine, driver_path, &driver, NULL, 0), 0);
        file = open_as(fixture, "\\\\.\\ReqLower", false);
        assert_int_equal(sb_process_close(fixture->process, file), 0);
        assert_int_equal(sb_machine_unload_driver(fixture->machine, driver), 0);
    }
    sb_machine_pool_usage(fixture->machine, &blocks[1], &bytes[1]);
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_method_brings_its_buffers),
        TEST(zero_lengths_bring_no_buffers),
        TEST(bad_buffers_are_refused_before_the_driver),
        TEST(information_says_how_much_is_copied),
        TEST(large_buffers_come_and_go),
        TEST(handles_need_the_access_of_the_code),
        TEST(reads_and_writes_go_by_the_devices_method),
        TEST(overlapped_requests_tell_by_event_and_status_block),
        TEST(cancel_ends_all_requests_of_a_file),
        TEST(ports_receive_completions),
        TEST(create_carries_the_callers_wishes),
        TEST(exclusive_devices_are_opened_once),
        TEST(share_modes_are_the_drivers),
        TEST(duplicates_share_one_file),
        TEST(exit_cancels_what_pends),
        TEST(exit_reports_what_hangs),
        TEST(a_forgotten_request_harms_nobody),
        TEST(synchronous_waits_can_be_cancelled),
        TEST(dpcs_complete_synchronous_requests),
        TEST(requests_pass_through_a_stack),
        TEST(shutdown_reaches_who_registered),
        TEST(the_driver_finds_its_own_requests_right),
        TEST(drivers_load_drivers_from_the_folder),
        TEST(nothing_remains_after_unload),
    };
    int failed = cmocka_run_group_tests_name("requests built by gcc", tests, NULL, NULL);
    driver_path = SYSBUF_TEST_DRIVERS "/requests-clang.sys";
    failed += cmocka_run_group_tests_name("requests built by clang", tests, NULL, NULL);
    return failed;
}
