/*
 * READ, WRITE and the direct methods.
 */
#include "channel_test.h"

static void a_read_gets_what_the_handler_says(void **state)
{
    char reply[20];

    (void)state;
    memset(reply, 0xEE, sizeof(reply));
    assert_result(fake_read(reply, 20), FAKE_STATUS_SUCCESS, 13);
    assert_memory_equal(reply, "what is read\0\xEE", 14);
    assert_result(fake_read(reply, 5), FAKE_STATUS_BUFFER_OVERFLOW, 5);
    assert_result(fake_read(reply, 1), FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_read(reply, 0), FAKE_STATUS_BUFFER_TOO_SMALL, 0);
}

static void a_write_is_taken_whole_or_in_part(void **state)
{
    char data[1001] = "data";

    (void)state;
    assert_result(fake_write(data, 4), FAKE_STATUS_SUCCESS, 4);
    assert_int_equal(channel_seen().length, 4);
    assert_memory_equal(channel_seen().bytes, "data", 4);
    assert_int_equal(channel_seen().offset, 0x1234567890);
    assert_result(fake_write(data, 1000), FAKE_STATUS_SUCCESS, 1000);
    channel_take(600);
    assert_result(fake_write(data, 1000), FAKE_STATUS_SUCCESS, 600);
    channel_take(1001);
    assert_result(fake_write(data, 1000), FAKE_STATUS_BUFFER_OVERFLOW, 1000);
    assert_result(fake_write(data, 1001), FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    assert_result(fake_write(NULL, 0), FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
}

static void direct_transfers_work_on_the_callers_pages(void **state)
{
    char reply[20];

    stop(state);
    channel_set_direct();
    start_again();
    assert_int_equal(fake_device_flags() & 0x14, 0x10); /* DO_DIRECT_IO, not DO_BUFFERED_IO */
    memset(reply, 0xEE, sizeof(reply));
    assert_result(fake_read(reply, 20), FAKE_STATUS_SUCCESS, 13);
    assert_memory_equal(reply, "what is read\0\xEE", 14);
    assert_result(fake_write("data", 4), FAKE_STATUS_SUCCESS, 4);
    assert_memory_equal(channel_seen().bytes, "data", 4);
    fake_fail_call(1);
    assert_result(fake_read(reply, 20), FAKE_STATUS_NO_RESOURCES, 0);
    fake_fail_call(1);
    assert_result(fake_write("data", 4), FAKE_STATUS_NO_RESOURCES, 0);
    assert_int_equal(counter(SB_COUNTER_REFUSED_MEMORY), 2);
}

static void data_comes_where_it_lies(void **state)
{
    char data[300] = "direct data";

    (void)state;
    assert_result(fake_send(CHANNEL_SEND, "in", 2, data, sizeof(data)), FAKE_STATUS_SUCCESS, 0);
    assert_int_equal(channel_seen().length, sizeof(data));
    assert_memory_equal(channel_seen().bytes, "direct data\0\0\0\0\0", 16);
    assert_int_equal(channel_seen().snapshot_status, FAKE_STATUS_SUCCESS);
    assert_int_equal(channel_seen().beyond_status, FAKE_STATUS_INVALID_PARAMETER);
}

static void data_has_limits_of_its_own(void **state)
{
    static char data[100001];

    (void)state;
    assert_result(fake_send(CHANNEL_SEND, NULL, 0, NULL, 0), FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    assert_result(fake_send(CHANNEL_SEND, NULL, 0, data, 100000), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_send(CHANNEL_SEND, NULL, 0, data, 100001), FAKE_STATUS_INFO_LENGTH_MISMATCH,
                  0);
    assert_result(fake_send(CHANNEL_SEND, data, 17, data, 10), FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    fake_fail_call(1);
    assert_result(fake_send(CHANNEL_SEND, NULL, 0, data, 10), FAKE_STATUS_NO_RESOURCES, 0);
}

static void a_direct_output_is_filled_where_it_lies(void **state)
{
    unsigned char reply[1000];

    (void)state;
    memset(reply, 0xEE, sizeof(reply));
    assert_result(fake_control(CHANNEL_FETCH, NULL, 0, reply, 1000, 0), FAKE_STATUS_SUCCESS, 1000);
    for (size_t i = 0; i < sizeof(reply); i++)
        assert_int_equal(reply[i], 0x5C);
    for (uint32_t length = 0; length < 4; length++)
        assert_result(fake_control(CHANNEL_FETCH, NULL, 0, reply, length, 0),
                      FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_control(CHANNEL_FETCH, "x", 1, reply, 10, 0),
                  FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    fake_fail_call(1);
    assert_result(fake_control(CHANNEL_FETCH, NULL, 0, reply, 10, 0), FAKE_STATUS_NO_RESOURCES, 0);
}

static void another_method_of_a_code_is_unknown(void **state)
{
    (void)state;
    for (uint32_t method = 0; method < 4; method++)
        if (method != SB_METHOD_OUT_DIRECT)
            assert_result(fake_control((CHANNEL_FETCH & ~3u) | method, NULL, 0, NULL, 10, 0),
                          FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
}

static void a_driver_without_transfers_refuses_them(void **state)
{
    stop(state);
    channel_disable_all();
    start_again();
    assert_result(fake_read(NULL, 20), FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_write("data", 4), FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
}

static void a_wrong_description_of_a_channel_is_refused_and_named(void **state)
{
    static const char *const reasons[CHANNEL_MISTAKES] = {
        "METHOD_NEITHER is not served",
        "METHOD_IN_DIRECT and takes no data",
        "only METHOD_IN_DIRECT takes data",
        "its least data is above its greatest",
        "which has no output",
        "SB_IN_PLACE is for METHOD_BUFFERED",
        "the library serves it",
        "read and write have no code",
        "read has no input",
        "write has no output",
        "write takes no input",
        "read and write are not SB_IN_PLACE",
        "its least input is above its greatest",
        "batch_maximum is above 4096",
        "notify.capacity is above 65536",
        "notify.maximum is not 1 to 65536",
        "above 16 MiB",
        "notify.overflow is unknown",
    };

    (void)state;
    for (int mistake = 0; mistake < CHANNEL_MISTAKES; mistake++) {
        fake_reset();
        channel_reset();
        channel_spoil((enum channel_mistake)mistake);
        assert_int_equal(fake_start(), FAKE_STATUS_INVALID_PARAMETER);
        assert_non_null(strstr(fake_log(), reasons[mistake]));
        assert_int_equal(fake_holdings().devices, 0);
    }
}

#define transfer_test(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        transfer_test(a_read_gets_what_the_handler_says),
        transfer_test(a_write_is_taken_whole_or_in_part),
        transfer_test(direct_transfers_work_on_the_callers_pages),
        transfer_test(data_comes_where_it_lies),
        transfer_test(data_has_limits_of_its_own),
        transfer_test(a_direct_output_is_filled_where_it_lies),
        transfer_test(another_method_of_a_code_is_unknown),
        transfer_test(a_driver_without_transfers_refuses_them),
        cmocka_unit_test(a_wrong_description_of_a_channel_is_refused_and_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
