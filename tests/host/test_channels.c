/*
 * READ, WRITE, direct I/O, batches, statistics and the handshake through the client library.
 */
#include <stdio.h>

#include "channels_client.h"

/* ---- READ and WRITE ---- */

static void what_is_written_is_read(void **state)
{
    struct sb_client *client = open_channels();
    char text[16] = "";
    size_t moved = 77;

    (void)state;
    assert_int_equal(sb_write(client, 0, "through the pipe", 16, &moved, 1000), SB_OK);
    assert_int_equal(moved, 16);
    assert_int_equal(sb_read(client, 0, text, 7, &moved, 1000), SB_OK);
    assert_int_equal(moved, 7);
    assert_memory_equal(text, "through", 7);
    assert_int_equal(sb_read(client, 0, text, sizeof(text), &moved, 1000), SB_OK);
    assert_int_equal(moved, 9);
    assert_memory_equal(text, " the pipe", 9);
    assert_int_equal(sb_read(client, 0, text, sizeof(text), &moved, 20), SB_ERROR_TIMEOUT);
    assert_int_equal(moved, 9);
    sb_close(client);
}

static void a_write_is_taken_as_far_as_there_is_room(void **state)
{
    static unsigned char bytes[CHANNELS_PIPE + 1000];
    struct sb_client *client = open_channels();
    size_t moved = 77;

    (void)state;
    assert_int_equal(sb_write(client, 0, bytes, sizeof(bytes), &moved, 1000), SB_OK);
    assert_int_equal(moved, CHANNELS_PIPE);
    assert_int_not_equal(sb_write(client, 0, bytes, 1, &moved, 1000), SB_OK);
    assert_int_equal(sb_read(client, 0, bytes, sizeof(bytes), &moved, 1000), SB_OK);
    assert_int_equal(moved, CHANNELS_PIPE);
    sb_close(client);
}

