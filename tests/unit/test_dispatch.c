/*
 * The driver library's rules, shown with a driver that breaks them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "driver_probe.h"
#include "fake_kernel.h"

#define SL_READ_GRANTED  0x01
#define SL_WRITE_GRANTED 0x04

static int start(void **state)
{
    (void)state;
    fake_reset();
    probe_reset();
    if (fake_start() != FAKE_STATUS_SUCCESS)
        return -1;
    return fake_open(NULL, false).status == FAKE_STATUS_SUCCESS ? 0 : -1;
}

static int stop(void **state)
{
    struct fake_holdings held;

    (void)state;
    fake_simple(FAKE_CLEANUP);
    fake_simple(FAKE_CLOSE);
    fake_unload();
    held = fake_holdings();
    return held.devices | held.links | held.handles | held.blocks | held.mistakes;
}

static int fresh(void **state)
{
    (void)state;
    fake_reset();
    probe_reset();
    return 0;
}

static void assert_nothing_held(void)
{
    struct fake_holdings held = fake_holdings();

    assert_int_equal(held.devices, 0);
    assert_int_equal(held.links, 0);
    assert_int_equal(held.handles, 0);
    assert_int_equal(held.blocks, 0);
    assert_int_equal(held.mistakes, 0);
}

static void assert_result(struct fake_result result, uint32_t status, uint64_t information)
{
    assert_int_equal(result.status, status);
    assert_int_equal(result.returned, status);
    assert_int_equal(result.information, information);
    assert_int_equal(result.completions, 1);
}

/* Of each length, also on both sides of where the copy moves from the stack to pool. */
static void a_handler_that_writes_before_it_reads_is_right(void **state)
{
    static const uint32_t lengths[] = {1, 7, 8, 255, 256, 257, 4096, 70000};
    size_t index;
    uint32_t at;

    (void)state;
    for (index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        uint32_t length = lengths[index];
        unsigned char *input = malloc(length);
        unsigned char *reply = calloc(1, length);

        for (at = 0; at < length; at++)
            input[at] = (unsigned char)(at * 7);
        assert_result(fake_control(PROBE_ALIAS, input, length, reply, length, 0),
                      FAKE_STATUS_SUCCESS, length);
        for (at = 0; at < length; at++)
            assert_int_equal(reply[at], (unsigned char)(at * 7 + 1));
        free(input);
        free(reply);
    }
}

static void no_memory_for_the_copy_is_an_error_and_no_leak(void **state)
{
    unsigned char input[300] = {0};
    int before = fake_holdings().blocks;

    (void)state;
    fake_fail_call(1);
    assert_result(fake_control(PROBE_ALIAS, input, sizeof(input), NULL, 4, 0),
                  FAKE_STATUS_NO_RESOURCES, 0);
    assert_int_equal(fake_holdings().blocks, before);
}

static void a_claim_above_the_capacity_is_cut_and_said(void **state)
{
    unsigned char reply[8];

    (void)state;
    assert_result(fake_control(PROBE_CLAIM, NULL, 0, reply, 8, 0), FAKE_STATUS_BUFFER_OVERFLOW, 8);
    assert_result(fake_control(PROBE_CLAIM, NULL, 0, NULL, 0, 0), FAKE_STATUS_BUFFER_OVERFLOW, 0);
}

static void an_error_delivers_no_bytes(void **state)
{
    unsigned char reply[8];

    (void)state;
    assert_result(fake_control(PROBE_FAIL, NULL, 0, reply, 8, 0), FAKE_STATUS_ACCESS_DENIED, 0);
}

static void a_warning_delivers_its_bytes(void **state)
{
    (void)state;
    assert_result(fake_control(PROBE_WARN, NULL, 0, NULL, 8, 0), 0x8000001Au, 8);
}

static void requests_from_kernel_mode_need_no_access(void **state)
{
    (void)state;
    assert_result(fake_control_from_kernel(PROBE_GUARDED), FAKE_STATUS_SUCCESS, 0);
}

static void a_driver_without_a_version_tells_none(void **state)
{
    (void)state;
    assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, NULL, 8, 0),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
}

static void calls_after_the_close_are_refused(void **state)
{
    (void)state;
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_control(PROBE_EMPTY, NULL, 0, NULL, 0, 0),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
    assert_int_equal(probe_counts().closes, 1);
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
}

static void pending_is_not_an_answer(void **state)
{
    (void)state;
    assert_result(fake_control(PROBE_PEND, NULL, 0, NULL, 0, 0), FAKE_STATUS_INTERNAL_ERROR, 0);
    assert_non_null(strstr(fake_log(), "STATUS_PENDING"));
    assert_int_equal(fake_log_level(), 0); /* DPFLTR_ERROR_LEVEL */
}

