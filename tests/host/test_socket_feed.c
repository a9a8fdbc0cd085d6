/*
 * What waits in the driver for a peer of the socket channel: requests for notifications, beside all
 * others and in both versions of the protocol, and commands that wait; and how it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <channels/contract.h>
#include <pthread.h>

#include "socket_peer.h"

#define STATUS_INVALID_DEVICE_STATE 0xC0000184u
#define STATUS_QUOTA_EXCEEDED       0xC0000044u

#define ROOM (sizeof(struct sb_notification) + CHANNELS_MAXIMUM)

static void start_with(struct rig *rig, uint32_t timeout, uint32_t idle_timeout)
{
    rig_make_for(rig, "channels");
    set_number(rig, "SocketTimeout", timeout);
    set_number(rig, "SocketIdleTimeout", idle_timeout);
    rig_start_image(rig, WINDOWS_DRIVERS "/channels.sys");
}

static int start(void **state)
{
    static struct rig rig;

    start_with(&rig, 300, 400);
    *state = &rig;
    return 0;
}

static void ask(int peer, uint32_t code, const void *input, uint32_t length, uint32_t capacity,
                uint32_t sequence)
{
    const struct sb_socket_header header = request(code, length, capacity, sequence);

    peer_send(peer, &header, sizeof(header));
    peer_send(peer, input, length);
}

/* The next reply: its number is the expected one, its status the answer. */
static uint32_t reply_to(int peer, uint32_t sequence, void *output, size_t capacity)
{
    struct sb_socket_header header;

    assert_true(peer_frame(peer, &header, output, capacity));
    assert_int_equal(SB_SOCKET_REPLY, header.type);
    assert_int_equal(sequence, header.sequence);
    return header.status;
}

static void subscribe(int peer)
{
    const struct sb_subscribe input = {SB_PROTOCOL_VERSION, 0};
    struct sb_subscribed output;

    ask(peer, SB_NOTIFY_SUBSCRIBE, &input, sizeof(input), sizeof(output), 1000);
    assert_int_equal(0, reply_to(peer, 1000, &output, sizeof(output)));
}

static void ask_for_next(int peer, uint32_t sequence)
{
    ask(peer, SB_NOTIFY_NEXT, NULL, 0, ROOM, sequence);
}

struct notification {
    struct sb_notification head;
    char text[CHANNELS_MAXIMUM];
};

/* ---- the feed ---- */

static void a_message_comes_when_there_is_one(void **state)
{
    int peer = peer_open_as(*state, 2);
    struct notification message;
    char echo[4];

    subscribe(peer);
    ask_for_next(peer, 1);
    ask_for_next(peer, 2);
    ask(peer, CHANNELS_ECHO, "echo", 4, 4, 3);
    assert_int_equal(0, reply_to(peer, 3, echo, 4));
    usleep(600000); /* beyond both of the channel's time limits */
    ask(peer, CHANNELS_POST, "one", 3, 0, 4);
    assert_int_equal(0, reply_to(peer, 1, &message, sizeof(message))); /* it came during the call */
    assert_int_equal(0, reply_to(peer, 4, NULL, 0));
    assert_int_equal(1, message.head.sequence);
    assert_int_equal(3, message.head.length);
    assert_memory_equal("one", message.text, 3);
    close(peer);
}

/* Nobody waits any more: silence is silence again. */
static void who_asks_for_nothing_is_timed_out(void **state)
{
    int peer = peer_open_as(*state, 2);
    struct notification message;

    subscribe(peer);
    ask_for_next(peer, 1);
    ask(peer, CHANNELS_POST, "one", 3, 0, 2);
    assert_int_equal(0, reply_to(peer, 1, &message, sizeof(message)));
    assert_int_equal(0, reply_to(peer, 2, NULL, 0));
    peer_refused(peer, STATUS_IO_TIMEOUT);
}

static void only_so_many_requests_wait(void **state)
{
    int peer = peer_open_as(*state, 2);
    struct notification message;

    subscribe(peer);
    for (uint32_t i = 0; i < SB_SOCKET_NEXT_MAXIMUM; i++)
        ask_for_next(peer, 1 + i);
    ask_for_next(peer, 500);
    assert_int_equal(STATUS_QUOTA_EXCEEDED, reply_to(peer, 500, NULL, 0));
    for (uint32_t i = 0; i < SB_SOCKET_NEXT_MAXIMUM; i++) {
        ask(peer, CHANNELS_POST, &i, sizeof(i), 0, 501);
        assert_int_equal(0, reply_to(peer, 1 + i, &message, sizeof(message)));
        assert_memory_equal(&i, message.text, sizeof(i));
        assert_int_equal(0, reply_to(peer, 501, NULL, 0));
    }
    close(peer);
}