static void transfers_are_refused_for_each_reason(void **state)
{
    static char much[(1 << 20) + 1];
    struct sb_client *client = open_channels();
    char text[4];

    (void)state;
    assert_int_equal(sb_read(NULL, 0, text, 4, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_read(client, 0, NULL, 4, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_read(client, UINT64_MAX, text, 4, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_write(NULL, 0, text, 4, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_write(client, 0, NULL, 4, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_write(client, UINT64_MAX, text, 4, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_read(client, 0, text, 0, NULL, 1000), SB_ERROR_REPLY_TOO_SMALL);
    assert_int_equal(sb_write(client, 0, text, 0, NULL, 1000), SB_ERROR_BAD_LENGTH);
    assert_int_equal(sb_write(client, 0, much, sizeof(much), NULL, 1000), SB_ERROR_BAD_LENGTH);
    sb_close(client);
}

struct stream {
    struct sb_client *client;
    uint64_t length;
    uint64_t sum;
};

static void *write_stream(void *context)
{
    struct stream *stream = context;
    unsigned char bytes[3000];
    uint64_t sent = 0;
    size_t moved;

    while (sent < stream->length) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (unsigned char)channels_mix(sent + i);
        moved =
            sizeof(bytes) < stream->length - sent ? sizeof(bytes) : (size_t)(stream->length - sent);
        if (sb_write(stream->client, 0, bytes, moved, &moved, 10000) == SB_OK)
            sent += moved;
        else
            pause_for(0);
    }
    return NULL;
}

/* Both ends at once, each at its own speed; no byte is lost, doubled or out of order. */
static void a_stream_flows_whole(void **state)
{
    struct stream stream = {.client = open_channels(), .length = 4 * MESSAGES};
    struct sb_client *reader = open_channels();
    unsigned char bytes[5000];
    uint64_t received = 0;
    pthread_t thread;
    size_t moved;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, write_stream, &stream), 0);
    while (received < stream.length) {
        assert_int_equal(sb_read(reader, 0, bytes, sizeof(bytes), &moved, 10000), SB_OK);
        for (size_t i = 0; i < moved; i++)
            if (bytes[i] != (unsigned char)channels_mix(received + i))
                fail_msg("byte %llu is wrong", (unsigned long long)(received + i));
        received += moved;
    }
    assert_int_equal(received, stream.length);
    pthread_join(thread, NULL);
    sb_close(stream.client);
    sb_close(reader);
}

/* Several at each end: every byte comes out once, wherever it went in and comes out. */
static void *write_share(void *context)
{
    struct stream *stream = context;
    unsigned char bytes[700];
    size_t moved;

    stream->sum = 0;
    for (uint64_t sent = 0; sent < stream->length; sent += moved) {
        moved = sizeof(bytes) < stream->length - sent ? sizeof(bytes) : stream->length - sent;
        for (size_t i = 0; i < moved; i++)
            bytes[i] = (unsigned char)channels_mix(sent + i);
        while (sb_write(stream->client, 0, bytes, moved, &moved, 10000) != SB_OK)
            pause_for(0);
        for (size_t i = 0; i < moved; i++)
            stream->sum += bytes[i];
    }
    return NULL;
}

static _Atomic uint64_t bytes_read;

/* Until its calls are ended. */
static void *read_share(void *context)
{
    struct stream *stream = context;
    unsigned char bytes[500];
    size_t moved;

    while (sb_read(stream->client, 0, bytes, sizeof(bytes), &moved, SB_FOREVER) == SB_OK) {
        for (size_t i = 0; i < moved; i++)
            stream->sum += bytes[i];
        bytes_read += moved;
    }
    return NULL;
}

static void several_writers_and_readers_lose_no_byte(void **state)
{
    enum { ENDS = 3 };
    struct stream writers[ENDS], readers[ENDS];
    pthread_t writing[ENDS], reading[ENDS];
    uint64_t written = 0;
    int moments = 0;
    uint64_t sum = 0;

    (void)state;
    bytes_read = 0;
    for (size_t i = 0; i < ENDS; i++) {
        writers[i] = (struct stream){.client = open_channels(), .length = MESSAGES / 4};
        readers[i] = (struct stream){.client = open_channels()};
        assert_int_equal(pthread_create(&writing[i], NULL, write_share, &writers[i]), 0);
        assert_int_equal(pthread_create(&reading[i], NULL, read_share, &readers[i]), 0);
    }
    for (size_t i = 0; i < ENDS; i++) {
        pthread_join(writing[i], NULL);
        written += writers[i].length;
        sum += writers[i].sum;
        sb_close(writers[i].client);
    }
    while (bytes_read < written && moments++ < 10000)
        pause_for(1);
    pause_for(20); /* for what should not come */
    for (size_t i = 0; i < ENDS; i++) {
        sb_end_calls(readers[i].client);
        pthread_join(reading[i], NULL);
        sum -= readers[i].sum;
        sb_close(readers[i].client);
    }
    assert_int_equal(bytes_read, written);
    assert_int_equal(sum, 0);
}

/* ---- direct I/O ---- */

static void direct_commands_carry_large_buffers(void **state)
{
    static const size_t lengths[] = {1, 511, 512, 513, 4095, 4096, 4097, 1 << 20, 16 << 20};
    struct sb_client *client = open_channels();
    unsigned char *bytes = malloc(16 << 20);
    uint64_t expected;
    uint64_t sum;
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const unsigned char seed = (unsigned char)(i + 3);

        memset(bytes, 0xEE, 16 << 20);
        assert_int_equal(sb_call(client, CHANNELS_FETCH, &seed, 1, bytes, lengths[i], &length,
                                 i % 2 != 0 ? SB_FOREVER : 10000),
                         SB_OK);
        assert_int_equal(length, lengths[i]);
        expected = 0;
        for (size_t at = 0; at < length; at++) {
            if (bytes[at] != (unsigned char)(at * 7 + seed))
                fail_msg("byte %zu of %zu is wrong", at, length);
            expected += bytes[at];
        }
        assert_int_equal(sb_send(client, CHANNELS_SEND, NULL, 0, bytes, length, 10000), SB_OK);
        assert_int_equal(sb_call(client, CHANNELS_SUM, NULL, 0, &sum, sizeof(sum), NULL, 1000),
                         SB_OK);
        assert_int_equal(sum, expected);
    }
    free(bytes);
    sb_close(client);
}

static void direct_commands_are_refused_for_each_reason(void **state)
{
    struct sb_client *client = open_channels();
    unsigned char *bytes = calloc(1, CHANNELS_DATA_MAXIMUM + 1);

    (void)state;
    assert_int_equal(sb_send(NULL, CHANNELS_SEND, NULL, 0, bytes, 1, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_send(client, CHANNELS_SEND, NULL, 1, bytes, 1, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_send(client, CHANNELS_SEND, NULL, 0, NULL, 1, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_send(client, CHANNELS_ECHO, NULL, 0, bytes, 1, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_call(client, CHANNELS_SEND, NULL, 0, bytes, 1, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_send(client, CHANNELS_SEND, NULL, 0, NULL, 0, 1000), SB_ERROR_BAD_LENGTH);
    assert_int_equal(sb_send(client, CHANNELS_SEND, "x", 1, bytes, 1, 1000), SB_ERROR_BAD_LENGTH);
    assert_int_equal(
        sb_send(client, CHANNELS_SEND, NULL, 0, bytes, CHANNELS_DATA_MAXIMUM + 1, 1000),
        SB_ERROR_BAD_LENGTH);
    assert_int_equal(sb_send(client, CHANNELS_SEND + 0x1000, NULL, 0, bytes, 1, 1000),
                     SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_call(client, CHANNELS_FETCH, "x", 1, NULL, 0, NULL, 1000),
                     SB_ERROR_REPLY_TOO_SMALL);
    assert_int_equal(
        sb_call(client, CHANNELS_FETCH | SB_METHOD_NEITHER, "x", 1, bytes, 1, NULL, 1000),
        SB_ERROR_UNKNOWN_COMMAND);
    free(bytes);
    sb_close(client);
}

struct fetching {
    struct sb_client *client;
    unsigned char seed;
    uint64_t wrong;
};

/* Each call's own bytes, each byte of them, however many call. */
static void *fetch_often(void *context)
{
    struct fetching *fetching = context;
    unsigned char bytes[48];
    size_t length;

    for (uint32_t i = 0; i < MESSAGES / 4; i++) {
        const unsigned char seed = (unsigned char)(fetching->seed + i);
        const size_t wanted = 1 + i % sizeof(bytes);

        memset(bytes, 0, sizeof(bytes));
        if (sb_call(fetching->client, CHANNELS_FETCH, &seed, 1, bytes, wanted, &length, 10000) !=
                SB_OK ||
            length != wanted)
            fetching->wrong++;
        for (size_t at = 0; at < wanted; at++)
            fetching->wrong += bytes[at] != (unsigned char)(at * 7 + seed);
    }
    return NULL;
}

static void a_million_direct_calls_of_several_clients_do_not_meet(void **state)
{
    struct fetching fetching[4];
    pthread_t threads[4];

    (void)state;
    for (unsigned char i = 0; i < 4; i++) {
        fetching[i] = (struct fetching){open_channels(), (unsigned char)(i * 60), 0};
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_often, &fetching[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(fetching[i].wrong, 0);
        sb_close(fetching[i].client);
    }
}

/* ---- batches ---- */

static void each_command_of_a_batch_has_its_answer(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_batch *batch = sb_batch_create();
    const void *reply = NULL;
    size_t length = 77;
    uint64_t open;

    (void)state;
    assert_int_equal(sb_batch_result(batch, 0, NULL, NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_call(client, batch, 0, 1000), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, "first", 5, 100), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_FAIL, NULL, 0, 0), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_OPEN, NULL, 0, 8), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, "cut short", 9, 3), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, NULL, 0, 3), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_FETCH, "x", 1, 8), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_WAIT, NULL, 0, 8), SB_OK);
    assert_int_equal(sb_batch_add(batch, SB_NOTIFY_NEXT, NULL, 0, 400), SB_OK);
    assert_int_equal(sb_batch_result(batch, 0, NULL, NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_call(client, batch, 0, 5000), SB_OK);
    assert_int_equal(sb_batch_result(batch, 0, &reply, &length), SB_OK);
    assert_int_equal(length, 5);
    assert_memory_equal(reply, "first", 5);
    assert_int_equal(sb_batch_result(batch, 1, &reply, &length), SB_ERROR_SYSTEM);
    assert_int_equal(length, 5);
    assert_int_equal(sb_batch_result(batch, 2, &reply, &length), SB_OK);
    memcpy(&open, reply, sizeof(open));
    assert_int_equal(open, open_number(client));
    assert_int_equal(sb_batch_result(batch, 3, &reply, &length), SB_ERROR_TRUNCATED);
    assert_int_equal(length, 3);
    assert_memory_equal(reply, "cut", 3);
    assert_int_equal(sb_batch_result(batch, 4, NULL, NULL), SB_ERROR_BAD_LENGTH);
    assert_int_equal(sb_batch_result(batch, 5, NULL, NULL), SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_batch_result(batch, 6, NULL, NULL), SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_batch_result(batch, 7, NULL, NULL), SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_batch_result(batch, 8, NULL, NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_call(client, batch, SB_BATCH_STOP_AT_FAILURE, 5000), SB_OK);
    assert_int_equal(sb_batch_result(batch, 0, NULL, NULL), SB_OK);
    assert_int_equal(sb_batch_result(batch, 1, NULL, NULL), SB_ERROR_SYSTEM);
    for (size_t i = 2; i < 8; i++)
        assert_int_equal(sb_batch_result(batch, i, NULL, NULL), SB_ERROR_NOT_RUN);
    sb_batch_delete(batch);
    sb_batch_delete(NULL);
    sb_close(client);
}

static void a_batch_is_refused_for_each_reason(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_batch *batch = sb_batch_create();

    (void)state;
    assert_int_equal(sb_batch_add(NULL, CHANNELS_ECHO, "x", 1, 1), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, NULL, 1, 1), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, "x", 1, UINT32_MAX), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_call(NULL, batch, 0, 1), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_batch_call(client, NULL, 0, 1), SB_ERROR_ARGUMENT);
    for (int i = 0; i < 100; i++)
        assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, "x", 1, 1), SB_OK);
    assert_int_equal(sb_batch_call(client, batch, 2, 5000), SB_ERROR_SYSTEM);
    assert_int_equal(sb_batch_call(client, batch, 0, 5000), SB_OK);
    assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, "x", 1, 1), SB_OK);
    assert_int_equal(sb_batch_call(client, batch, 0, 5000), SB_ERROR_SYSTEM);
    sb_batch_delete(batch);
    sb_close(client);
}

