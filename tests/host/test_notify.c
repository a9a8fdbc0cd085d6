/*
 * Notifications through the client library, against the real driver on the host: over its device,
 * and the same over its socket.
 */
#include <stdio.h>

#include "channels_client.h"
#include "socket_rig.h"

static struct sb_subscription *subscribe(struct sb_client *client, uint32_t pending)
{
    const struct sb_subscribe_options options = {.pending = pending};
    struct sb_subscription *subscription = NULL;

    assert_int_equal(sb_subscribe(client, &options, &subscription), SB_OK);
    return subscription;
}

static void a_message_is_received_with_what_is_known_of_it(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 0);
    struct sb_message message;
    char text[CHANNELS_MAXIMUM];

    (void)state;
    assert_int_equal(sb_receive(subscription, text, sizeof(text), &message, 0), SB_ERROR_TIMEOUT);
    assert_int_equal(sb_receive(subscription, text, sizeof(text), &message, 20), SB_ERROR_TIMEOUT);
    assert_int_equal(tell(client, CHANNELS_POST, "hello", 5), SB_OK);
    assert_int_equal(sb_receive(subscription, text, sizeof(text), &message, 1000), SB_OK);
    assert_int_equal(message.length, 5);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(message.sequence, 1);
    assert_int_equal(message.lost, 0);
    assert_int_equal(message.question, 0);
    sb_unsubscribe(subscription);
    sb_close(client);
}

static void a_message_longer_than_the_buffer_is_cut_and_said(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 1);
    struct sb_message message;
    char text[8] = "";

    (void)state;
    tell(client, CHANNELS_POST, "hello", 5);
    tell(client, CHANNELS_POST, "", 0);
    assert_int_equal(sb_receive(subscription, text, 4, &message, 1000), SB_ERROR_TRUNCATED);
    assert_int_equal(message.length, 5);
    assert_string_equal(text, "hell");
    assert_int_equal(sb_receive(subscription, NULL, 0, &message, 1000), SB_OK);
    assert_int_equal(message.length, 0);
    sb_unsubscribe(subscription);
    sb_close(client);
}