static void what_waits_ends_with_the_subscription(void **state)
{
    int peer = peer_open_as(*state, 2);

    ask_for_next(peer, 1); /* there is no subscription yet */
    assert_int_equal(STATUS_INVALID_DEVICE_STATE, reply_to(peer, 1, NULL, 0));
    subscribe(peer);
    for (uint32_t i = 0; i < 3; i++)
        ask_for_next(peer, 2 + i);
    ask(peer, SB_NOTIFY_NEXT, NULL, 0, 8, 6); /* its turn comes after them */
    ask(peer, SB_NOTIFY_UNSUBSCRIBE, NULL, 0, 0, 7);
    for (uint32_t waiting = 5; waiting != 0; waiting--) {
        struct sb_socket_header header;

        assert_true(peer_frame(peer, &header, NULL, 0));
        if (header.sequence == 7)
            assert_int_equal(0, header.status);
        else if (header.sequence == 6)
            assert_int_equal(0xC0000023, header.status); /* STATUS_BUFFER_TOO_SMALL */
        else
            assert_int_equal(header.sequence == 2 ? STATUS_CANCELLED : STATUS_INVALID_DEVICE_STATE,
                             header.status);
    }
    close(peer);
}

/* A command that waits holds up its successors, but no message. */
static void messages_pass_a_command_that_waits(void **state)
{
    int peer = peer_open_as(*state, 2), poster = peer_open_as(*state, 2);
    struct notification message;
    char answer[8];

    subscribe(peer);
    ask_for_next(peer, 1);
    ask(peer, CHANNELS_WAIT, NULL, 0, 8, 2);
    ask(poster, CHANNELS_POST_ALL, "all", 3, 0, 1);
    assert_int_equal(0, reply_to(poster, 1, NULL, 0));
    assert_int_equal(0, reply_to(peer, 1, &message, sizeof(message)));
    assert_memory_equal("all", message.text, 3);
    ask(poster, CHANNELS_RELEASE, NULL, 0, 0, 2);
    assert_int_equal(0, reply_to(poster, 2, NULL, 0));
    assert_int_equal(0, reply_to(peer, 2, answer, sizeof(answer)));
    close(peer);
    close(poster);
}

/* In version 1 a request for a notification is one like all others: in turn, and not for ever. */
static void an_old_peer_asks_in_turn(void **state)
{
    int peer = peer_open_as(*state, 1);
    struct notification message;

    subscribe(peer);
    ask(peer, CHANNELS_POST, "one", 3, 0, 1);
    ask_for_next(peer, 2);
    ask_for_next(peer, 3);
    ask(peer, CHANNELS_ECHO, "echo", 4, 4, 4);
    assert_int_equal(0, reply_to(peer, 1, NULL, 0));
    assert_int_equal(0, reply_to(peer, 2, &message, sizeof(message)));
    assert_memory_equal("one", message.text, 3);
    assert_int_equal(STATUS_CANCELLED, reply_to(peer, 3, NULL, 0)); /* after SocketTimeout */
    assert_int_equal(0, reply_to(peer, 4, message.text, sizeof(message.text)));
    close(peer);
}

/* ---- how it ends ---- */

static void a_command_that_waits_is_cancelled_in_time(void **state)
{
    uint64_t begin = milliseconds();
    int peer = peer_open_as(*state, 2);
    char answer[8];

    ask(peer, CHANNELS_WAIT, NULL, 0, 8, 1);
    assert_int_equal(STATUS_CANCELLED, reply_to(peer, 1, answer, sizeof(answer)));
    assert_in_range(milliseconds() - begin, 290, 4000);
    close(peer);
}

enum ending { PEER_CLOSES, PEER_RESETS, DRIVER_UNLOADS, FRAME_IS_BROKEN, ENDINGS };

/* Nothing is left behind, in whatever order they end: rig_stop() looks for it. */
static void what_waits_ends_with_the_connection(void **state)
{
    static struct rig rig;

    (void)state;
    for (int ending = 0; ending < ENDINGS; ending++)
        for (int waits = 0; waits < 2; waits++) {
            const struct linger at_once = {1, 0};
            int peer;

            start_with(&rig, 5000, 300000);
            peer = peer_open_as(&rig, 2);
            subscribe(peer);
            for (uint32_t i = 0; i < 10; i++)
                ask_for_next(peer, i);
            if (waits)
                ask(peer, CHANNELS_WAIT, NULL, 0, 8, 100);
            usleep(20000);
            if (ending == PEER_RESETS)
                setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
            if (ending == FRAME_IS_BROKEN)
                peer_send(peer, "this is no frame, and it is longer than a header", 48);
            if (ending == PEER_CLOSES || ending == PEER_RESETS)
                close(peer);
            if (ending != DRIVER_UNLOADS)
                usleep(20000);
            rig_stop(&rig, 10000);
            if (ending != PEER_CLOSES && ending != PEER_RESETS)
                close(peer);
            rig_drop(&rig);
        }
}

/* ---- versions ---- */

/* A driver of some version, as far as a client needs it. */
struct driver_of {
    uint32_t lowest, highest;
    uint32_t chosen; /* what the client answered */
    int listener;
    struct sockaddr_in address;
};

