/*
 * Batches: each command with its own answer, and no claim of the request believed.
 */
#include "channel_test.h"

#define SL_WRITE_GRANTED 0x04

/* A request of up to eight items with inputs of eight bytes each. */
struct request {
    struct sb_batch_request head;
    struct sb_batch_item items[8];
    unsigned char inputs[8][8];
    unsigned char rest[64]; /* more than is put aside on the stack */
};

struct reply {
    struct sb_batch_reply head;
    struct sb_batch_result results[8];
    unsigned char replies[8][8];
};

static struct request request;
static struct reply reply;

/* count items of the code, each with eight bytes in and out. */
static void prepare(uint32_t count, uint32_t code)
{
    memset(&request, 0, sizeof(request));
    memset(&reply, 0xEE, sizeof(reply));
    request.head.format = 1;
    request.head.count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct sb_batch_item item = {code, (uint32_t)offsetof(struct request, inputs[i]), 8,
                                           8};

        request.items[i] = item;
        memset(request.inputs[i], 'a' + (int)i, 8);
    }
}

static struct fake_result send_as(uint32_t input, uint32_t output, uint8_t granted)
{
    return fake_control(SB_BATCH, &request, input, &reply, output, granted);
}

static struct fake_result send(void)
{
    return send_as(sizeof(request), sizeof(reply), 0);
}

/* The reply of item i, where its result says. */
static const unsigned char *reply_of(uint32_t i)
{
    return (const unsigned char *)&reply + reply.results[i].reply_offset;
}

