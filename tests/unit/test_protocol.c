/*
 * The handshake and the statistics.
 */
#include "channel_test.h"

static void a_client_with_room_learns_all(void **state)
{
    const struct sb_protocol expected = {
        .format = 2,
        .contract = 7,
        .protocol = SB_PROTOCOL_VERSION,
        .protocol_oldest = SB_PROTOCOL_OLDEST,
        .features = SB_FEATURE_READ | SB_FEATURE_WRITE | SB_FEATURE_NOTIFY | SB_FEATURE_BATCH |
                    SB_FEATURE_STATISTICS | SB_FEATURE_DIRECT,
        .notify_capacity = CHANNEL_CAPACITY,
        .notify_maximum = CHANNEL_MAXIMUM,
        .pending_maximum = 256,
        .batch_maximum = 8,
    };
    struct sb_protocol told;

    (void)state;
    assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, &told, sizeof(told), 0),
                  FAKE_STATUS_SUCCESS, sizeof(told));
    assert_memory_equal(&told, &expected, sizeof(told));
    assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, NULL, 1000, 0), FAKE_STATUS_SUCCESS,
                  sizeof(told));
}

/* A client of the first protocol has room for eight bytes, or too little of anything. */
static void an_old_client_gets_what_it_knows(void **state)
{
    const struct sb_contract_version expected = {1, 7};
    struct sb_contract_version told;

    (void)state;
    for (uint32_t length = 0; length < 8; length++)
        assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, NULL, length, 0),
                      FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    for (uint32_t length = 8; length < sizeof(struct sb_protocol); length++) {
        memset(&told, 0xEE, sizeof(told));
        assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, NULL, length, 0),
                      FAKE_STATUS_SUCCESS, 8);
    }
    assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, &told, 8, 0), FAKE_STATUS_SUCCESS, 8);
    assert_memory_equal(&told, &expected, 8);
}

static void what_is_not_enabled_is_unknown(void **state)
{
    static const uint32_t codes[] = {
        SB_QUERY_CONTRACT,     SB_NOTIFY_SUBSCRIBE, SB_NOTIFY_NEXT, SB_NOTIFY_ANSWER,
        SB_NOTIFY_UNSUBSCRIBE, SB_NOTIFY_QUERY,     SB_BATCH,       SB_QUERY_STATISTICS,
    };
    unsigned char input[64] = {0};

    stop(state);
    channel_disable_all();
    start_again();
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        for (uint32_t length = 0; length <= 64; length += 8)
            assert_result(fake_control(codes[i], input, length, NULL, 64, 0),
                          FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_int_equal(channel_post(channel_last_open(), "x", 1), FAKE_STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(channel_ask(1, "x", input, 1, NULL, 1), FAKE_STATUS_INVALID_DEVICE_STATE);
}

static void the_library_is_asked_on_an_open_alone(void **state)
{
    (void)state;
    fake_use_file(3);
    assert_result(fake_control(SB_QUERY_STATISTICS, NULL, 0, NULL, 64, 0),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    fake_use_file(0);
    assert_result(fake_control(SB_QUERY_STATISTICS, NULL, 0, NULL, 8, 0),
                  FAKE_STATUS_BUFFER_OVERFLOW, 8);
}

static void statistics_come_as_far_as_there_is_room(void **state)
{
    struct {
        struct sb_statistics_header header;
        uint64_t values[3];
    } reply;

    (void)state;
    for (uint32_t length = 0; length < 8; length++)
        assert_result(fake_control(SB_QUERY_STATISTICS, NULL, 0, NULL, length, 0),
                      FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_control(SB_QUERY_STATISTICS, NULL, 0, &reply, 31, 0),
                  FAKE_STATUS_BUFFER_OVERFLOW, 24);
    assert_int_equal(reply.header.format, 1);
    assert_int_equal(reply.header.count, SB_COUNTER_COUNT);
    assert_int_equal(reply.values[SB_COUNTER_OPENS], 1);
    assert_result(fake_control(SB_QUERY_STATISTICS, "x", 1, NULL, 1000, 0),
                  FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
}

static void each_refusal_has_its_counter(void **state)
{
    static const enum sb_counter counters[] = {
        SB_COUNTER_REFUSED_CODE,  SB_COUNTER_REFUSED_ACCESS, SB_COUNTER_REFUSED_OPEN,
        SB_COUNTER_REFUSED_INPUT, SB_COUNTER_REFUSED_OUTPUT, SB_COUNTER_REFUSED_MEMORY,
        SB_COUNTER_FAILED,        SB_COUNTER_OPENS_REFUSED,
    };
    unsigned char input[300] = {0};

    (void)state;
    fake_control(0x222000, NULL, 0, NULL, 0, 0);
    fake_send(CHANNEL_SEND, NULL, 0, NULL, 0);
    fake_control(CHANNEL_FETCH, NULL, 0, NULL, 0, 0);
    fake_fail_call(1);
    fake_control(CHANNEL_ECHO, input, sizeof(input), NULL, 1, 0);
    fake_control(CHANNEL_FAIL, NULL, 0, NULL, 0, 0);
    fake_use_file(1);
    fake_open("\\x", false);
    fake_control(CHANNEL_ECHO, input, 1, NULL, 1, 0);
    fake_use_file(0);
    /* What a row demands beyond its code is looked at here; the code alone by the I/O manager. */
    {
        const struct {
            struct sb_batch_request head;
            struct sb_batch_item item;
        } batch = {{1, 0, 1, 0}, {CHANNEL_GUARDED, 0, 0, 0}};

        fake_control(SB_BATCH, &batch, sizeof(batch), NULL, 64, 0);
    }
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        assert_int_equal(counter(counters[i]), counters[i] == SB_COUNTER_FAILED ? 2 : 1);
}

/* Beyond what the packed word holds, and with lengths that it does not take. */
static void no_call_and_no_byte_is_forgotten(void **state)
{
    enum { CALLS = 10000, SHORT = 200, LONG = 70000 };
    static unsigned char input[LONG];
    uint64_t calls = counter(SB_COUNTER_CALLS);
    uint64_t in = counter(SB_COUNTER_BYTES_IN);
    uint64_t out = counter(SB_COUNTER_BYTES_OUT);
    uint64_t asked = 8 + 8 * SB_COUNTER_COUNT;

    (void)state;
    for (int i = 0; i < CALLS; i++)
        fake_control(CHANNEL_ECHO, input, SHORT, NULL, SHORT - 1, 0);
    fake_control(CHANNEL_ECHO, input, LONG, NULL, LONG, 0);
    fake_control(CHANNEL_ECHO, input, 65535, NULL, 65535, 0);
    assert_int_equal(counter(SB_COUNTER_CALLS), calls + CALLS + 2 + 3);
    assert_int_equal(counter(SB_COUNTER_BYTES_IN), in + CALLS * SHORT + LONG + 65535);
    assert_int_equal(counter(SB_COUNTER_BYTES_OUT),
                     out + CALLS * (SHORT - 1) + LONG + 65535 + 3 * asked);
}

#define protocol_test(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        protocol_test(a_client_with_room_learns_all),
        protocol_test(an_old_client_gets_what_it_knows),
        protocol_test(what_is_not_enabled_is_unknown),
        protocol_test(the_library_is_asked_on_an_open_alone),
        protocol_test(statistics_come_as_far_as_there_is_room),
        protocol_test(each_refusal_has_its_counter),
        protocol_test(no_call_and_no_byte_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