/* Each command's own number comes back, mixed and summed at both ends. */
static void a_million_commands_in_batches_are_answered(void **state)
{
    struct sb_client *client = open_channels();
    uint64_t answered = 0;
    uint64_t sum = 0;

    (void)state;
    for (uint64_t first = 0; first < MESSAGES; first += 100) {
        struct sb_batch *batch = sb_batch_create();

        for (uint64_t i = 0; i < 100; i++) {
            const uint64_t number = channels_mix(first + i);

            assert_int_equal(sb_batch_add(batch, CHANNELS_ECHO, &number, 8, 8), SB_OK);
            sum += number;
        }
        assert_int_equal(sb_batch_call(client, batch, 0, 10000), SB_OK);
        for (uint64_t i = 0; i < 100; i++) {
            const void *reply;
            uint64_t number;
            size_t length;

            assert_int_equal(sb_batch_result(batch, i, &reply, &length), SB_OK);
            memcpy(&number, reply, sizeof(number));
            answered += length == 8 && number == channels_mix(first + i);
            sum -= number;
        }
        sb_batch_delete(batch);
    }
    assert_int_equal(answered, MESSAGES);
    assert_int_equal(sum, 0);
    sb_close(client);
}

static void *batch_often(void *context)
{
    struct sb_client *client = context;
    struct sb_batch *batch = sb_batch_create();
    uintptr_t wrong = 0;
    const void *reply;
    size_t length;

    for (uint64_t i = 0; i < 50; i++)
        wrong += sb_batch_add(batch, CHANNELS_ECHO, &i, sizeof(i), sizeof(i)) != SB_OK;
    for (int round = 0; round < 200; round++) {
        wrong += sb_batch_call(client, batch, 0, 10000) != SB_OK;
        for (uint64_t i = 0; i < 50 && wrong == 0; i++)
            wrong += sb_batch_result(batch, i, &reply, &length) != SB_OK || length != sizeof(i) ||
                     memcmp(reply, &i, sizeof(i)) != 0;
    }
    sb_batch_delete(batch);
    return (void *)wrong;
}