static void each_command_has_its_own_answer(void **state)
{
    (void)state;
    prepare(8, CHANNEL_ECHO);
    request.items[1].code = CHANNEL_FAIL;
    request.items[1].input_length = 0;
    request.items[1].input_offset = 0xFFFFFFFF; /* means nothing without a length */
    request.items[2].code = CHANNEL_ADD;
    request.items[3].code = CHANNEL_ECHO + 0x1000;
    request.items[4].output_capacity = 3;
    request.items[5].input_length = 0;
    request.items[6].output_capacity = 0;
    assert_int_equal(send().status, FAKE_STATUS_SUCCESS);
    assert_int_equal(reply.head.format, 1);
    assert_int_equal(reply.head.count, 8);
    assert_int_equal(reply.head.executed, 8);
    assert_int_equal(reply.head.failed, 4);
    assert_int_equal(reply.results[0].status, FAKE_STATUS_SUCCESS);
    assert_int_equal(reply.results[0].reply_length, 8);
    assert_memory_equal(reply_of(0), "aaaaaaaa", 8);
    assert_int_equal(reply.results[1].status, 0xC0000001);
    assert_int_equal(reply.results[1].reply_length, 0);
    assert_int_equal(reply.results[2].status, FAKE_STATUS_SUCCESS);
    assert_memory_equal(reply_of(2), "dddddddd", 8);
    assert_int_equal(reply.results[3].status, FAKE_STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(reply.results[4].status, FAKE_STATUS_BUFFER_OVERFLOW);
    assert_int_equal(reply.results[4].reply_length, 3);
    assert_memory_equal(reply_of(4), "eee\0\0\0\0\0", 8);
    assert_int_equal(reply.results[5].status, FAKE_STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(reply.results[6].status, FAKE_STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(reply.results[7].status, FAKE_STATUS_SUCCESS);
    assert_memory_equal(reply_of(7), "hhhhhhhh", 8);
    assert_int_equal(counter(SB_COUNTER_BATCHES), 1);
}

static void a_failure_ends_the_batch_where_that_is_asked_for(void **state)
{
    (void)state;
    prepare(4, CHANNEL_ECHO);
    request.head.flags = SB_BATCH_STOP_AT_FAILURE;
    request.items[0].output_capacity = 3; /* a warning is no failure */
    request.items[2].input_length = 0;
    assert_int_equal(send().status, FAKE_STATUS_SUCCESS);
    assert_int_equal(reply.head.executed, 3);
    assert_int_equal(reply.head.failed, 1);
    assert_int_equal(reply.results[0].status, FAKE_STATUS_BUFFER_OVERFLOW);
    assert_int_equal(reply.results[1].status, FAKE_STATUS_SUCCESS);
    assert_int_equal(reply.results[2].status, FAKE_STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(reply.results[3].status, SB_BATCH_NOT_RUN);
    assert_int_equal(reply.results[3].reply_length, 0);
}

static void each_claim_is_checked_before_anything_runs(void **state)
{
    (void)state;
#define REFUSED(change, wanted)                         \
    do {                                                \
        prepare(2, CHANNEL_ECHO);                       \
        change;                                         \
        assert_result(send(), FAKE_STATUS_##wanted, 0); \
    } while (0)
    REFUSED(request.head.format = 0, INVALID_PARAMETER);
    REFUSED(request.head.format = 2, INVALID_PARAMETER);
    REFUSED(request.head.flags = 2, INVALID_PARAMETER);
    REFUSED(request.head.reserved = 1, INVALID_PARAMETER);
    REFUSED(request.head.count = 0, INVALID_PARAMETER);
    REFUSED(request.head.count = 9, INVALID_PARAMETER);
    REFUSED(request.head.count = UINT32_MAX, INVALID_PARAMETER);
    REFUSED(request.head.count = 0x10000001, INVALID_PARAMETER);
    REFUSED(request.items[1].input_offset = 0, INVALID_PARAMETER);
    REFUSED(request.items[1].input_offset = 40, INVALID_PARAMETER);
    REFUSED(request.items[1].input_offset++, INVALID_PARAMETER);
    REFUSED(request.items[1].input_offset = sizeof(request), INVALID_PARAMETER);
    REFUSED(request.items[1].input_offset = 0xFFFFFFF8, INVALID_PARAMETER);
    REFUSED(request.items[1].input_length = sizeof(request), INVALID_PARAMETER);
    REFUSED(request.items[1].input_length = UINT32_MAX, INVALID_PARAMETER);
    REFUSED(request.items[1].output_capacity = sizeof(reply), BUFFER_TOO_SMALL);
    REFUSED(request.items[0].output_capacity = UINT32_MAX, BUFFER_TOO_SMALL);
    REFUSED((request.items[0].output_capacity = request.items[1].output_capacity = 0x80000000),
            BUFFER_TOO_SMALL);
#undef REFUSED
    assert_int_equal(counter(SB_COUNTER_BATCHES_REFUSED), 18);
    assert_int_equal(counter(SB_COUNTER_BATCHES), 0);
}

static void each_length_of_the_whole_is_checked(void **state)
{
    uint32_t fixed = sizeof(request.head) + 2 * sizeof(request.items[0]);
    uint32_t needed = (uint32_t)SB_BATCH_OUTPUT_FIXED(2) + 16;

    (void)state;
    prepare(2, CHANNEL_FETCH);
    for (uint32_t length = 0; length < fixed; length++)
        assert_result(send_as(length, sizeof(reply), 0), FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    for (uint32_t length = 0; length < needed; length++)
        assert_result(send_as(sizeof(request), length, 0), FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(send_as(sizeof(request), needed, 0), FAKE_STATUS_SUCCESS, needed);
}

static void a_batch_opens_no_door(void **state)
{
    (void)state;
    prepare(5, CHANNEL_GUARDED);
    request.items[1].code = CHANNEL_FETCH;
    request.items[2].code = CHANNEL_PEND;
    request.items[3].code = SB_BATCH;
    request.items[4].code = SB_NOTIFY_NEXT;
    assert_int_equal(send().status, FAKE_STATUS_SUCCESS);
    assert_int_equal(reply.results[0].status, FAKE_STATUS_ACCESS_DENIED);
    assert_int_equal(reply.results[1].status, FAKE_STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(reply.results[2].status, FAKE_STATUS_NOT_SUPPORTED);
    assert_int_equal(reply.results[3].status, FAKE_STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(reply.results[4].status, FAKE_STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(send_as(sizeof(request), sizeof(reply), SL_WRITE_GRANTED).status, 0);
    assert_int_equal(reply.results[0].status, FAKE_STATUS_SUCCESS);
    assert_memory_equal(reply_of(0), "aaaaaaaa", 8);
}

/* The request is put aside in pool; a command in place needs a buffer of its own. */
static void no_memory_is_an_error_of_the_batch_or_of_its_command(void **state)
{
    (void)state;
    prepare(2, CHANNEL_ADD);
    fake_fail_call(1);
    assert_int_equal(send_as(sizeof(request), sizeof(reply), 0).status, FAKE_STATUS_NO_RESOURCES);
    fake_fail_call(2);
    assert_int_equal(send().status, FAKE_STATUS_SUCCESS);
    assert_int_equal(reply.results[0].status, FAKE_STATUS_NO_RESOURCES);
    assert_int_equal(reply.results[1].status, FAKE_STATUS_SUCCESS);
    assert_memory_equal(reply_of(1), "cccccccc", 8);
}

static void inputs_may_overlap_and_lie_in_any_order(void **state)
{
    (void)state;
    prepare(3, CHANNEL_ECHO);
    request.items[0].input_offset = request.items[2].input_offset;
    request.items[1].input_offset = request.items[2].input_offset;
    assert_int_equal(send().status, FAKE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < 3; i++)
        assert_memory_equal(reply_of(i), "cccccccc", 8);
}

#define batch_test(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        batch_test(each_command_has_its_own_answer),
        batch_test(a_failure_ends_the_batch_where_that_is_asked_for),
        batch_test(each_claim_is_checked_before_anything_runs),
        batch_test(each_length_of_the_whole_is_checked),
        batch_test(a_batch_opens_no_door),
        batch_test(no_memory_is_an_error_of_the_batch_or_of_its_command),
        batch_test(inputs_may_overlap_and_lie_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
