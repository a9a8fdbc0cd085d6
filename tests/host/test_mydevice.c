/*
 * The shipped mydevice.sys on the host: every answer of its contract, also those that Wine does
 * not give: the device's DACL, the exclusive open, names below the device, refused user memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <mydevice/contract.h>
#include <sysbuf/host.h>

#include "loaded_driver.h"

#define STATUS_SUCCESS                ((sb_status)0)
#define STATUS_BUFFER_OVERFLOW        ((sb_status)0x80000005)
#define STATUS_INFO_LENGTH_MISMATCH   ((sb_status)0xC0000004)
#define STATUS_ACCESS_VIOLATION       ((sb_status)0xC0000005)
#define STATUS_INVALID_DEVICE_REQUEST ((sb_status)0xC0000010)
#define STATUS_ACCESS_DENIED          ((sb_status)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL       ((sb_status)0xC0000023)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)

static const struct mydevice_request sample = {2, 0x401234, 1024, 100, 2566};

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    sb_handle file;
    uint8_t *input;
    uint8_t *output;
    struct text log;
};

static int start(void **state)
{
    static struct fixture fixture;
    const struct sb_machine_options options = {.log = keep_log, .log_context = &fixture.log};

    memset(&fixture, 0, sizeof(fixture));
    assert_int_equal(sb_machine_create(&options, &fixture.machine), STATUS_SUCCESS);
    fixture.driver = load_driver(fixture.machine, MYDEVICE_SYS, &fixture.log);
    assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(fixture.process, MYDEVICE_PATH, NULL, &fixture.file),
                     STATUS_SUCCESS);
    fixture.input = sb_process_allocate(fixture.process, 64, true);
    fixture.output = sb_process_allocate(fixture.process, 64, true);
    assert_non_null(fixture.input);
    assert_non_null(fixture.output);
    *state = &fixture;
    return 0;
}

/* Closes what is open, and the machine must then let the driver go and hold none of its pool. */
static int stop(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_bug_check stopped;

    sb_process_destroy(fixture->process);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), STATUS_SUCCESS);
    assert_false(sb_machine_bug_check(fixture->machine, &stopped));
    sb_machine_destroy(fixture->machine);
    return 0;
}

/* One request; the buffers end where their pages do, so that a byte too far faults. */
static struct sb_io_status call(struct fixture *fixture, uint32_t code, uint32_t input_length,
                                uint32_t output_length)
{
    struct sb_io_status result;
    uint8_t *input = fixture->input + 64 - input_length;
    uint8_t *output = fixture->output + 64 - output_length;
    sb_status status;

    memset(fixture->output, 0xEE, 64);
    memset(input, 0, input_length);
    memcpy(input, &sample, input_length < sizeof(sample) ? input_length : sizeof(sample));
    memset(&result, 0x77, sizeof(result));
    status = sb_process_ioctl(fixture->process, fixture->file, 0, &result, code,
                              input_length != 0 ? input : NULL, input_length,
                              output_length != 0 ? output : NULL, output_length);
    if (status < 0 && (uint32_t)status >= 0xC0000000u) {
        /* An error completed at once leaves the status block alone; NT's caller looks at the
         * return. */
        result.status = status;
        result.information = 0;
    }
    assert_int_equal(result.status, status);
    return result;
}

static void the_right_request_is_answered_and_logged(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result = call(fixture, MYDEVICE_HELLO, 20, 20);

    assert_int_equal(result.status, STATUS_SUCCESS);
    assert_int_equal(result.information, 14);
    assert_memory_equal(fixture->output + 44, "hello lyshark\0\xEE\xEE\xEE\xEE\xEE\xEE", 20);
    assert_string_equal(fixture->log.bytes, "读取文件标志: 2\n"
                                            "读取写入地址: 401234\n"
                                            "读取缓冲区大小: 1024\n"
                                            "读取当前大小: 100\n"
                                            "要操作进程PID: 2566\n");
}

static void a_windows_that_was_not_asked_shows_no_information(void **state)
{
    struct fixture *fixture = claim_state(state);
    const struct sb_machine_options errors_only = {
        .log = keep_log, .log_context = &fixture->log, .debug_print_mask = 1};
    struct sb_machine *kept = fixture->machine;
    struct sb_process *kept_process = fixture->process;
    struct sb_driver *driver;
    struct sb_io_status result;
    sb_handle file;
    uint8_t *memory;

    assert_int_equal(sb_machine_create(&errors_only, &fixture->machine), STATUS_SUCCESS);
    assert_int_equal(sb_machine_load_driver_file(fixture->machine, MYDEVICE_SYS, &driver, NULL, 0),
                     STATUS_SUCCESS);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &fixture->process), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH, NULL, &file), STATUS_SUCCESS);
    memory = sb_process_allocate(fixture->process, 64, false);
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, MYDEVICE_HELLO, memory,
                                      20, memory + 32, 14),
                     STATUS_SUCCESS);
    assert_string_equal(fixture->log.bytes, "");
    sb_process_destroy(fixture->process);
    sb_machine_destroy(fixture->machine);
    fixture->machine = kept;
    fixture->process = kept_process;
}