static void parallel_batches_do_not_meet(void **state)
{
    struct sb_client *client = open_channels();
    pthread_t threads[6];
    void *wrong;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, batch_often, client), 0);
    for (size_t i = 0; i < 6; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    sb_close(client);
}

/* ---- statistics ---- */

static void *call_often(void *context)
{
    uintptr_t wrong = 0;
    char reply[7];

    for (int i = 0; i < 5000; i++)
        wrong += sb_call(context, CHANNELS_ECHO, "1234567", 7, reply, 7, NULL, 10000) != SB_OK;
    return (void *)wrong;
}

/* Also with calls from many threads none is forgotten. */
static void the_counters_are_exact(void **state)
{
    struct sb_client *client = open_channels();
    uint64_t before[SB_COUNTER_COUNT];
    uint64_t after[SB_COUNTER_COUNT + 2];
    pthread_t threads[6];
    void *wrong;

    (void)state;
    assert_int_equal(sb_query_statistics(client, before, SB_COUNTER_COUNT), SB_OK);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, client), 0);
    for (size_t i = 0; i < 6; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(tell(client, CHANNELS_FAIL, NULL, 0), SB_ERROR_SYSTEM);
    assert_int_equal(tell(client, 0x222000, NULL, 0), SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_query_statistics(client, after, SB_COUNTER_COUNT + 2), SB_OK);
    assert_int_equal(after[SB_COUNTER_CALLS] - before[SB_COUNTER_CALLS], 30002);
    assert_int_equal(after[SB_COUNTER_BYTES_IN] - before[SB_COUNTER_BYTES_IN], 210000);
    assert_int_equal(after[SB_COUNTER_BYTES_OUT] - before[SB_COUNTER_BYTES_OUT],
                     210000 + 8 + 8 * SB_COUNTER_COUNT);
    assert_int_equal(after[SB_COUNTER_FAILED] - before[SB_COUNTER_FAILED], 1);
    assert_int_equal(after[SB_COUNTER_REFUSED_CODE] - before[SB_COUNTER_REFUSED_CODE], 1);
    assert_int_equal(after[SB_COUNTER_OPENS] - after[SB_COUNTER_CLOSES], 1);
    assert_int_equal(after[SB_COUNTER_COUNT], 0);
    assert_int_equal(sb_query_statistics(client, NULL, 1), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_query_statistics(NULL, after, 1), SB_ERROR_ARGUMENT);
    for (int i = 0; i < SB_COUNTER_COUNT; i++)
        assert_non_null(sb_counter_name((enum sb_counter)i));
    assert_null(sb_counter_name(SB_COUNTER_COUNT));
    sb_close(client);
}

