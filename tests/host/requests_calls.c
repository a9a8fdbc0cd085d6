/* What the driver sees of a call, and what its caller gets. */
#include "requests_calls.h"

sb_handle open_as(struct fixture *fixture, const char *path, bool overlapped)
{
    struct sb_open_options options = {.is_overlapped = overlapped};
    sb_handle file = 0;
    assert_int_equal(sb_process_open(fixture->process, path, &options, &file), 0);
    return file;
}

uint32_t code_of(int function, int method)
{
    return REQUESTS_CODE(function, method, ANY_ACCESS);
}

sb_status answer(struct fixture *fixture, sb_handle file, uint32_t status, uint64_t information,
                 uint32_t output, struct sb_io_status *result)
{
    struct answer answer = {status, 0x33, information};
    memcpy(fixture->buffer, &answer, sizeof(answer));
    memset(fixture->buffer + 4096, 0xAA, 64);
    memset(result, 0xEE, sizeof(*result));
    return sb_process_ioctl(fixture->process, file, 0, result, code_of(COMPLETE, BUFFERED),
                            fixture->buffer, sizeof(answer), fixture->buffer + 4096, output);
}

void counts_of(struct fixture *fixture, sb_handle file, struct counts *counts)
{
    struct sb_io_status result;
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(COUNT, BUFFERED),
                                      NULL, 0, fixture->buffer, sizeof(*counts)),
                     0);
    memcpy(counts, fixture->buffer, sizeof(*counts));
}

void *block(void *context)
{
    struct blocked *blocked = context;
    struct sb_io_status result;
    blocked->status = sb_process_ioctl(blocked->process, blocked->file, 0, &result,
                                       code_of(blocked->function, BUFFERED), NULL, 0, NULL, 0);
    return NULL;
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

void each_method_brings_its_buffers(void **state)
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

void zero_lengths_bring_no_buffers(void **state)
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

void bad_buffers_are_refused_before_the_driver(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    uint8_t *end = sb_process_allocate(fixture->process, 16, true);
    static uint8_t foreign[64];
    struct sb_io_status result = {.status = 0x1234, .information = 77};
    const struct {
        int method;
        void *input, *output;
    } cases[] = {{BUFFERED, foreign, NULL},        {BUFFERED, NULL, foreign},
                 {BUFFERED, end + 8, NULL},        {BUFFERED, NULL, end + 8},
                 {BUFFERED, (void *)0x20, NULL},   {OUT_DIRECT, NULL, foreign},
                 {OUT_DIRECT, foreign, NULL},      {OUT_DIRECT, NULL, end + 8},
                 {IN_DIRECT, NULL, (void *)0x20},  {IN_DIRECT, end + 8, NULL},
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

void information_says_how_much_is_copied(void **state)
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
void large_buffers_come_and_go(void **state)
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

void handles_need_the_access_of_the_code(void **state)
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

void reads_and_writes_go_by_the_devices_method(void **state)
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

void a_forgotten_request_harms_nobody(void **state)
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

void dpcs_complete_synchronous_requests(void **state)
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

void requests_pass_through_a_stack(void **state)
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
