/* One small driver from load to unload: the request's way, waits, DPCs, a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

#define CODE(function) (0x220000u + ((function) << 2))
enum { ECHO, EVENT, CRASH, PEND, IRQL, COUNTERS, HANG };

#define STATUS_BUFFER_OVERFLOW        ((sb_status)0x80000005)
#define STATUS_ACCESS_VIOLATION       ((sb_status)0xC0000005)
#define STATUS_INVALID_HANDLE         ((sb_status)0xC0000008)
#define STATUS_INVALID_DEVICE_REQUEST ((sb_status)0xC0000010)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)
#define STATUS_IMAGE_ALREADY_LOADED   ((sb_status)0xC000010E)
#define STATUS_DEVICE_BUSY            ((sb_status)0x80000011)

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    sb_handle file;
    uint8_t *buffer;
    struct text log;
};

static const char *driver_path = SYSBUF_TEST_DRIVERS "/plain-gcc.sys";

static int start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    struct sb_machine_options options = {.log = keep_log, .log_context = &fixture.log};
    assert_int_equal(sb_machine_create(&options, &fixture.machine), 0);
    fixture.driver = load_driver(fixture.machine, driver_path, &fixture.log);
    assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), 0);
    assert_int_equal(sb_process_open(fixture.process, "\\\\.\\Plain", NULL, &fixture.file), 0);
    fixture.buffer = sb_process_allocate(fixture.process, 4096, false);
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

static sb_status call(struct fixture *fixture, int function, uint32_t input, uint32_t output,
                      struct sb_io_status *result)
{
    memset(result, 0xEE, sizeof(*result));
    return sb_process_ioctl(fixture->process, fixture->file, 0, result, CODE(0x800u + function),
                            fixture->buffer, input, fixture->buffer + 2048, output);
}

static void reply_has_exactly_the_bytes_reported(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    memcpy(fixture->buffer, "0123456789", 10);
    memset(fixture->buffer + 2048, 0xAA, 16);
    assert_int_equal(call(fixture, ECHO, 10, 16, &result), 0);
    assert_int_equal(result.information, 10);
    assert_memory_equal(fixture->buffer + 2048, "0123456789\xAA\xAA", 12);
    memset(fixture->buffer + 2048, 0xAA, 16);
    assert_int_equal(call(fixture, ECHO, 10, 4, &result), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(result.information, 4);
    assert_memory_equal(fixture->buffer + 2048, "0123\xAA", 5);
}

static void bad_requests_are_refused(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    sb_handle handle;
    assert_int_equal(call(fixture, 0x77, 4, 4, &result), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(
        sb_process_ioctl(fixture->process, 0x1234, 0, &result, CODE(0x800u), NULL, 0, NULL, 0),
        STATUS_INVALID_HANDLE);
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(0x800u),
                                      (void *)0x20, 8, NULL, 0),
                     STATUS_ACCESS_VIOLATION);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\Missing", NULL, &handle),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(
        sb_process_read(fixture->process, fixture->file, 0, &result, fixture->buffer, 4, 0),
        STATUS_INVALID_DEVICE_REQUEST);
}

static void threads_signal_and_waits_time_out(void **state)
{
    struct sb_io_status result;
    assert_int_equal(call(claim_state(state), EVENT, 0, 0, &result), 0);
}

static void timer_dpc_completes_a_pending_request_at_dispatch_level(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    for (int i = 0; i < 20; i++) {
        fixture->buffer[2048] = 0xAA;
        assert_int_equal(call(fixture, PEND, 0, 4, &result), 0);
        assert_int_equal(result.information, 4);
        assert_int_equal(fixture->buffer[2048], 2);
    }
}

static void irql_is_a_number_of_the_thread(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    assert_int_equal(call(fixture, IRQL, 0, 3, &result), 0);
    assert_memory_equal(fixture->buffer + 2048, "\0\2\0", 3);
}

static void last_handle_brings_cleanup_then_close(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    sb_handle second;
    const int32_t before[] = {2, 0, 0}, after[] = {2, 1, 1};
    assert_int_equal(sb_process_open(fixture->process, "\\Device\\Plain", NULL, &second), 0);
    assert_int_equal(call(fixture, COUNTERS, 0, 16, &result), 0);
    assert_memory_equal(fixture->buffer + 2048, before, sizeof(before));
    assert_int_equal(sb_process_close(fixture->process, second), 0);
    assert_int_equal(call(fixture, COUNTERS, 0, 16, &result), 0);
    assert_memory_equal(fixture->buffer + 2048, after, sizeof(after));
    assert_int_equal(sb_process_close(fixture->process, second), STATUS_INVALID_HANDLE);
}

static void unload_and_reload_leave_nothing(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint64_t blocks[2], bytes[2];
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver),
                     STATUS_DEVICE_BUSY);
    assert_int_equal(sb_process_close(fixture->process, fixture->file), 0);
    assert_int_equal(sb_machine_load_driver_file(fixture->machine, driver_path, NULL, NULL, 0),
                     STATUS_IMAGE_ALREADY_LOADED);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), 0);
    sb_machine_pool_usage(fixture->machine, &blocks[0], &bytes[0]);
    for (int i = 0; i < 100; i++) {
        struct sb_driver *driver;
        assert_int_equal(
            sb_machine_load_driver_file(fixture->machine, driver_path, &driver, NULL, 0), 0);
        assert_int_equal(sb_machine_unload_driver(fixture->machine, driver), 0);
    }
    sb_machine_pool_usage(fixture->machine, &blocks[1], &bytes[1]);
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
}

static void *hang(void *context)
{
    struct sb_io_status result;
#ifdef SYSBUF_SIGNALS_ARE_LATE
    usleep(100000);
    return (void *)(intptr_t)call(context, ECHO, 0, 0, &result);
#else
    return (void *)(intptr_t)call(context, HANG, 0, 0, &result);
#endif
}

static void crash_stops_this_machine_only(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    struct sb_bug_check stop_information;
    pthread_t thread;
    void *hung;
    assert_false(sb_machine_bug_check(fixture->machine, &stop_information));
    sb_handle second; /* requests on one synchronous file wait for each other */
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\Plain", NULL, &second), 0);
    pthread_create(&thread, NULL, hang, fixture);
    usleep(20000);
    assert_int_equal(sb_process_ioctl(fixture->process, second, 0, &result, CODE(0x800u + CRASH),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_MACHINE_STOPPED);
    pthread_join(thread, &hung);
    assert_int_equal((sb_status)(intptr_t)hung, SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(fixture->machine, &stop_information));
    assert_non_null(strstr(stop_information.module, "plain-"));
    assert_true(stop_information.offset >= 0x1000 && stop_information.offset < 0x10000);
    assert_int_equal(call(fixture, ECHO, 0, 0, &result), SB_STATUS_MACHINE_STOPPED);
    struct sb_machine *other;
    assert_int_equal(sb_machine_create(NULL, &other), 0);
    assert_int_equal(sb_machine_load_driver_file(other, driver_path, NULL, NULL, 0), 0);
    sb_machine_destroy(other);
}