static void what_a_handler_did_not_write_is_zero(void **state)
{
    const unsigned char zero[100] = {0};
    unsigned char input[100];
    unsigned char reply[100];

    (void)state;
    memset(input, 0x77, sizeof(input));
    assert_result(fake_control(PROBE_NOTHING, input, 50, reply, 100, 0), FAKE_STATUS_SUCCESS, 100);
    assert_memory_equal(reply, zero, 100);
    assert_result(fake_control(PROBE_NOTHING, NULL, 0, reply, 100, 0), FAKE_STATUS_SUCCESS, 100);
    assert_memory_equal(reply, zero, 100);
}

static void in_place_the_input_stays_and_the_rest_is_zero(void **state)
{
    const unsigned char zero[50] = {0};
    unsigned char input[50];
    unsigned char reply[100];

    (void)state;
    memset(input, 0x77, sizeof(input));
    assert_result(fake_control(PROBE_IN_PLACE, input, 50, reply, 100, 0), FAKE_STATUS_SUCCESS, 100);
    assert_memory_equal(reply, input, 50);
    assert_memory_equal(reply + 50, zero, 50);
    assert_result(fake_control(PROBE_IN_PLACE, input, 50, reply, 20, 0), FAKE_STATUS_SUCCESS, 20);
}

static void lengths_are_held_against_the_row(void **state)
{
    const unsigned char input[9] = {0};
    uint32_t length;

    (void)state;
    for (length = 0; length <= 9; length++)
        assert_result(fake_control(PROBE_RANGE, input, length, NULL, 2, 0),
                      length < 4 || length > 8 ? FAKE_STATUS_INFO_LENGTH_MISMATCH
                                               : FAKE_STATUS_SUCCESS,
                      length < 4 || length > 8 ? 0 : 2);
    assert_result(fake_control(PROBE_RANGE, input, 4, NULL, 1, 0), FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_control(PROBE_RANGE, input, 4, NULL, 0, 0), FAKE_STATUS_BUFFER_TOO_SMALL, 0);
}

static void empty_buffers_are_null(void **state)
{
    (void)state;
    assert_result(fake_control(PROBE_EMPTY, NULL, 0, NULL, 0, 0), FAKE_STATUS_SUCCESS, 0);
}

static void a_row_may_ask_for_more_access_than_its_code(void **state)
{
    const uint8_t both = SL_READ_GRANTED | SL_WRITE_GRANTED;

    (void)state;
    assert_result(fake_control(PROBE_GUARDED, NULL, 0, NULL, 0, both), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_control(PROBE_GUARDED, NULL, 0, NULL, 0, SL_READ_GRANTED),
                  FAKE_STATUS_ACCESS_DENIED, 0);
    assert_result(fake_control(PROBE_GUARDED, NULL, 0, NULL, 0, SL_WRITE_GRANTED),
                  FAKE_STATUS_ACCESS_DENIED, 0);
    assert_result(fake_control(PROBE_GUARDED, NULL, 0, NULL, 0, 0), FAKE_STATUS_ACCESS_DENIED, 0);
}

static void a_handler_knows_its_caller_and_its_open(void **state)
{
    uint32_t value = 0;

    (void)state;
    assert_result(fake_control(PROBE_PROCESS, NULL, 0, &value, 4, 0), FAKE_STATUS_SUCCESS, 4);
    assert_int_equal(value, 4242);
    assert_result(fake_control(PROBE_CONTEXT, NULL, 0, &value, 4, 0), FAKE_STATUS_SUCCESS, 4);
    assert_int_equal(value, 77);
}

static void a_reply_helper_says_what_fitted(void **state)
{
    uint32_t value = 0;

    (void)state;
    assert_result(fake_control(PROBE_PROCESS, NULL, 0, &value, 2, 0), FAKE_STATUS_BUFFER_OVERFLOW,
                  2);
    assert_int_equal(value, 4242 & 0xFFFF);
    assert_result(fake_control(PROBE_PROCESS, NULL, 0, NULL, 0, 0), FAKE_STATUS_BUFFER_TOO_SMALL,
                  0);
}

static void a_request_without_an_open_is_refused_where_opens_have_context(void **state)
{
    (void)state;
    assert_result(fake_control_without_file(PROBE_EMPTY, NULL, 0),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
}

static void create_and_close_come_in_pairs(void **state)
{
    (void)state;
    assert_int_equal(probe_counts().creates, 1);
    assert_int_equal(probe_counts().closes, 0);
    fake_simple(FAKE_CLEANUP);
    assert_int_equal(probe_counts().closes, 0);
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
    assert_int_equal(probe_counts().closes, 1);
    assert_int_equal(fake_holdings().blocks, 0);
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
}

static void an_open_that_fails_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    fake_fail_call(1);
    assert_result(fake_open(NULL, false), FAKE_STATUS_NO_RESOURCES, 0);
    assert_int_equal(probe_counts().creates, 0);
    probe_fail_create();
    assert_result(fake_open(NULL, false), FAKE_STATUS_ACCESS_DENIED, 0);
    assert_int_equal(probe_counts().creates, 1);
    assert_int_equal(fake_holdings().blocks, 0);
    fake_unload();
    assert_nothing_held();
}