static void every_pair_of_lengths_gets_the_answer_of_the_contract(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint8_t untouched[64];
    uint32_t input;
    uint32_t output;

    memset(untouched, 0xEE, sizeof(untouched));
    for (input = 0; input <= 64; input++)
        for (output = 0; output <= 64; output++) {
            struct sb_io_status result = call(fixture, MYDEVICE_HELLO, input, output);
            const uint8_t *reply = fixture->output + 64 - output;

            if (input != 20) {
                assert_int_equal(result.status, STATUS_INFO_LENGTH_MISMATCH);
                assert_int_equal(result.information, 0);
            } else if (output == 0) {
                assert_int_equal(result.status, STATUS_BUFFER_TOO_SMALL);
                assert_int_equal(result.information, 0);
            } else if (output < 14) {
                assert_int_equal(result.status, STATUS_BUFFER_OVERFLOW);
                assert_int_equal(result.information, output);
            } else {
                assert_int_equal(result.status, STATUS_SUCCESS);
                assert_int_equal(result.information, 14);
            }
            assert_memory_equal(reply, "hello lyshark", result.information);
            assert_memory_equal(reply + result.information, untouched, output - result.information);
        }
}

static void other_codes_methods_and_accesses_are_refused(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint32_t low;

    for (low = 1; low < 4; low++) {
        assert_int_equal(call(fixture, MYDEVICE_HELLO | low, 20, 14).status,
                         STATUS_INVALID_DEVICE_REQUEST);
        assert_int_equal(call(fixture, MYDEVICE_HELLO | low << 14, 20, 14).status,
                         STATUS_INVALID_DEVICE_REQUEST);
    }
    assert_int_equal(call(fixture, MYDEVICE_HELLO + 4, 20, 14).status,
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(call(fixture, 0, 0, 0).status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(call(fixture, UINT32_MAX & ~3u, 0, 0).status, STATUS_INVALID_DEVICE_REQUEST);
}

static void read_and_write_are_refused(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;

    assert_int_equal(
        sb_process_read(fixture->process, fixture->file, 0, &result, fixture->output, 8, 0),
        STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(
        sb_process_write(fixture->process, fixture->file, 0, &result, fixture->input, 8, 0),
        STATUS_INVALID_DEVICE_REQUEST);
}

static void bad_user_memory_is_refused_and_the_driver_not_called(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    uint8_t on_our_stack[20] = {0}; /* no user memory of the machine */

    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, MYDEVICE_HELLO,
                                      fixture->input + 60, 20, fixture->output, 14),
                     STATUS_ACCESS_VIOLATION);
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, MYDEVICE_HELLO,
                                      fixture->input, 20, fixture->output + 60, 14),
                     STATUS_ACCESS_VIOLATION);
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, MYDEVICE_HELLO,
                                      on_our_stack, 20, fixture->output, 14),
                     STATUS_ACCESS_VIOLATION);
    assert_string_equal(fixture->log.bytes, "");
}

/* The I/O manager takes the length behind a NULL for 0. */
static void null_buffers_are_empty_buffers(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;

    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, MYDEVICE_HELLO,
                                      NULL, 20, fixture->output, 14),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, MYDEVICE_HELLO,
                                      fixture->input, 20, NULL, 14),
                     STATUS_BUFFER_TOO_SMALL);
    assert_string_equal(fixture->log.bytes, "");
}

static void names_below_the_device_do_not_exist(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle handle = 77;

    assert_int_equal(sb_process_close(fixture->process, fixture->file), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH "\\anything", NULL, &handle),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH "\\", NULL, &handle),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(handle, 77);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH, NULL, &handle),
                     STATUS_SUCCESS);
}

static void one_handle_at_a_time(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_process *other;
    sb_handle handle = 77;

    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH, NULL, &handle),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_open(other, MYDEVICE_PATH, NULL, &handle), STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_close(fixture->process, fixture->file), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(other, MYDEVICE_PATH, NULL, &handle), STATUS_SUCCESS);
    sb_process_destroy(other);
}

static void only_administrators_may_open(void **state)
{
    struct fixture *fixture = claim_state(state);
    const struct sb_process_options ordinary = {.is_ordinary = true};
    struct sb_process *user;
    sb_handle handle = 77;

    assert_int_equal(sb_process_close(fixture->process, fixture->file), STATUS_SUCCESS);
    assert_int_equal(sb_process_create(fixture->machine, &ordinary, &user), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(user, MYDEVICE_PATH, NULL, &handle), STATUS_ACCESS_DENIED);
    assert_int_equal(handle, 77);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH, NULL, &handle),
                     STATUS_SUCCESS);
    sb_process_destroy(user);
}

static void without_the_driver_there_is_no_device(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle handle = 77;

    assert_int_equal(sb_process_close(fixture->process, fixture->file), STATUS_SUCCESS);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(fixture->process, MYDEVICE_PATH, NULL, &handle),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    fixture->driver = load_driver(fixture->machine, MYDEVICE_SYS, &fixture->log);
}

#define driver_test(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        driver_test(the_right_request_is_answered_and_logged),
        driver_test(a_windows_that_was_not_asked_shows_no_information),
        driver_test(every_pair_of_lengths_gets_the_answer_of_the_contract),
        driver_test(other_codes_methods_and_accesses_are_refused),
        driver_test(read_and_write_are_refused),
        driver_test(bad_user_memory_is_refused_and_the_driver_not_called),
        driver_test(null_buffers_are_empty_buffers),
        driver_test(names_below_the_device_do_not_exist),
        driver_test(one_handle_at_a_time),
        driver_test(only_administrators_may_open),
        driver_test(without_the_driver_there_is_no_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