/* Only where signals come at once: the driver loops for ever. */
static void a_driver_that_hangs_is_stopped_from_outside(void **state)
{
#ifndef SYSBUF_SIGNALS_ARE_LATE
    struct fixture *fixture = claim_state(state);
    struct sb_bug_check stop_information;
    pthread_t thread;
    void *hung;
    pthread_create(&thread, NULL, hang, fixture);
    usleep(20000);
    sb_machine_stop(fixture->machine);
    pthread_join(thread, &hung);
    assert_int_equal((sb_status)(intptr_t)hung, SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(fixture->machine, &stop_information));
    assert_int_equal(stop_information.code, 0xE2);
    assert_non_null(strstr(stop_information.module, "plain-"));
    sb_machine_stop(fixture->machine);
#else
    (void)state;
#endif
}

static void a_machine_in_which_nobody_runs_is_stopped_from_outside(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_bug_check stop_information;
    struct sb_io_status result;
    sb_machine_stop(fixture->machine);
    assert_true(sb_machine_bug_check(fixture->machine, &stop_information));
    assert_int_equal(stop_information.code, 0xE2);
    assert_int_equal(call(fixture, ECHO, 0, 0, &result), SB_STATUS_MACHINE_STOPPED);
}

static void log_receives_what_the_driver_prints(void **state)
{
    struct fixture *fixture = claim_state(state);
    assert_non_null(strstr(fixture->log.bytes, "plain: started from \\Registry\\Machine\\System\\"
                                               "CurrentControlSet\\Services\\plain-"));
}

/* Not a test of speed, which depends on the machine: it prints the figure. */
static void buffered_ioctl_is_measured(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    struct timespec begin, end;
    const int calls = 500000;
    for (int i = 0; i < 1000; i++)
        call(fixture, ECHO, 20, 20, &result);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < calls; i++)
        assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(0x800u),
                                          fixture->buffer, 20, fixture->buffer + 2048, 20),
                         0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double elapsed =
        (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
    print_message("buffered ioctl: %.0f ns\n", elapsed / calls);
    assert_int_equal(result.information, 20);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reply_has_exactly_the_bytes_reported),
        TEST(bad_requests_are_refused),
        TEST(threads_signal_and_waits_time_out),
        TEST(timer_dpc_completes_a_pending_request_at_dispatch_level),
        TEST(irql_is_a_number_of_the_thread),
        TEST(last_handle_brings_cleanup_then_close),
        TEST(unload_and_reload_leave_nothing),
        TEST(log_receives_what_the_driver_prints),
        TEST(buffered_ioctl_is_measured),
        TEST(crash_stops_this_machine_only),
        TEST(a_driver_that_hangs_is_stopped_from_outside),
        TEST(a_machine_in_which_nobody_runs_is_stopped_from_outside),
    };
    int failed = cmocka_run_group_tests_name("plain built by gcc", tests, NULL, NULL);
    driver_path = SYSBUF_TEST_DRIVERS "/plain-clang.sys";
    failed += cmocka_run_group_tests_name("plain built by clang", tests, NULL, NULL);
    return failed;
}
