/*
 * The channels, with the drivers as they ship: notifications and direct I/O above all, and what
 * else Wine can do.
 */
#include "client_test.h"

#include <channels/contract.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define PATIENCE 20000 /* milliseconds */
#define FLOOD    2000

static void check_message(struct sb_subscription *subscription, const char *text, uint64_t sequence)
{
    struct sb_message message = {0};
    char bytes[CHANNELS_MAXIMUM];
    enum sb_error error = sb_receive(subscription, bytes, sizeof(bytes), &message, PATIENCE);

    CHECK(error == SB_OK, "receive: error %d", error);
    CHECK(message.length == strlen(text) && memcmp(bytes, text, message.length) == 0,
          "message %u is not '%s'", (unsigned)sequence, text);
    CHECK(message.sequence == sequence, "message %u comes as %u", (unsigned)sequence,
          (unsigned)message.sequence);
}

/* Messages that find a request under way, and messages that wait. */
static void check_posts(struct sb_client *client)
{
    const struct sb_subscribe_options options = {.pending = 2};
    struct sb_subscription *subscription;
    static const char *const texts[] = {"one", "two", "thr", "fou"};
    enum sb_error error = sb_subscribe(client, &options, &subscription);

    if (!CHECK(error == SB_OK, "subscribe: error %d", error))
        return;
    CHECK(sb_subscribe(client, NULL, &subscription) == SB_ERROR_STATE, "subscribed twice");
    CHECK(sb_receive(subscription, NULL, 0, NULL, 20) == SB_ERROR_TIMEOUT, "a message of nobody's");
    for (int i = 0; i < 4; i++)
        CHECK(sb_call(client, CHANNELS_POST, texts[i], 3, NULL, 0, NULL, PATIENCE) == SB_OK,
              "post %d", i);
    check_message(subscription, "one", 1);
    check_message(subscription, "two", 2);
    check_message(subscription, "thr", 3);
    check_message(subscription, "fou", 4);
    sb_unsubscribe(subscription);
}

/* A thread of the driver posts while this one receives. */
static void check_flood(struct sb_client *client)
{
    const struct channels_flood flood = {FLOOD};
    struct sb_subscription *subscription;
    struct channels_item item;
    struct sb_message message = {0};
    unsigned wrong = 0;

    if (!CHECK(sb_subscribe(client, NULL, &subscription) == SB_OK, "subscribe again"))
        return;
    CHECK(sb_call(client, CHANNELS_FLOOD, &flood, sizeof(flood), NULL, 0, NULL, PATIENCE) == SB_OK,
          "flood");
    for (uint64_t i = 0; i < FLOOD && wrong == 0; i++)
        wrong += sb_receive(subscription, &item, sizeof(item), &message, PATIENCE) != SB_OK ||
                 item.number != i || item.checksum != channels_mix(i) || message.lost != 0;
    CHECK(wrong == 0, "a message is wrong or missing");
    sb_unsubscribe(subscription);
}

void test_notify(void)
{
    struct sb_client *client = open_or_end(CHANNELS_PATH);

    check_posts(client);
    check_flood(client);
    sb_close(client);
}

void test_direct(void)
{
    static unsigned char bytes[100000];
    struct sb_client *client = open_or_end(CHANNELS_PATH);
    uint64_t expected = 0;
    uint64_t sum = 0;
    enum sb_error error;
    size_t length = 0;

    error = sb_call(client, CHANNELS_FETCH, "\5", 1, bytes, sizeof(bytes), &length, SB_FOREVER);
    CHECK(error == SB_OK && length == sizeof(bytes), "fetch: error %d", error);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        expected += (unsigned char)(i * 7 + 5);
        sum += bytes[i];
    }
    CHECK(sum == expected, "the bytes fetched are wrong");
    error = sb_send(client, CHANNELS_SEND, NULL, 0, bytes, sizeof(bytes), PATIENCE);
    CHECK(error == SB_OK, "send: error %d", error);
    sum = 0;
    error = sb_call(client, CHANNELS_SUM, NULL, 0, &sum, sizeof(sum), NULL, PATIENCE);
    CHECK(error == SB_OK && sum == expected, "the driver saw other bytes");
    CHECK(sb_send(client, CHANNELS_SEND, "x", 1, bytes, 1, PATIENCE) == SB_ERROR_BAD_LENGTH,
          "an input that the row does not take");
    sb_close(client);
}

void test_transfers(void)
{
    struct sb_client *client = open_or_end(CHANNELS_PATH);
    struct sb_batch *batch = sb_batch_create();
    char text[16] = "";
    size_t moved = 0;

    CHECK(sb_write(client, 0, "through the pipe", 16, &moved, PATIENCE) == SB_OK && moved == 16,
          "write");
    CHECK(sb_read(client, 0, text, sizeof(text), &moved, PATIENCE) == SB_OK && moved == 16 &&
              memcmp(text, "through the pipe", 16) == 0,
          "read");
    CHECK(sb_read(client, 0, text, sizeof(text), &moved, 20) == SB_ERROR_TIMEOUT,
          "read of nothing");
    CHECK(sb_batch_add(batch, CHANNELS_ECHO, "x", 1, 1) == SB_OK, "add");
    CHECK(sb_batch_add(batch, CHANNELS_FAIL, NULL, 0, 0) == SB_OK, "add");
    CHECK(sb_batch_call(client, batch, 0, PATIENCE) == SB_OK, "batch");
    CHECK(sb_batch_result(batch, 0, NULL, &moved) == SB_OK && moved == 1, "result 0");
    CHECK(sb_batch_result(batch, 1, NULL, &moved) == SB_ERROR_SYSTEM, "result 1");
    sb_batch_delete(batch);
    sb_close(client);
}

void test_handshake(void)
{
    struct sb_client *client = open_or_end(CHANNELS_PATH);
    uint64_t counters[SB_COUNTER_COUNT] = {0};
    struct sb_protocol told = {0};

    CHECK(sb_handshake(client, &told) == SB_OK && told.protocol == SB_PROTOCOL_VERSION &&
              told.contract == CHANNELS_VERSION,
          "handshake");
    CHECK(sb_query_statistics(client, counters, SB_COUNTER_COUNT) == SB_OK &&
              counters[SB_COUNTER_OPENS] != 0,
          "statistics");
    sb_close(client);
}
