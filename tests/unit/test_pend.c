/*
 * Calls that wait in the driver, in each of their states.
 */
#include "channel_test.h"

static void a_call_waits_until_it_is_answered(void **state)
{
    struct fake_request *request = fake_begin(CHANNEL_PEND, 8);
    unsigned char reply[8] = {0};

    (void)state;
    assert_true(fake_waits(request));
    assert_int_equal(channel_answer(FAKE_STATUS_SUCCESS, "12345", 5), 1);
    assert_int_equal(channel_answer(FAKE_STATUS_SUCCESS, "12345", 5), 0);
    assert_result(fake_end(request, reply, sizeof(reply)), FAKE_STATUS_SUCCESS, 5);
    assert_memory_equal(reply, "12345\0\0\0", 8);
    assert_int_equal(counter(SB_COUNTER_PENDED), 1);
}

static void calls_are_answered_in_their_order(void **state)
{
    struct fake_request *first = fake_begin(CHANNEL_PEND, 1);
    struct fake_request *second = fake_begin(CHANNEL_PEND, 1);
    unsigned char reply;

    (void)state;
    channel_answer(FAKE_STATUS_SUCCESS, "1", 1);
    assert_false(fake_waits(first));
    assert_true(fake_waits(second));
    channel_answer(FAKE_STATUS_SUCCESS, "2", 1);
    assert_result(fake_end(first, &reply, 1), FAKE_STATUS_SUCCESS, 1);
    assert_int_equal(reply, '1');
    assert_result(fake_end(second, &reply, 1), FAKE_STATUS_SUCCESS, 1);
    assert_int_equal(reply, '2');
}

static void an_answer_that_is_too_long_is_cut_and_said(void **state)
{
    struct fake_request *request = fake_begin(CHANNEL_PEND, 3);
    struct fake_request *empty = fake_begin(CHANNEL_PEND, 0);
    unsigned char reply[3];

    (void)state;
    channel_answer(FAKE_STATUS_SUCCESS, "12345", 5);
    channel_answer(FAKE_STATUS_SUCCESS, "12345", 5);
    assert_result(fake_end(request, reply, 3), FAKE_STATUS_BUFFER_OVERFLOW, 3);
    assert_memory_equal(reply, "123", 3);
    assert_result(fake_end(empty, NULL, 0), FAKE_STATUS_BUFFER_OVERFLOW, 0);
}

static void an_error_delivers_no_bytes(void **state)
{
    struct fake_request *request = fake_begin(CHANNEL_PEND, 8);

    (void)state;
    channel_answer(FAKE_STATUS_ACCESS_DENIED, "12345", 5);
    assert_result(fake_end(request, NULL, 0), FAKE_STATUS_ACCESS_DENIED, 0);
}