/* ---- versions ---- */

static void the_handshake_tells_all(void **state)
{
    struct sb_client *client = open_channels();
    struct sb_protocol told;
    uint32_t contract;

    (void)state;
    assert_int_equal(sb_handshake(client, &told), SB_OK);
    assert_int_equal(told.contract, CHANNELS_VERSION);
    assert_int_equal(told.protocol, SB_PROTOCOL_VERSION);
    assert_int_equal(told.features, SB_FEATURE_READ | SB_FEATURE_WRITE | SB_FEATURE_NOTIFY |
                                        SB_FEATURE_BATCH | SB_FEATURE_STATISTICS |
                                        SB_FEATURE_DIRECT);
    assert_int_equal(told.batch_maximum, 100);
    assert_int_equal(sb_query_contract(client, &contract), SB_OK); /* as an old client asks */
    assert_int_equal(contract, CHANNELS_VERSION);
    assert_int_equal(sb_handshake(client, NULL), SB_ERROR_ARGUMENT);
    sb_close(client);
}

/* This client and a driver of the first protocol: the table works, channels are refused by name. */
static void a_new_client_works_with_an_old_driver(void **state)
{
    struct sb_subscription *subscription = NULL;
    struct sb_batch *batch = sb_batch_create();
    struct sb_client *client = NULL;
    struct sb_protocol told;
    uint64_t value;

    (void)state;
    assert_int_equal(sb_service_install("SbFirst", WINDOWS_DRIVERS "/first.sys"), SB_OK);
    assert_int_equal(sb_service_start("SbFirst"), SB_OK);
    assert_int_equal(sb_open("\\\\.\\SbFirst", &client), SB_OK);
    assert_int_equal(sb_handshake(client, &told), SB_OK);
    assert_int_equal(told.protocol, 1);
    assert_int_equal(told.contract, 42);
    assert_int_equal(told.features, 0);
    assert_int_equal(sb_subscribe(client, NULL, &subscription), SB_ERROR_UNKNOWN_COMMAND);
    assert_null(subscription);
    assert_int_equal(sb_query_statistics(client, &value, 1), SB_ERROR_UNKNOWN_COMMAND);
    sb_batch_add(batch, CHANNELS_ECHO, "x", 1, 1);
    assert_int_equal(sb_batch_call(client, batch, 0, 1000), SB_ERROR_UNKNOWN_COMMAND);
    sb_batch_delete(batch);
    sb_close(client);
    assert_int_equal(sb_service_uninstall("SbFirst"), SB_OK);
}

