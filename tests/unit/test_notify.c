/*
 * Notifications and questions: every answer, every rule, every order of the ends.
 */
#include "channel_test.h"

#define NEXT_LENGTH (sizeof(struct sb_notification) + CHANNEL_MAXIMUM)

struct received {
    struct sb_notification head;
    char text[CHANNEL_MAXIMUM];
};

static struct fake_result subscribe(void)
{
    const struct sb_subscribe subscribe = {SB_PROTOCOL_VERSION, 0};
    struct sb_subscribed subscribed;

    return fake_control(SB_NOTIFY_SUBSCRIBE, &subscribe, sizeof(subscribe), &subscribed,
                        sizeof(subscribed), 0);
}

static void subscribed(void)
{
    assert_result(subscribe(), FAKE_STATUS_SUCCESS, sizeof(struct sb_subscribed));
}

static uint32_t post(const char *text)
{
    return channel_post(channel_last_open(), text, strlen(text));
}

static struct fake_request *begin_next(void)
{
    return fake_begin(SB_NOTIFY_NEXT, NEXT_LENGTH);
}

static void assert_received(const struct received *received, uint64_t information, const char *text,
                            uint64_t sequence, uint64_t lost)
{
    assert_int_equal(information, sizeof(received->head) + strlen(text));
    assert_int_equal(received->head.length, strlen(text));
    assert_memory_equal(received->text, text, strlen(text));
    assert_int_equal(received->head.sequence, sequence);
    assert_int_equal(received->head.lost, lost);
    assert_int_equal(received->head.reserved, 0);
}

/* Takes a message that waits. */
static void expect_next(const char *text, uint64_t sequence, uint64_t lost)
{
    struct received received;
    struct fake_result result = fake_control(SB_NOTIFY_NEXT, NULL, 0, &received, NEXT_LENGTH, 0);

    assert_int_equal(result.status, FAKE_STATUS_SUCCESS);
    assert_int_equal(result.completions, 1);
    assert_received(&received, result.information, text, sequence, lost);
}

/* A call that waited has got this. */
static void expect_end(struct fake_request *request, const char *text, uint64_t sequence)
{
    struct received received;
    struct fake_result result = fake_end(request, &received, NEXT_LENGTH);

    assert_int_equal(result.completions, 1);
    assert_int_equal(result.status, FAKE_STATUS_SUCCESS);
    assert_received(&received, result.information, text, sequence, 0);
}

static struct sb_notify_state query(void)
{
    struct sb_notify_state told;

    assert_result(fake_control(SB_NOTIFY_QUERY, NULL, 0, &told, sizeof(told), 0),
                  FAKE_STATUS_SUCCESS, sizeof(told));
    return told;
}

static void subscribing_tells_the_limits(void **state)
{
    const struct sb_subscribe subscribe = {SB_PROTOCOL_VERSION, 0};
    const struct sb_subscribed expected = {
        SB_PROTOCOL_VERSION, SB_DROP_OLDEST, CHANNEL_CAPACITY, CHANNEL_MAXIMUM, 256, 0};
    struct sb_subscribed told;

    (void)state;
    assert_result(fake_control(SB_NOTIFY_SUBSCRIBE, &subscribe, 8, &told, sizeof(told), 0),
                  FAKE_STATUS_SUCCESS, sizeof(told));
    assert_memory_equal(&told, &expected, sizeof(told));
}