static void subscriptions_are_refused_for_each_reason(void **state)
{
    const struct sb_subscribe_options many = {.pending = 65};
    const struct sb_subscribe old = {0, 0};
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription;
    struct sb_subscription *second = NULL;
    struct sb_notify_state told;
    unsigned char reply[24];

    (void)state;
    assert_int_equal(sb_subscribe(NULL, NULL, &second), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_subscribe(client, NULL, NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_subscribe(client, &many, &second), SB_ERROR_ARGUMENT);
    assert_int_equal(
        sb_call(client, SB_NOTIFY_SUBSCRIBE, &old, 8, reply, sizeof(reply), NULL, 1000),
        SB_ERROR_VERSION);
    assert_int_equal(tell(client, CHANNELS_POST, "x", 1), SB_ERROR_TOO_LATE); /* not found */
    subscription = subscribe(client, 0);
    assert_int_equal(sb_subscribe(client, NULL, &second), SB_ERROR_STATE);
    assert_null(second);
    assert_int_equal(sb_receive(NULL, reply, 1, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_receive(subscription, NULL, 1, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_answer(subscription, 1, NULL, 1), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_answer(subscription, 1, "x", 1), SB_ERROR_TOO_LATE);
    assert_int_equal(sb_subscription_state(subscription, &told), SB_OK);
    /* Over a socket all but one wait in the connection. */
    assert_int_equal(told.pending, channels_socket == NULL ? 8 : 1);
    sb_unsubscribe(subscription);
    sb_unsubscribe(NULL);
    subscription = subscribe(client, 0);
    sb_unsubscribe(subscription);
    sb_close(client);
}

/* The last flood's thread may not have ended yet, though its messages have all come. */
static void begin_flood(struct sb_client *client, uint64_t count)
{
    const struct channels_flood flood = {count};

    for (int i = 0; tell(client, CHANNELS_FLOOD, &flood, sizeof(flood)) != SB_OK; i++) {
        assert_true(i < 5000);
        pause_for(1);
    }
}

/* All messages, each once, in order, at whatever speed either side has. */
static void receive_flood(struct sb_client *client, struct sb_subscription *subscription,
                          uint64_t count)
{
    struct channels_item item;
    struct sb_message message;

    begin_flood(client, count);
    for (uint64_t i = 0; i < count; i++) {
        enum sb_error error = sb_receive(subscription, &item, sizeof(item), &message, 20000);

        if (error != SB_OK || message.length != sizeof(item) || item.number != i ||
            item.checksum != channels_mix(i) || message.sequence != i + 1 || message.lost != 0)
            fail_msg("message %llu: error %d, number %llu, sequence %llu, lost %llu",
                     (unsigned long long)i, error, (unsigned long long)item.number,
                     (unsigned long long)message.sequence, (unsigned long long)message.lost);
    }
    assert_int_equal(sb_receive(subscription, &item, sizeof(item), &message, 0), SB_ERROR_TIMEOUT);
}

static void a_million_messages_arrive_where_the_rule_loses_none(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 16);

    (void)state;
    receive_flood(client, subscription, MESSAGES);
    sb_unsubscribe(subscription);
    sb_close(client);
}

static void one_request_is_enough(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 1);

    (void)state;
    receive_flood(client, subscription, 10000);
    sb_unsubscribe(subscription);
    sb_close(client);
}

/* ---- callbacks ---- */

struct heard {
    pthread_mutex_t lock;
    uint64_t count;
    uint64_t wrong;
};

static void hear(void *context, const void *message, const struct sb_message *information)
{
    struct heard *heard = context;
    struct channels_item item = {0, 0};

    pthread_mutex_lock(&heard->lock);
    if (information->length == sizeof(item))
        memcpy(&item, message, sizeof(item));
    heard->wrong += item.number != heard->count || item.checksum != channels_mix(item.number);
    heard->count++;
    pthread_mutex_unlock(&heard->lock);
}

static uint64_t heard_so_far(struct heard *heard)
{
    uint64_t count;

    pthread_mutex_lock(&heard->lock);
    count = heard->count;
    pthread_mutex_unlock(&heard->lock);
    return count;
}

static void a_callback_hears_all_in_order(void **state)
{
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const struct sb_subscribe_options options = {.receive = hear, .context = &heard};
    const uint64_t flood = 20000;
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = NULL;

    (void)state;
    assert_int_equal(sb_subscribe(client, &options, &subscription), SB_OK);
    assert_int_equal(sb_receive(subscription, NULL, 0, NULL, 0), SB_ERROR_STATE);
    begin_flood(client, flood);
    for (int i = 0; i < 2000 && heard_so_far(&heard) < flood; i++)
        pause_for(10);
    assert_int_equal(heard_so_far(&heard), flood);
    assert_int_equal(heard.wrong, 0);
    sb_unsubscribe(subscription);
    sb_close(client);
}

/* Until the thread sleeps: then it is in the call that waits, and not before it any more. */
static void wait_until_asleep(pid_t thread)
{
    char path[64], state = 0;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
    while (state != 'S') {
        FILE *file = fopen(path, "r");

        assert_non_null(file);
        assert_int_equal(fscanf(file, "%*d %*s %c", &state), 1); /* the name has no blank */
        fclose(file);
        pause_for(1);
    }
}

struct receiver {
    struct sb_subscription *subscription;
    pid_t thread;
};

static void *unsubscribe_soon(void *context)
{
    struct receiver *receiver = context;

    wait_until_asleep(receiver->thread);
    sb_unsubscribe(receiver->subscription); /* frees it: nobody may begin to receive now */
    return NULL;
}

/* The thread that receives learns that it is over. */
static void unsubscribing_ends_a_receive_of_another_thread(void **state)
{
    struct sb_client *client = open_channels();
    struct receiver receiver = {subscribe(client, 2), gettid()};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, unsubscribe_soon, &receiver), 0);
    assert_int_equal(sb_receive(receiver.subscription, NULL, 0, NULL, SB_FOREVER), SB_ERROR_CLOSED);
    pthread_join(thread, NULL);
    sb_close(client);
}

static void *end_calls_soon(void *client)
{
    pause_for(30);
    sb_end_calls(client);
    return NULL;
}

/* Whoever receives learns of it, by a call or by a callback; then both can be given back. */
static void ending_the_calls_of_a_client_ends_its_subscription(void **state)
{
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const struct sb_subscribe_options options = {.receive = hear, .context = &heard};
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 2);
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, end_calls_soon, client), 0);
    assert_int_equal(sb_receive(subscription, NULL, 0, NULL, SB_FOREVER), SB_ERROR_CLOSED);
    pthread_join(thread, NULL);
    assert_int_equal(sb_receive(subscription, NULL, 0, NULL, SB_FOREVER), SB_ERROR_CLOSED);
    sb_unsubscribe(subscription);
    sb_close(client);
    for (int round = 0; round < 20; round++) {
        const struct channels_flood flood = {1000};

        client = open_channels();
        assert_int_equal(sb_subscribe(client, &options, &subscription), SB_OK);
        if (round % 2 != 0)
            tell(client, CHANNELS_FLOOD, &flood, sizeof(flood)); /* or busy with the last one */
        sb_end_calls(client);
        sb_unsubscribe(subscription);
        sb_close(client);
    }
}