/* The driver is of a later protocol that still serves this client's. */
static void an_old_client_works_with_a_later_driver(void **state)
{
    struct sb_subscription *subscription = NULL;
    struct sb_protocol told = {0};
    struct sb_client *client;
    char letter = 0;

    (void)state;
    assert_int_equal(start_driver("channels_later"), 0);
    client = open_channels();
    assert_int_equal(sb_handshake(client, &told), SB_OK);
    assert_int_equal(told.protocol, 7);
    assert_int_equal(sb_subscribe(client, NULL, &subscription), SB_OK);
    assert_int_equal(tell(client, CHANNELS_POST, "!", 1), SB_OK);
    assert_int_equal(sb_receive(subscription, &letter, 1, NULL, 1000), SB_OK);
    assert_int_equal(letter, '!');
    sb_unsubscribe(subscription);
    sb_close(client);
    assert_int_equal(end_driver(state), 0);
}

/* The driver no longer serves this client's protocol: refused, in a sentence. */
static void an_old_client_is_refused_by_a_newer_driver(void **state)
{
    struct sb_subscription *subscription = NULL;
    struct sb_protocol told = {0};
    struct sb_client *client;

    (void)state;
    assert_int_equal(start_driver("channels_newer"), 0);
    client = open_channels();
    assert_int_equal(sb_handshake(client, &told), SB_ERROR_VERSION);
    assert_int_equal(told.protocol, 9);
    assert_int_equal(told.protocol_oldest, 9);
    assert_int_equal(sb_subscribe(client, NULL, &subscription), SB_ERROR_VERSION);
    assert_null(subscription);
    assert_non_null(strstr(sb_error_text(SB_ERROR_VERSION), "no common version"));
    sb_close(client);
    assert_int_equal(end_driver(state), 0);
}

int main(void)
{
    const struct CMUnitTest buffered[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_write_is_taken_as_far_as_there_is_room),
        cmocka_unit_test(transfers_are_refused_for_each_reason),
        cmocka_unit_test(a_stream_flows_whole),
        cmocka_unit_test(several_writers_and_readers_lose_no_byte),
        cmocka_unit_test(direct_commands_carry_large_buffers),
        cmocka_unit_test(direct_commands_are_refused_for_each_reason),
        cmocka_unit_test(a_million_direct_calls_of_several_clients_do_not_meet),
        cmocka_unit_test(each_command_of_a_batch_has_its_answer),
        cmocka_unit_test(a_batch_is_refused_for_each_reason),
        cmocka_unit_test(a_million_commands_in_batches_are_answered),
        cmocka_unit_test(parallel_batches_do_not_meet),
        cmocka_unit_test(the_counters_are_exact),
        cmocka_unit_test(the_handshake_tells_all),
    };
    const struct CMUnitTest direct[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_write_is_taken_as_far_as_there_is_room),
        cmocka_unit_test(transfers_are_refused_for_each_reason),
        cmocka_unit_test(a_stream_flows_whole),
        cmocka_unit_test(several_writers_and_readers_lose_no_byte),
    };
    const struct CMUnitTest versions[] = {
        cmocka_unit_test(a_new_client_works_with_an_old_driver),
        cmocka_unit_test(an_old_client_works_with_a_later_driver),
        cmocka_unit_test(an_old_client_is_refused_by_a_newer_driver),
    };
    int failed = cmocka_run_group_tests_name("buffered", buffered, start_channels, end_driver);

    failed += cmocka_run_group_tests_name("direct", direct, start_channels_direct, end_driver);
    return failed + cmocka_run_group_tests_name("versions", versions, NULL, NULL);
}