static void subscribing_is_refused_for_each_reason(void **state)
{
    const struct sb_subscribe fine = {SB_PROTOCOL_VERSION, 0};
    const struct sb_subscribe old = {SB_PROTOCOL_OLDEST - 1, 0};
    const struct sb_subscribe flagged = {SB_PROTOCOL_VERSION, 1};
    int blocks = fake_holdings().blocks;

    (void)state;
    for (uint32_t length = 0; length < 12; length++)
        if (length != 8)
            assert_result(fake_control(SB_NOTIFY_SUBSCRIBE, "123456789012", length, NULL, 24, 0),
                          FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    for (uint32_t length = 0; length < 24; length++)
        assert_result(fake_control(SB_NOTIFY_SUBSCRIBE, &fine, 8, NULL, length, 0),
                      FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_control(SB_NOTIFY_SUBSCRIBE, &old, 8, NULL, 24, 0),
                  FAKE_STATUS_REVISION_MISMATCH, 0);
    assert_result(fake_control(SB_NOTIFY_SUBSCRIBE, &flagged, 8, NULL, 24, 0),
                  FAKE_STATUS_INVALID_PARAMETER, 0);
    assert_result(fake_control_without_file(SB_NOTIFY_SUBSCRIBE, &fine, 8),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    fake_fail_call(1);
    assert_result(subscribe(), FAKE_STATUS_NO_RESOURCES, 0);
    assert_int_equal(fake_holdings().blocks, blocks);
    subscribed();
    assert_result(subscribe(), FAKE_STATUS_INVALID_DEVICE_STATE, 0);
    assert_int_equal(fake_holdings().blocks, blocks + 1);
    fake_simple(FAKE_CLEANUP);
    assert_result(subscribe(), FAKE_STATUS_CANCELLED, 0);
    assert_int_equal(fake_holdings().blocks, blocks);
}

static void who_has_not_subscribed_gets_nothing(void **state)
{
    (void)state;
    assert_result(fake_control(SB_NOTIFY_NEXT, NULL, 0, NULL, NEXT_LENGTH, 0),
                  FAKE_STATUS_INVALID_DEVICE_STATE, 0);
    assert_result(fake_control(SB_NOTIFY_UNSUBSCRIBE, NULL, 0, NULL, 0, 0),
                  FAKE_STATUS_INVALID_DEVICE_STATE, 0);
    assert_result(fake_control(SB_NOTIFY_QUERY, NULL, 0, NULL, 40, 0),
                  FAKE_STATUS_INVALID_DEVICE_STATE, 0);
    assert_int_equal(post("x"), FAKE_STATUS_NOT_FOUND);
    assert_int_equal(channel_post(4711, "x", 1), FAKE_STATUS_NOT_FOUND);
    assert_int_equal(channel_post(0, "x", 1), FAKE_STATUS_SUCCESS);
}

static void messages_wait_in_their_order(void **state)
{
    (void)state;
    subscribed();
    assert_int_equal(post("one"), FAKE_STATUS_SUCCESS);
    assert_int_equal(post(""), FAKE_STATUS_SUCCESS);
    assert_int_equal(post("a message of exactly forty bytes, no more" + 1), FAKE_STATUS_SUCCESS);
    assert_int_equal(query().waiting, 3);
    expect_next("one", 1, 0);
    expect_next("", 2, 0);
    expect_next(" message of exactly forty bytes, no more", 3, 0);
    assert_int_equal(query().waiting, 0);
    assert_int_equal(query().highest, 3);
    assert_int_equal(query().delivered, 3);
}

static void calls_that_wait_get_messages_in_their_order(void **state)
{
    struct fake_request *first;
    struct fake_request *second;

    (void)state;
    subscribed();
    first = begin_next();
    second = begin_next();
    assert_true(fake_waits(first) && fake_waits(second));
    assert_int_equal(query().pending, 2);
    post("one");
    post("two");
    post("three");
    expect_end(first, "one", 1);
    expect_end(second, "two", 2);
    expect_next("three", 3, 0);
}

static void a_room_too_small_for_the_longest_is_refused(void **state)
{
    (void)state;
    subscribed();
    post("one");
    for (uint32_t length = 0; length < NEXT_LENGTH; length++)
        assert_result(fake_control(SB_NOTIFY_NEXT, NULL, 0, NULL, length, 0),
                      FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_control(SB_NOTIFY_NEXT, "x", 1, NULL, NEXT_LENGTH, 0),
                  FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    expect_next("one", 1, 0);
}

static void a_message_too_long_is_refused(void **state)
{
    char text[CHANNEL_MAXIMUM + 1] = {0};

    (void)state;
    subscribed();
    assert_int_equal(channel_post(channel_last_open(), text, sizeof(text)),
                     FAKE_STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(channel_post(0, text, sizeof(text)), FAKE_STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(query().waiting, 0);
}

static void the_oldest_makes_room(void **state)
{
    (void)state;
    subscribed();
    for (char text[2] = "1"; text[0] <= '6'; text[0]++)
        assert_int_equal(post(text), FAKE_STATUS_SUCCESS);
    expect_next("3", 1, 2);
    expect_next("4", 2, 2);
    assert_int_equal(query().lost, 2);
    assert_int_equal(counter(SB_COUNTER_LOST), 2);
    assert_int_equal(counter(SB_COUNTER_POSTED), 6);
    assert_int_equal(counter(SB_COUNTER_DELIVERED), 2);
}

static void the_newest_is_lost(void **state)
{
    (void)state;
    stop(state);
    channel_set_overflow(SB_DROP_NEWEST);
    start_again();
    subscribed();
    for (char text[2] = "1"; text[0] <= '6'; text[0]++)
        assert_int_equal(post(text), FAKE_STATUS_SUCCESS);
    for (char text[2] = "1"; text[0] <= '4'; text[0]++)
        expect_next(text, (uint64_t)(text[0] - '0'), 2);
    assert_int_equal(query().waiting, 0);
}

/* All get it or none does. */
static void the_post_fails_for_all_if_one_has_no_room(void **state)
{
    uint64_t full;

    (void)state;
    stop(state);
    channel_set_overflow(SB_FAIL_POST);
    start_again();
    subscribed();
    full = channel_last_open();
    fake_use_file(1);
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
    subscribed();
    for (char text[2] = "1"; text[0] <= '4'; text[0]++)
        assert_int_equal(channel_post(full, text, 1), FAKE_STATUS_SUCCESS);
    assert_int_equal(channel_post(full, "5", 1), FAKE_STATUS_DEVICE_BUSY);
    assert_int_equal(channel_post(0, "5", 1), FAKE_STATUS_DEVICE_BUSY);
    assert_int_equal(query().waiting, 0);
    assert_int_equal(post("to the other"), FAKE_STATUS_SUCCESS);
    fake_use_file(0);
    assert_int_equal(query().refused, 2);
    assert_int_equal(query().lost, 0);
    expect_next("1", 1, 0);
    assert_int_equal(channel_post(0, "5", 1), FAKE_STATUS_SUCCESS);
    for (char text[2] = "2"; text[0] <= '5'; text[0]++)
        expect_next(text, (uint64_t)(text[0] - '0'), 0);
    fake_use_file(1);
    expect_next("to the other", 1, 0);
    expect_next("5", 2, 0);
}

static void all_subscribers_get_a_message_for_all(void **state)
{
    struct fake_request *waiting;

    (void)state;
    subscribed();
    waiting = begin_next();
    fake_use_file(1);
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
    subscribed();
    fake_use_file(2);
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
    assert_int_equal(channel_post(0, "all", 3), FAKE_STATUS_SUCCESS);
    expect_end(waiting, "all", 1);
    fake_use_file(1);
    expect_next("all", 1, 0);
    assert_int_equal(counter(SB_COUNTER_POSTED), 2);
}

static void a_cancelled_call_loses_no_message(void **state)
{
    struct fake_request *first;
    struct fake_request *second;

    (void)state;
    subscribed();
    first = begin_next();
    second = begin_next();
    assert_true(fake_take_cancel_routine(first));
    post("one");
    post("two");
    expect_end(second, "one", 1);
    fake_run_cancel_routine(first);
    assert_result(fake_end(first, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    expect_next("two", 2, 0);
}

static void unsubscribing_ends_what_waits_and_forgets_the_rest(void **state)
{
    struct fake_request *request;

    (void)state;
    subscribed();
    request = begin_next();
    assert_result(fake_control(SB_NOTIFY_UNSUBSCRIBE, NULL, 0, NULL, 0, 0), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_end(request, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    subscribed();
    post("forgotten");
    assert_result(fake_control(SB_NOTIFY_UNSUBSCRIBE, NULL, 0, NULL, 0, 0), FAKE_STATUS_SUCCESS, 0);
    assert_int_equal(post("x"), FAKE_STATUS_NOT_FOUND);
    subscribed();
    post("new");
    expect_next("new", 1, 0);
}

/* Unsubscribing leaves calls of other kinds alone. */
static void other_calls_go_on_waiting(void **state)
{
    struct fake_request *other = fake_begin(CHANNEL_PEND, 1);

    (void)state;
    subscribed();
    assert_result(fake_control(SB_NOTIFY_UNSUBSCRIBE, NULL, 0, NULL, 0, 0), FAKE_STATUS_SUCCESS, 0);
    assert_true(fake_waits(other));
    channel_answer(FAKE_STATUS_SUCCESS, "1", 1);
    assert_result(fake_end(other, NULL, 0), FAKE_STATUS_SUCCESS, 1);
}

static void closing_ends_a_subscription_with_all_it_has(void **state)
{
    struct fake_request *request;
    uint64_t open = channel_last_open();

    (void)state;
    subscribed();
    request = begin_next();
    fake_simple(FAKE_CLEANUP);
    assert_result(fake_end(request, NULL, 0), FAKE_STATUS_CANCELLED, 0);
    assert_int_equal(channel_post(open, "x", 1), FAKE_STATUS_NOT_FOUND);
    assert_int_equal(channel_post(0, "x", 1), FAKE_STATUS_SUCCESS);
    fake_simple(FAKE_CLOSE);
    assert_int_equal(channel_post(open, "x", 1), FAKE_STATUS_NOT_FOUND);
    fake_open(NULL, false);
    assert_true(channel_last_open() != open);
}

/* ---- questions ---- */

static struct received asked; /* what the driver asked, as the application got it */
static struct fake_result answered;

static struct fake_result answer(const char *text)
{
    struct {
        struct sb_answer head;
        char text[CHANNEL_MAXIMUM];
    } message = {{asked.head.question}, ""};

    memcpy(message.text, text, strlen(text));
    return fake_control(SB_NOTIFY_ANSWER, &message, (uint32_t)(sizeof(message.head) + strlen(text)),
                        NULL, 0, 0);
}

static void take_question(void)
{
    fake_control(SB_NOTIFY_NEXT, NULL, 0, &asked, NEXT_LENGTH, 0);
}

static void answer_in_time(void)
{
    take_question();
    answered = answer("forty-two");
}

static void answer_too_long_first(void)
{
    take_question();
    answered = answer("much too long an answer");
    if (answered.status == FAKE_STATUS_INFO_LENGTH_MISMATCH)
        answered = answer("42");
}

static void answer_from_another_open(void)
{
    take_question();
    fake_use_file(1);
    answered = answer("42");
    fake_use_file(0);
}

static void close_meanwhile(void)
{
    fake_simple(FAKE_CLEANUP);
}

static void flood(void)
{
    for (int i = 0; i < CHANNEL_CAPACITY; i++)
        post("another");
}

static uint32_t ask(char *reply, size_t capacity, size_t *length)
{
    return channel_ask(channel_last_open(), "question", reply, capacity, length, 100);
}

static void a_question_is_answered(void **state)
{
    char reply[10] = "";
    size_t length = 77;

    (void)state;
    subscribed();
    fake_while_waiting(answer_in_time, false);
    assert_int_equal(ask(reply, sizeof(reply), &length), FAKE_STATUS_SUCCESS);
    assert_int_equal(length, 9);
    assert_string_equal(reply, "forty-two");
    assert_memory_equal(asked.text, "question", 8);
    assert_true(asked.head.question != 0);
    assert_result(answered, FAKE_STATUS_SUCCESS, 0);
    assert_result(answer("again"), FAKE_STATUS_NOT_FOUND, 0);
    assert_int_equal(counter(SB_COUNTER_QUESTIONS), 1);
    assert_int_equal(counter(SB_COUNTER_ANSWERS), 1);
}

static void an_answer_too_long_may_be_given_again(void **state)
{
    char reply[4] = "";
    size_t length;

    (void)state;
    subscribed();
    fake_while_waiting(answer_too_long_first, false);
    assert_int_equal(ask(reply, sizeof(reply), &length), FAKE_STATUS_SUCCESS);
    assert_int_equal(length, 2);
    assert_result(answered, FAKE_STATUS_SUCCESS, 0);
}

static void nobody_else_may_answer(void **state)
{
    char reply[4] = "xyz";
    size_t length = 77;

    (void)state;
    subscribed();
    fake_use_file(1);
    fake_open(NULL, false);
    subscribed();
    fake_use_file(0);
    fake_while_waiting(answer_from_another_open, false);
    assert_int_equal(channel_ask(channel_last_open() - 1, "question", reply, 4, &length, 100),
                     FAKE_STATUS_IO_TIMEOUT);
    assert_result(answered, FAKE_STATUS_NOT_FOUND, 0);
    assert_string_equal(reply, "xyz");
    assert_int_equal(length, 77);
}

static void a_question_ends_in_time_and_a_late_answer_is_refused(void **state)
{
    char reply[4] = "xyz";
    size_t length = 77;

    (void)state;
    subscribed();
    fake_while_waiting(take_question, false);
    assert_int_equal(ask(reply, 4, &length), FAKE_STATUS_IO_TIMEOUT);
    assert_result(answer("late"), FAKE_STATUS_NOT_FOUND, 0);
    assert_string_equal(reply, "xyz");
}

static void a_question_ends_with_its_thread(void **state)
{
    size_t length;
    char reply;

    (void)state;
    subscribed();
    fake_while_waiting(NULL, true);
    assert_int_equal(ask(&reply, 1, &length), FAKE_STATUS_CANCELLED);
}

static void a_question_ends_with_its_open(void **state)
{
    size_t length;
    char reply;

    (void)state;
    subscribed();
    fake_while_waiting(close_meanwhile, false);
    assert_int_equal(ask(&reply, 1, &length), FAKE_STATUS_CANCELLED);
}

static void a_question_that_is_dropped_ends(void **state)
{
    size_t length;
    char reply;

    (void)state;
    subscribed();
    fake_while_waiting(flood, false);
    assert_int_equal(ask(&reply, 1, &length), FAKE_STATUS_DEVICE_BUSY);
}

static void a_question_without_room_ends(void **state)
{
    size_t length;
    char reply;

    (void)state;
    stop(state);
    channel_set_overflow(SB_DROP_NEWEST);
    start_again();
    subscribed();
    flood();
    assert_int_equal(ask(&reply, 1, &length), FAKE_STATUS_DEVICE_BUSY);
}

static void questions_nobody_can_get_are_refused(void **state)
{
    char text[CHANNEL_MAXIMUM + 2];
    size_t length;
    char reply;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(ask(&reply, 1, &length), FAKE_STATUS_NOT_FOUND);
    subscribed();
    assert_int_equal(channel_ask(0, "all", &reply, 1, &length, 1), FAKE_STATUS_NOT_FOUND);
    assert_int_equal(channel_ask(channel_last_open(), text, &reply, 1, &length, 1),
                     FAKE_STATUS_INVALID_BUFFER_SIZE);
    fake_fail_call(1);
    assert_int_equal(ask(&reply, 1, &length), FAKE_STATUS_NO_RESOURCES);
    for (uint32_t bytes = 0; bytes < 8; bytes++)
        assert_result(fake_control(SB_NOTIFY_ANSWER, "\0\0\0\0\0\0\0\0", bytes, NULL, 0, 0),
                      FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    assert_result(fake_control(SB_NOTIFY_ANSWER, "\0\0\0\0\0\0\0\0", 8, NULL, 0, 0),
                  FAKE_STATUS_NOT_FOUND, 0);
}

#define notify_test(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        notify_test(subscribing_tells_the_limits),
        notify_test(subscribing_is_refused_for_each_reason),
        notify_test(who_has_not_subscribed_gets_nothing),
        notify_test(messages_wait_in_their_order),
        notify_test(calls_that_wait_get_messages_in_their_order),
        notify_test(a_room_too_small_for_the_longest_is_refused),
        notify_test(a_message_too_long_is_refused),
        notify_test(the_oldest_makes_room),
        notify_test(the_newest_is_lost),
        notify_test(the_post_fails_for_all_if_one_has_no_room),
        notify_test(all_subscribers_get_a_message_for_all),
        notify_test(a_cancelled_call_loses_no_message),
        notify_test(unsubscribing_ends_what_waits_and_forgets_the_rest),
        notify_test(other_calls_go_on_waiting),
        notify_test(closing_ends_a_subscription_with_all_it_has),
        notify_test(a_question_is_answered),
        notify_test(an_answer_too_long_may_be_given_again),
        notify_test(nobody_else_may_answer),
        notify_test(a_question_ends_in_time_and_a_late_answer_is_refused),
        notify_test(a_question_ends_with_its_thread),
        notify_test(a_question_ends_with_its_open),
        notify_test(a_question_that_is_dropped_ends),
        notify_test(a_question_without_room_ends),
        notify_test(questions_nobody_can_get_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