static void unsubscribing_in_a_flood_ends_it(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct sb_client *client = open_channels();
        struct sb_subscription *subscription = subscribe(client, 4);

        begin_flood(client, 1000000000);
        for (int i = 0; i < round * 10; i++)
            assert_int_equal(sb_receive(subscription, NULL, 0, NULL, 1000), SB_ERROR_TRUNCATED);
        sb_unsubscribe(subscription);
        sb_close(client);
    }
}

/* ---- overflow ---- */

static void a_full_queue_fails_the_post_and_loses_nothing(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 4);
    struct sb_notify_state told;
    unsigned char number = 0;
    int posted = 0;

    (void)state;
    while (tell(client, CHANNELS_POST, &number, 1) == SB_OK && posted < 1000) {
        number++;
        posted++;
    }
    assert_int_equal(posted, CHANNELS_CAPACITY + 4);
    assert_int_equal(sb_subscription_state(subscription, &told), SB_OK);
    assert_int_equal(told.waiting, CHANNELS_CAPACITY);
    assert_int_equal(told.refused, 1);
    assert_int_equal(told.lost, 0);
    for (int i = 0; i < posted; i++) {
        assert_int_equal(sb_receive(subscription, &number, 1, NULL, 1000), SB_OK);
        assert_int_equal(number, i);
    }
    sb_unsubscribe(subscription);
    sb_close(client);
}

static void the_oldest_is_lost_and_counted(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 1);
    struct sb_message message;
    unsigned char number;

    (void)state;
    for (number = 0; number < CHANNELS_CAPACITY + 11; number++)
        assert_int_equal(tell(client, CHANNELS_POST, &number, 1), SB_OK);
    assert_int_equal(sb_receive(subscription, &number, 1, &message, 1000), SB_OK);
    assert_int_equal(number, 0);
    assert_int_equal(message.lost, 0);
    for (int i = 11; i < CHANNELS_CAPACITY + 11; i++) {
        assert_int_equal(sb_receive(subscription, &number, 1, &message, 1000), SB_OK);
        assert_int_equal(number, i);
        assert_int_equal(message.lost, 10);
    }
    sb_unsubscribe(subscription);
    sb_close(client);
}

/* ---- several subscribers ---- */

static void *receive_all(void *context)
{
    struct sb_subscription *subscription = context;
    uintptr_t wrong = 0;

    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t number = UINT32_MAX;

        wrong += sb_receive(subscription, &number, sizeof(number), NULL, 20000) != SB_OK;
        wrong += number != i;
    }
    return (void *)wrong;
}

static void parallel_clients_all_get_all(void **state)
{
    enum { CLIENTS = 6 };
    struct sb_client *poster = open_channels();
    struct sb_client *clients[CLIENTS];
    struct sb_subscription *subscriptions[CLIENTS];
    pthread_t threads[CLIENTS];
    void *wrong;

    (void)state;
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = open_channels();
        subscriptions[i] = subscribe(clients[i], 3);
        assert_int_equal(pthread_create(&threads[i], NULL, receive_all, subscriptions[i]), 0);
    }
    for (uint32_t i = 0; i < 2000; i++)
        while (tell(poster, CHANNELS_POST_ALL, &i, sizeof(i)) != SB_OK)
            pause_for(1);
    for (size_t i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
        sb_unsubscribe(subscriptions[i]);
        sb_close(clients[i]);
    }
    sb_close(poster);
}

static void a_dpc_posts(void **state)
{
    const uint32_t moment = 5;
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 1);
    char letter = 0;

    (void)state;
    assert_int_equal(tell(client, CHANNELS_TIMER, &moment, sizeof(moment)), SB_OK);
    assert_int_equal(sb_receive(subscription, &letter, 1, NULL, 5000), SB_OK);
    assert_int_equal(letter, 't');
    sb_unsubscribe(subscription);
    sb_close(client);
}

/* ---- questions ---- */

struct asking {
    struct sb_client *client;
    uint64_t open;
    uint32_t timeout;
    char answer[16];
    size_t length;
};

static void *ask(void *context)
{
    struct asking *asking = context;
    struct {
        struct channels_question head;
        char text[4];
    } question = {{asking->open, asking->timeout, 0}, "why"};

    return (void *)(uintptr_t)sb_call(asking->client, CHANNELS_ASK, &question, sizeof(question),
                                      asking->answer, sizeof(asking->answer), &asking->length,
                                      20000);
}