static void send_frame(int peer, struct sb_socket_header header, const void *payload)
{
    header.magic = SB_SOCKET_MAGIC;
    peer_send(peer, &header, sizeof(header));
    peer_send(peer, payload, header.length);
}

static void serve(int peer)
{
    const struct sb_subscribed subscribed = {SB_PROTOCOL_VERSION, 0, 64, CHANNELS_MAXIMUM, 64, 0};
    struct sb_socket_header header, reply = {.type = SB_SOCKET_REPLY};
    uint8_t payload[256];

    while (peer_frame(peer, &header, payload, sizeof(payload))) {
        reply.sequence = header.sequence;
        reply.length = header.code == SB_NOTIFY_SUBSCRIBE ? sizeof(subscribed) : 0;
        send_frame(peer, reply, &subscribed);
    }
}

static void *run_driver(void *context)
{
    struct driver_of *driver = context;
    struct sb_socket_challenge challenge = {driver->lowest, driver->highest, "a nonce"};
    struct sb_socket_welcome welcome = {.input_maximum = 4096, .output_maximum = 4096};
    struct sb_socket_answer answer;
    struct sb_socket_header header;
    int peer = accept(driver->listener, NULL, NULL);

    send_frame(peer, (struct sb_socket_header){.type = SB_SOCKET_CHALLENGE, .length = 40},
               &challenge);
    if (peer_frame(peer, &header, &answer, sizeof(answer))) {
        driver->chosen = answer.version;
        sb_socket_prove(SB_SOCKET_DRIVER, (const uint8_t *)SECRET, SECRET_LENGTH, answer.version,
                        challenge.nonce, answer.nonce, welcome.proof);
        send_frame(peer, (struct sb_socket_header){.type = SB_SOCKET_WELCOME, .length = 48},
                   &welcome);
        serve(peer);
    }
    close(peer);
    return NULL;
}

/* Opens it, and subscribes where that worked; the version that the client chose, 0: none. */
static uint32_t meet(uint32_t lowest, uint32_t highest, enum sb_error opened,
                     enum sb_error subscribed)
{
    struct driver_of driver = {.lowest = lowest, .highest = highest, .address = loopback(0)};
    socklen_t length = sizeof(driver.address);
    struct sb_subscription *subscription = NULL;
    struct sb_client *client = NULL;
    pthread_t thread;
    char name[40];

    driver.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, bind(driver.listener, (struct sockaddr *)&driver.address, length));
    assert_int_equal(0, getsockname(driver.listener, (struct sockaddr *)&driver.address, &length));
    assert_int_equal(0, listen(driver.listener, 1));
    assert_int_equal(0, pthread_create(&thread, NULL, run_driver, &driver));
    snprintf(name, sizeof(name), "tcp://127.0.0.1:%u", ntohs(driver.address.sin_port));
    assert_int_equal(opened, sb_open_socket(name, SECRET, SECRET_LENGTH, 5000, &client));
    if (client != NULL) {
        assert_int_equal(subscribed, sb_subscribe(client, NULL, &subscription));
        sb_unsubscribe(subscription);
    }
    sb_close(client);
    pthread_join(thread, NULL);
    close(driver.listener);
    return driver.chosen;
}

static void the_client_finds_the_version_that_both_speak(void **state)
{
    (void)state;
    assert_int_equal(1, meet(1, 1, SB_OK, SB_ERROR_UNKNOWN_COMMAND)); /* an old driver */
    assert_int_equal(2, meet(1, 2, SB_OK, SB_OK));
    assert_int_equal(2, meet(2, 9, SB_OK, SB_OK)); /* a newer one that serves this client */
    assert_int_equal(0, meet(3, 9, SB_ERROR_PROTOCOL, SB_OK)); /* and one that does not */
    assert_int_equal(0, meet(0, 0, SB_ERROR_PROTOCOL, SB_OK));
}

CLAIMED(a_message_comes_when_there_is_one)
CLAIMED(who_asks_for_nothing_is_timed_out)
CLAIMED(only_so_many_requests_wait)
CLAIMED(what_waits_ends_with_the_subscription)
CLAIMED(messages_pass_a_command_that_waits)
CLAIMED(an_old_peer_asks_in_turn)
CLAIMED(a_command_that_waits_is_cancelled_in_time)
CLAIMED(what_waits_ends_with_the_connection)

#define FEED_TEST(name) cmocka_unit_test_setup_teardown(name##_claimed, start, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(a_message_comes_when_there_is_one),
        FEED_TEST(who_asks_for_nothing_is_timed_out),
        FEED_TEST(only_so_many_requests_wait),
        FEED_TEST(what_waits_ends_with_the_subscription),
        FEED_TEST(messages_pass_a_command_that_waits),
        FEED_TEST(an_old_peer_asks_in_turn),
        FEED_TEST(a_command_that_waits_is_cancelled_in_time),
        cmocka_unit_test(what_waits_ends_with_the_connection_claimed),
        cmocka_unit_test(the_client_finds_the_version_that_both_speak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