static void a_cancelled_call_ends_and_the_next_is_answered(void **state)
{
    struct fake_request *first = fake_begin(CHANNEL_PEND, 8);
    struct fake_request *second = fake_begin(CHANNEL_PEND, 8);

    (void)state;
    assert_true(fake_cancel(first));
    assert_result(fake_end(first, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    assert_int_equal(channel_answer(FAKE_STATUS_SUCCESS, "1", 1), 1);
    assert_result(fake_end(second, NULL, 0), FAKE_STATUS_SUCCESS, 1);
    assert_int_equal(counter(SB_COUNTER_CANCELLED), 1);
}

static void a_call_that_was_cancelled_before_does_not_wait(void **state)
{
    struct fake_request *request = fake_begin_cancelled(CHANNEL_PEND, 8);

    (void)state;
    assert_result(fake_end(request, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    assert_int_equal(channel_answer(FAKE_STATUS_SUCCESS, NULL, 0), 0);
}

/* The I/O manager has the cancel routine in hand but has not called it yet. */
static void a_call_on_its_way_to_cancellation_is_nobodys_else(void **state)
{
    struct fake_request *first = fake_begin(CHANNEL_PEND, 8);
    struct fake_request *second = fake_begin(CHANNEL_PEND, 8);

    (void)state;
    assert_true(fake_take_cancel_routine(first));
    assert_int_equal(channel_answer(FAKE_STATUS_SUCCESS, "2", 1), 1);
    assert_int_equal(channel_answer(FAKE_STATUS_SUCCESS, "1", 1), 0);
    assert_false(fake_waits(second));
    fake_simple(FAKE_CLEANUP);
    assert_true(fake_waits(first));
    fake_run_cancel_routine(first);
    assert_result(fake_end(first, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    assert_result(fake_end(second, NULL, 0), FAKE_STATUS_SUCCESS, 1);
}

static void a_call_that_was_answered_is_not_cancelled(void **state)
{
    struct fake_request *request = fake_begin(CHANNEL_PEND, 8);

    (void)state;
    channel_answer(FAKE_STATUS_SUCCESS, "1", 1);
    assert_false(fake_cancel(request));
    assert_result(fake_end(request, NULL, 0), FAKE_STATUS_SUCCESS, 1);
}

static void closing_ends_the_calls_of_its_open_alone(void **state)
{
    struct fake_request *mine = fake_begin(CHANNEL_PEND, 8);
    struct fake_request *other;
    struct fake_request *late;

    (void)state;
    fake_use_file(1);
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
    other = fake_begin(CHANNEL_PEND, 8);
    fake_use_file(0);
    assert_result(fake_simple(FAKE_CLEANUP), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_end(mine, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    assert_true(fake_waits(other));
    /* A call that was on its way when the last handle went. */
    late = fake_begin(CHANNEL_PEND, 8);
    assert_result(fake_end(late, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    channel_answer(FAKE_STATUS_SUCCESS, "1", 1);
    assert_result(fake_end(other, NULL, 0), FAKE_STATUS_SUCCESS, 1);
}

/* Wine 8 sends no CLEANUP. */
static void a_close_without_a_cleanup_ends_them_too(void **state)
{
    struct fake_request *request = fake_begin(CHANNEL_PEND, 8);

    (void)state;
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_end(request, NULL, 0), FAKE_STATUS_CANCELLED, 0);
}

static void an_open_has_so_many_calls_and_no_more(void **state)
{
    enum { MOST = 256 };
    struct fake_request *requests[MOST];

    (void)state;
    for (size_t i = 0; i < MOST; i++) {
        requests[i] = fake_begin(CHANNEL_PEND, 1);
        assert_true(fake_waits(requests[i]));
    }
    assert_result(fake_control(CHANNEL_PEND, NULL, 0, NULL, 1, 0), FAKE_STATUS_QUOTA_EXCEEDED, 0);
    assert_true(fake_cancel(requests[0]));
    fake_end(requests[0], NULL, 0);
    requests[0] = fake_begin(CHANNEL_PEND, 1);
    assert_true(fake_waits(requests[0]));
    fake_simple(FAKE_CLEANUP);
    for (size_t i = 0; i < MOST; i++)
        assert_result(fake_end(requests[i], NULL, 0), FAKE_STATUS_CANCELLED, 0);
}

static void a_call_without_an_open_cannot_wait(void **state)
{
    (void)state;
    assert_result(fake_control_without_file(CHANNEL_PEND, NULL, 0), FAKE_STATUS_NOT_SUPPORTED, 0);
}

static void reads_and_writes_wait_as_well(void **state)
{
    struct fake_request *read;
    struct fake_request *write;
    unsigned char reply[8] = {0};

    (void)state;
    channel_let_transfers_wait();
    read = fake_begin_transfer(FAKE_READ, NULL, 8);
    write = fake_begin_transfer(FAKE_WRITE, "12345678", 8);
    assert_true(fake_waits(read) && fake_waits(write));
    channel_answer(FAKE_STATUS_SUCCESS, "abc", 3);
    channel_answer(FAKE_STATUS_SUCCESS, NULL, 6);
    assert_result(fake_end(read, reply, 8), FAKE_STATUS_SUCCESS, 3);
    assert_memory_equal(reply, "abc\0\0\0\0\0", 8);
    assert_result(fake_end(write, NULL, 0), FAKE_STATUS_SUCCESS, 6);
}

static void a_direct_call_that_waited_is_answered_in_its_pages(void **state)
{
    struct fake_request *request = fake_begin(CHANNEL_PEND_DIRECT, 8);
    unsigned char reply[8] = {0};

    (void)state;
    channel_answer(FAKE_STATUS_SUCCESS, "abc", 3);
    assert_result(fake_end(request, reply, 8), FAKE_STATUS_SUCCESS, 3);
    assert_memory_equal(reply, "abc\0\0\0\0\0", 8);
}

#define pend_test(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        pend_test(a_call_waits_until_it_is_answered),
        pend_test(calls_are_answered_in_their_order),
        pend_test(an_answer_that_is_too_long_is_cut_and_said),
        pend_test(an_error_delivers_no_bytes),
        pend_test(a_cancelled_call_ends_and_the_next_is_answered),
        pend_test(a_call_that_was_cancelled_before_does_not_wait),
        pend_test(a_call_on_its_way_to_cancellation_is_nobodys_else),
        pend_test(a_call_that_was_answered_is_not_cancelled),
        pend_test(closing_ends_the_calls_of_its_open_alone),
        pend_test(a_close_without_a_cleanup_ends_them_too),
        pend_test(an_open_has_so_many_calls_and_no_more),
        pend_test(a_call_without_an_open_cannot_wait),
        pend_test(reads_and_writes_wait_as_well),
        pend_test(a_direct_call_that_waited_is_answered_in_its_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