/* Two programs: one has the driver ask the other. */
static void a_question_is_asked_and_answered(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 2);
    struct asking asking = {
        .client = open_channels(), .open = open_number(client), .timeout = 10000};
    struct sb_message message;
    pthread_t thread;
    char text[16];
    void *error;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
    assert_int_equal(sb_receive(subscription, text, sizeof(text), &message, 5000), SB_OK);
    assert_string_equal(text, "why");
    assert_true(message.question != 0);
    assert_int_equal(sb_answer(subscription, message.question, "01234567890123456", 17),
                     SB_ERROR_BAD_LENGTH);
    assert_int_equal(sb_answer(subscription, message.question + 1, "no", 2), SB_ERROR_TOO_LATE);
    assert_int_equal(sb_answer(subscription, message.question, "because", 7), SB_OK);
    assert_int_equal(sb_answer(subscription, message.question, "again", 5), SB_ERROR_TOO_LATE);
    pthread_join(thread, &error);
    assert_int_equal((uintptr_t)error, SB_OK);
    assert_int_equal(asking.length, 7);
    assert_memory_equal(asking.answer, "because", 7);
    sb_close(asking.client);
    sb_unsubscribe(subscription);
    sb_close(client);
}

static void a_question_ends_at_its_deadline_and_with_its_subscriber(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_subscription *subscription = subscribe(client, 2);
    struct asking asking = {.client = open_channels(), .open = open_number(client), .timeout = 50};
    struct sb_message message;
    pthread_t thread;
    void *error;

    (void)state;
    assert_int_equal((uintptr_t)ask(&asking), SB_ERROR_SYSTEM);
    assert_int_equal(sb_system_error(), 0xC00000B5); /* STATUS_IO_TIMEOUT */
    assert_int_equal(sb_receive(subscription, NULL, 0, &message, 1000), SB_ERROR_TRUNCATED);
    assert_int_equal(sb_answer(subscription, message.question, "late", 4), SB_ERROR_TOO_LATE);
    asking.timeout = 60000;
    assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
    assert_int_equal(sb_receive(subscription, NULL, 0, &message, 5000), SB_ERROR_TRUNCATED);
    sb_unsubscribe(subscription);
    pthread_join(thread, &error);
    assert_int_equal((uintptr_t)error, SB_ERROR_CLOSED);
    assert_int_equal((uintptr_t)ask(&asking), SB_ERROR_TOO_LATE); /* not found: nobody subscribed */
    sb_close(asking.client);
    sb_close(client);
}

/* ---- over a socket ---- */

static struct rig rig;

static int start_socket(const char *driver)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.sys", WINDOWS_DRIVERS, driver);
    rig_make_for(&rig, driver);
    set_value(&rig, "SocketSecret", 3, CHANNELS_SECRET, strlen(CHANNELS_SECRET));
    rig_start_image(&rig, path);
    channels_socket = rig.address;
    return 0;
}

static int start_socket_failing(void **state)
{
    (void)state;
    return start_socket("channels");
}

static int start_socket_dropping(void **state)
{
    (void)state;
    return start_socket("channels_direct");
}

static int end_socket(void **state)
{
    (void)state;
    channels_socket = NULL;
    sb_host_claim_faults();
    rig_stop(&rig, 10000);
    rig_drop(&rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest lossless[] = {
        cmocka_unit_test(a_message_is_received_with_what_is_known_of_it),
        cmocka_unit_test(a_message_longer_than_the_buffer_is_cut_and_said),
        cmocka_unit_test(subscriptions_are_refused_for_each_reason),
        cmocka_unit_test(a_million_messages_arrive_where_the_rule_loses_none),
        cmocka_unit_test(one_request_is_enough),
        cmocka_unit_test(a_callback_hears_all_in_order),
        cmocka_unit_test(unsubscribing_ends_a_receive_of_another_thread),
        cmocka_unit_test(ending_the_calls_of_a_client_ends_its_subscription),
        cmocka_unit_test(unsubscribing_in_a_flood_ends_it),
        cmocka_unit_test(a_full_queue_fails_the_post_and_loses_nothing),
        cmocka_unit_test(parallel_clients_all_get_all),
        cmocka_unit_test(a_dpc_posts),
        cmocka_unit_test(a_question_is_asked_and_answered),
        cmocka_unit_test(a_question_ends_at_its_deadline_and_with_its_subscriber),
    };
    const struct CMUnitTest losing[] = {
        cmocka_unit_test(a_message_is_received_with_what_is_known_of_it),
        cmocka_unit_test(the_oldest_is_lost_and_counted),
    };
    int failed = cmocka_run_group_tests_name("fail the post", lossless, start_channels, end_driver);

    failed +=
        cmocka_run_group_tests_name("drop the oldest", losing, start_channels_direct, end_driver);
    failed += cmocka_run_group_tests_name("fail the post, over a socket", lossless,
                                          start_socket_failing, end_socket);
    return failed + cmocka_run_group_tests_name("drop the oldest, over a socket", losing,
                                                start_socket_dropping, end_socket);
}