static void a_device_that_is_not_exclusive_opens_relatively(void **state)
{
    (void)state;
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_result(fake_open(NULL, true), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
    fake_unload();
    assert_nothing_held();
}

static void each_access_level_has_its_own_dacl(void **state)
{
    const uint32_t read_write = 0x12019F; /* FILE_GENERIC_READ | FILE_GENERIC_WRITE */

    (void)state;
    probe_set_access_level(2);
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_int_equal(fake_dacl_count(), 3);
    assert_int_equal(fake_granted(1, 0, 0), read_write);
    fake_unload();

    fake_reset();
    probe_set_access_level(1);
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_int_equal(fake_dacl_count(), 3);
    assert_int_equal(fake_granted(5, 11, 0), read_write);
    fake_unload();

    fake_reset();
    probe_set_access_level(0);
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_int_equal(fake_dacl_count(), 2);
    fake_unload();
}

static void load_and_unload_come_in_pairs(void **state)
{
    (void)state;
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_int_equal(probe_counts().loads, 1);
    fake_unload();
    assert_int_equal(probe_counts().unloads, 1);
    assert_int_equal(probe_counts().links_at_unload, 0);
    assert_nothing_held();

    fake_reset();
    probe_reset();
    probe_fail_load();
    assert_int_equal(fake_start(), FAKE_STATUS_ACCESS_DENIED);
    assert_int_equal(probe_counts().unloads, 0);
    assert_nothing_held();
}

static void a_driver_may_have_no_link(void **state)
{
    (void)state;
    probe_drop_link();
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_int_equal(fake_holdings().links, 0);
    fake_unload();
    assert_nothing_held();
}

static void a_start_that_fails_anywhere_undoes_the_load_too(void **state)
{
    unsigned calls;
    unsigned failing;

    (void)state;
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    calls = fake_call_count();
    for (failing = 1; failing <= calls; failing++) {
        fake_reset();
        probe_reset();
        fake_fail_call(failing);
        assert_int_equal(fake_start() >> 30, 3);
        assert_int_equal(probe_counts().loads, probe_counts().unloads);
        assert_nothing_held();
    }
}

static void a_wrong_description_is_refused_and_named(void **state)
{
    enum probe_mistake mistake;

    (void)state;
    for (mistake = 0; mistake < MISTAKE_COUNT; mistake++) {
        fake_reset();
        probe_reset();
        probe_spoil(mistake);
        assert_int_equal(fake_start(), FAKE_STATUS_INVALID_PARAMETER);
        assert_non_null(strstr(fake_log(), "is wrong: "));
        assert_nothing_held();
    }
}

#define call_test(test)  cmocka_unit_test_setup_teardown(test, start, stop)
#define start_test(test) cmocka_unit_test_setup(test, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        call_test(a_handler_that_writes_before_it_reads_is_right),
        call_test(no_memory_for_the_copy_is_an_error_and_no_leak),
        call_test(a_claim_above_the_capacity_is_cut_and_said),
        call_test(an_error_delivers_no_bytes),
        call_test(a_warning_delivers_its_bytes),
        call_test(requests_from_kernel_mode_need_no_access),
        call_test(a_driver_without_a_version_tells_none),
        call_test(calls_after_the_close_are_refused),
        call_test(pending_is_not_an_answer),
        call_test(what_a_handler_did_not_write_is_zero),
        call_test(in_place_the_input_stays_and_the_rest_is_zero),
        call_test(lengths_are_held_against_the_row),
        call_test(empty_buffers_are_null),
        call_test(a_row_may_ask_for_more_access_than_its_code),
        call_test(a_handler_knows_its_caller_and_its_open),
        call_test(a_reply_helper_says_what_fitted),
        call_test(a_request_without_an_open_is_refused_where_opens_have_context),
        call_test(create_and_close_come_in_pairs),
        start_test(an_open_that_fails_leaves_nothing),
        start_test(a_device_that_is_not_exclusive_opens_relatively),
        start_test(each_access_level_has_its_own_dacl),
        start_test(load_and_unload_come_in_pairs),
        start_test(a_driver_may_have_no_link),
        start_test(a_start_that_fails_anywhere_undoes_the_load_too),
        start_test(a_wrong_description_is_refused_and_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
