/*
 * Shared rings on the host, with the real driver: what applications see through the client library.
 * What hostile applications see is in test_ring_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include <ringer/contract.h>
#include <sysbuf/host.h>
#include <sysbuf/ring_client.h>

#define SECOND 1000u
#define LONG   (20 * SECOND) /* what should happen at once may take so long on a busy machine */

static int start_service(void **state)
{
    (void)state;
    return sb_service_install("SbRinger", RINGER_SYS) != SB_OK ||
           sb_service_start("SbRinger") != SB_OK;
}

static int end_service(void **state)
{
    (void)state;
    return sb_service_uninstall("SbRinger") != SB_OK;
}

static struct ringer_life life_of(struct sb_client *client)
{
    struct ringer_life life;

    assert_int_equal(sb_call(client, RINGER_LIFE, NULL, 0, &life, sizeof(life), NULL, LONG), SB_OK);
    assert_int_equal(life.mistakes, 0);
    return life;
}

static struct sb_client *open_client(void)
{
    struct sb_client *client = NULL;

    assert_int_equal(sb_host_claim_faults(), 0);
    assert_int_equal(sb_open(RINGER_PATH, &client), SB_OK);
    return client;
}

static struct sb_ring *open_ring(struct sb_client *client, const struct sb_ring_options *options)
{
    struct sb_ring *ring = NULL;

    assert_int_equal(sb_ring_open(client, options, &ring), SB_OK);
    assert_non_null(ring);
    return ring;
}

/* Closes both; every ring that was opened has been closed, and no handler ran out of place. */
static void close_both(struct sb_ring *ring, struct sb_client *client)
{
    struct ringer_life life;

    sb_ring_close(ring);
    life = life_of(client);
    assert_int_equal(life.opened, life.closed);
    sb_close(client);
}

static void send_verb(struct sb_ring *ring, uint32_t verb, uint32_t argument, size_t length)
{
    unsigned char bytes[65536] = {0};
    const struct ringer_message message = {verb, argument};

    memcpy(bytes, &message, sizeof(message));
    assert_int_equal(sb_ring_send(ring, bytes, length, LONG), SB_OK);
}

static void fill(unsigned char *bytes, size_t length, uint32_t number)
{
    size_t index;

    for (index = 0; index < length; index++)
        bytes[index] = (unsigned char)(number * 31 + index * 7 + (index >> 8));
}

/* ---- messages ---- */

static void echo(struct sb_ring *ring, size_t length, uint32_t number)
{
    const struct ringer_message head = {RINGER_ECHO, number};
    unsigned char *sent = malloc(length);
    unsigned char *received = malloc(length);
    size_t got = 0;

    fill(sent, length, number);
    memcpy(sent, &head, sizeof(head));
    assert_int_equal(sb_ring_send(ring, sent, length, LONG), SB_OK);
    assert_int_equal(sb_ring_receive(ring, received, length, &got, LONG), SB_OK);
    assert_int_equal(got, length);
    assert_memory_equal(received, sent, length);
    free(sent);
    free(received);
}

static void messages_of_every_length_come_back(void **state)
{
    const struct sb_ring_options large = {.message_maximum = SB_RING_MESSAGE_MAXIMUM};
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, &large);
    size_t length;

    (void)state;
    assert_int_equal(sb_ring_message_maximum(ring), SB_RING_MESSAGE_MAXIMUM);
    for (length = 8; length < 200; length++)
        echo(ring, length, (uint32_t)length);
    for (length = 200; length <= SB_RING_MESSAGE_MAXIMUM; length = length * 5 / 3 + 1)
        echo(ring, length, (uint32_t)length);
    echo(ring, SB_RING_MESSAGE_MAXIMUM, 1);
    echo(ring, SB_RING_MESSAGE_MAXIMUM, 2);
    echo(ring, SB_RING_MESSAGE_MAXIMUM - 1, 3);
    close_both(ring, client);
}

static void one_byte_is_a_message(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct sb_ring_report report;

    (void)state;
    assert_int_equal(sb_ring_send(ring, "x", 1, LONG), SB_OK); /* answered with an error: counted */
    echo(ring, 8, 1);
    assert_int_equal(sb_ring_get_report(client, &report), SB_OK);
    assert_int_equal(report.reason, SB_RING_IS_OPEN);
    assert_int_equal(report.failures, 1);
    assert_int_equal(report.to_driver.messages, 2);
    assert_int_equal(report.to_driver.bytes, 9);
    assert_int_equal(report.to_client.messages, 1);
    close_both(ring, client);
}

static void wrong_arguments_are_refused(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    unsigned char byte[8];
    size_t length = 77;
    void *room;

    (void)state;
    assert_int_equal(sb_ring_open(NULL, NULL, &ring), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_open(client, NULL, NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_send(ring, byte, 0, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_send(ring, byte, 65537, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_send(ring, NULL, 1, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_send(NULL, byte, 1, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_reserve(ring, 0, &room, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_reserve(ring, 1, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_receive(ring, NULL, 8, &length, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_receive(ring, byte, 8, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, NULL, 8, NULL, 0, NULL, 0), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, byte, 65536, NULL, 0, NULL, 0),
                     SB_ERROR_ARGUMENT);
    assert_int_equal(length, 77);
    sb_ring_close(NULL);
    close_both(ring, client);
}

/* ---- a million each way ---- */

#define MILLION 1000000u

static size_t mixed_length(uint32_t number)
{
    uint32_t mixed = number * 2654435761u;

    return (mixed >> 10) % 64 == 0 ? 8 + (mixed >> 16) % 3000 : 8 + (mixed >> 16) % 48;
}

static void a_million_messages_arrive_in_order(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    unsigned char bytes[4096];
    const struct ringer_message head = {RINGER_SINK, 0};
    struct ringer_sum sum = {0, 0, 0};
    struct ringer_sum heard;
    uint32_t number;
    void *room;

    (void)state;
    for (number = 0; number < MILLION; number++) {
        size_t length = mixed_length(number);

        fill(bytes, length, number);
        memcpy(bytes, &head, sizeof(head));
        sum.messages++;
        sum.bytes += length;
        sum.checksum = ringer_checksum(sum.checksum, bytes, (uint32_t)length);
        if (number % 3 == 0) {
            assert_int_equal(sb_ring_send(ring, bytes, length, LONG), SB_OK);
        } else {
            assert_int_equal(sb_ring_reserve(ring, length, &room, LONG), SB_OK);
            memcpy(room, bytes, length);
            sb_ring_commit(ring, length);
        }
    }
    /* A call is behind them all. */
    assert_int_equal(sb_ring_call(ring, RINGER_SUM, NULL, 0, &heard, sizeof(heard), NULL, 3 * LONG),
                     SB_OK);
    assert_int_equal(heard.messages, sum.messages);
    assert_int_equal(heard.bytes, sum.bytes);
    assert_int_equal(heard.checksum, sum.checksum);
    close_both(ring, client);
}

static void check_flood(const unsigned char *bytes, size_t length, uint32_t number)
{
    const struct ringer_message head = {RINGER_FLOOD, number};
    uint32_t last;

    assert_memory_equal(bytes, &head, sizeof(head));
    memcpy(&last, bytes + length - 4, 4);
    assert_int_equal(last, number);
}

static void a_million_messages_come_in_order(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct sb_ring_statistics statistics;
    unsigned char bytes[64];
    uint32_t number;
    size_t length;

    (void)state;
    send_verb(ring, RINGER_FLOOD, MILLION, 24);
    for (number = 0; number < MILLION; number++) {
        assert_int_equal(sb_ring_receive(ring, bytes, sizeof(bytes), &length, LONG), SB_OK);
        assert_int_equal(length, 24);
        check_flood(bytes, length, number);
    }
    assert_int_equal(sb_ring_receive(ring, bytes, sizeof(bytes), &length, 10), SB_ERROR_RING_EMPTY);
    sb_ring_get_statistics(ring, &statistics);
    assert_int_equal(statistics.sent, 1);
    assert_int_equal(statistics.received, MILLION);
    assert_int_equal(statistics.received_bytes, 24ull * MILLION);
    close_both(ring, client);
}

/* Both ways at once, on two threads, in the smallest ring there is: both sides sleep all the time.
 */
#define BOTH_WAYS 100000u

static void *send_echoes(void *context)
{
    struct sb_ring *ring = context;
    unsigned char bytes[256];
    uint32_t number;

    for (number = 0; number < BOTH_WAYS; number++) {
        const struct ringer_message head = {RINGER_ECHO, number};
        size_t length = 8 + number % 200;

        fill(bytes, length, number);
        memcpy(bytes, &head, sizeof(head));
        if (sb_ring_send(ring, bytes, length, LONG) != SB_OK)
            return ring;
    }
    return NULL;
}

static void both_directions_work_at_once(void **state)
{
    const struct sb_ring_options small = {.message_maximum = 256,
                                          .to_driver_capacity = SB_RING_CAPACITY_MINIMUM,
                                          .to_client_capacity = SB_RING_CAPACITY_MINIMUM,
                                          .spin = SB_RING_NO_SPIN};
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, &small);
    struct sb_ring_statistics statistics;
    unsigned char expected[256];
    pthread_t thread;
    uint32_t number;
    void *failed;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, send_echoes, ring), 0);
    for (number = 0; number < BOTH_WAYS; number++) {
        const struct ringer_message head = {RINGER_ECHO, number};
        const void *bytes;
        size_t length;

        assert_int_equal(sb_ring_peek(ring, &bytes, &length, LONG), SB_OK);
        assert_int_equal(length, 8 + number % 200);
        fill(expected, length, number);
        memcpy(expected, &head, sizeof(head));
        assert_memory_equal(bytes, expected, length);
        sb_ring_take(ring);
    }
    pthread_join(thread, &failed);
    assert_null(failed);
    sb_ring_get_statistics(ring, &statistics);
    assert_true(statistics.receive_sleeps != 0);
    close_both(ring, client);
}

/* ---- full, empty, timeouts ---- */

static uint32_t milliseconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((now.tv_sec - start->tv_sec) * 1000 +
                      (now.tv_nsec - start->tv_nsec) / 1000000);
}

static void a_full_ring_says_so_in_time(void **state)
{
    const struct sb_ring_options small = {.message_maximum = 256,
                                          .to_driver_capacity = SB_RING_CAPACITY_MINIMUM};
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, &small);
    unsigned char bytes[256] = {RINGER_SINK};
    struct ringer_sum heard;
    struct timespec start;
    uint32_t sent = 0;
    uint32_t took;

    (void)state;
    send_verb(ring, RINGER_SLEEP, 2000, 8); /* nothing is taken meanwhile */
    while (sb_ring_send(ring, bytes, sizeof(bytes), 0) == SB_OK)
        sent++;
    assert_in_range(sent, SB_RING_CAPACITY_MINIMUM / 264 - 1, SB_RING_CAPACITY_MINIMUM / 264);
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(sb_ring_send(ring, bytes, sizeof(bytes), 50), SB_ERROR_RING_FULL);
    took = milliseconds_since(&start);
    assert_in_range(took, 49, 1900);
    assert_int_equal(sb_ring_send(ring, bytes, sizeof(bytes), LONG),
                     SB_OK); /* when there is room */
    sent++;
    assert_int_equal(sb_ring_call(ring, RINGER_SUM, NULL, 0, &heard, sizeof(heard), NULL, LONG),
                     SB_OK);
    assert_int_equal(heard.messages, sent);
    close_both(ring, client);
}

static void an_empty_ring_says_so_in_time(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    unsigned char bytes[16] = {1, 2, 3};
    struct timespec start;
    size_t length = 77;

    (void)state;
    assert_int_equal(sb_ring_receive(ring, bytes, 16, &length, 0), SB_ERROR_RING_EMPTY);
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(sb_ring_receive(ring, bytes, 16, &length, 30), SB_ERROR_RING_EMPTY);
    assert_in_range(milliseconds_since(&start), 29, 5000);
    assert_int_equal(length, 77);
    assert_memory_equal(bytes, "\1\2\3", 3);
    close_both(ring, client);
}

static void a_message_that_does_not_fit_stays(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    unsigned char bytes[32] = {0};
    size_t length = 0;

    (void)state;
    send_verb(ring, RINGER_FLOOD, 1, 32);
    assert_int_equal(sb_ring_receive(ring, bytes, 31, &length, LONG), SB_ERROR_REPLY_TOO_SMALL);
    assert_int_equal(length, 32);
    assert_int_equal(sb_ring_receive(ring, bytes, 32, &length, 0), SB_OK);
    check_flood(bytes, 32, 0);
    close_both(ring, client);
}

static void a_driver_that_does_not_wait_drops_what_does_not_fit(void **state)
{
    const struct sb_ring_options small = {.message_maximum = 64,
                                          .to_client_capacity = SB_RING_CAPACITY_MINIMUM};
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, &small);
    unsigned char bytes[64];
    uint32_t number = 0;
    size_t length;

    (void)state;
    send_verb(ring, RINGER_BLURT, 10000, 24);
    while (sb_ring_receive(ring, bytes, sizeof(bytes), &length, 200) == SB_OK)
        check_flood(bytes, length, number++);
    assert_int_equal(number, SB_RING_CAPACITY_MINIMUM / 32);
    close_both(ring, client);
}

/* Sent at DISPATCH_LEVEL, to a client that sleeps. */
static void messages_from_a_dpc_arrive(void **state)
{
    const struct sb_ring_options sleepy = {.spin = SB_RING_NO_SPIN};
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, &sleepy);
    struct ringer_message message;
    uint32_t number;
    size_t length;

    (void)state;
    send_verb(ring, RINGER_TIMER, 20, 8);
    for (number = 0; number < 20; number++) {
        assert_int_equal(sb_ring_receive(ring, &message, sizeof(message), &length, LONG), SB_OK);
        assert_int_equal(message.verb, RINGER_TIMER);
        assert_int_equal(message.argument, number);
    }
    close_both(ring, client);
}

/* ---- calls ---- */

static void the_same_commands_work_by_ring_and_by_call(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct sb_ring_report report;
    char by_call[32];
    char by_ring[32];
    uint64_t open_by_ring = 0;
    uint32_t version = 0;
    uint64_t open = 0;
    size_t length = 0;

    (void)state;
    assert_int_equal(sb_call(client, RINGER_REVERSE, "drawer", 6, by_call, 32, &length, LONG),
                     SB_OK);
    assert_int_equal(sb_ring_call(ring, RINGER_REVERSE, "drawer", 6, by_ring, 32, &length, LONG),
                     SB_OK);
    assert_int_equal(length, 6);
    assert_memory_equal(by_ring, "reward", 6);
    assert_memory_equal(by_ring, by_call, 6);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "hello", 5, by_ring, 3, &length, LONG),
                     SB_ERROR_TRUNCATED);
    assert_int_equal(length, 3);
    assert_memory_equal(by_ring, "helard", 6);
    assert_int_equal(sb_ring_call(ring, SB_QUERY_CONTRACT, NULL, 0, by_ring, 8, &length, LONG),
                     SB_OK);
    memcpy(&version, by_ring + 4, 4);
    assert_int_equal(version, 1);
    assert_int_equal(sb_call(client, RINGER_OPEN, NULL, 0, &open, sizeof(open), NULL, LONG), SB_OK);
    assert_int_equal(
        sb_ring_call(ring, RINGER_OPEN, NULL, 0, &open_by_ring, sizeof(open), NULL, LONG), SB_OK);
    assert_int_equal(open_by_ring, open);
    assert_int_equal(sb_ring_get_report(client, &report), SB_OK);
    assert_int_equal(report.calls, 4);
    close_both(ring, client);
}

static void calls_by_ring_are_refused_as_others_are(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    char reply[32] = "untouched";
    size_t length = 77;

    (void)state;
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, NULL, 0, reply, 32, &length, LONG),
                     SB_ERROR_BAD_LENGTH);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "x", 1, NULL, 0, &length, LONG),
                     SB_ERROR_REPLY_TOO_SMALL);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY + 1, "x", 1, reply, 32, &length, LONG),
                     SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_ring_call(ring, 0, "x", 1, reply, 32, &length, LONG),
                     SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_ring_call(ring, SB_RING_CLOSE, NULL, 0, NULL, 0, NULL, LONG),
                     SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_ring_call(ring, SB_RING_REPORT, NULL, 0, reply, 32, NULL, LONG),
                     SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(length, 77);
    assert_string_equal(reply, "untouched");
    close_both(ring, client);
}

static void messages_before_an_answer_are_kept(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    unsigned char bytes[64];
    uint32_t number;
    size_t length;

    (void)state;
    send_verb(ring, RINGER_FLOOD, 5, 16);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "a", 1, bytes, 64, &length, LONG), SB_OK);
    send_verb(ring, RINGER_FLOOD, 3, 16);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "b", 1, bytes, 64, &length, LONG), SB_OK);
    assert_memory_equal(bytes, "b", 1);
    for (number = 0; number < 8; number++) {
        assert_int_equal(sb_ring_receive(ring, bytes, 64, &length, 0), SB_OK);
        check_flood(bytes, length, number % 5);
    }
    assert_int_equal(sb_ring_receive(ring, bytes, 64, &length, 0), SB_ERROR_RING_EMPTY);
    send_verb(ring, RINGER_FLOOD, 1, 16);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "c", 1, bytes, 64, &length, LONG), SB_OK);
    close_both(ring, client); /* with one still kept */
}

static void a_call_that_took_too_long_leaves_no_answer_behind(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    const uint32_t nap = 200;
    char reply[8] = "";
    size_t length;

    (void)state;
    assert_int_equal(sb_ring_call(ring, RINGER_NAP, &nap, 4, NULL, 0, NULL, 20), SB_ERROR_TIMEOUT);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "d", 1, reply, 8, &length, LONG), SB_OK);
    assert_memory_equal(reply, "d", 1);
    assert_int_equal(sb_ring_receive(ring, reply, 8, &length, 0), SB_ERROR_RING_EMPTY);
    close_both(ring, client);
}

/* ---- the handshake, as the library says it ---- */

static void sizes_that_do_not_go_are_refused_in_words(void **state)
{
    static const struct {
        struct sb_ring_options options;
        enum sb_error error;
    } cases[] = {
        {{.to_driver_capacity = 3 * 65536}, SB_ERROR_RING_SIZES},
        {{.to_client_capacity = 2048, .message_maximum = 64}, SB_ERROR_RING_SIZES},
        {{.to_driver_capacity = 65536}, SB_ERROR_RING_SIZES}, /* two messages of 64 KiB */
        {{.message_maximum = 8}, SB_ERROR_RING_SIZES},
        {{.message_maximum = 0x100001}, SB_ERROR_RING_LIMIT},
        {{.to_driver_capacity = 2 * RINGER_CAPACITY_MAXIMUM}, SB_ERROR_RING_LIMIT},
        {{.to_client_capacity = 0x80000000}, SB_ERROR_RING_LIMIT},
    };
    struct sb_client *client = open_client();
    struct sb_ring *ring = NULL;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        assert_int_equal(sb_ring_open(client, &cases[index].options, &ring), cases[index].error);
        assert_null(ring);
    }
    close_both(NULL, client);
}

static void an_open_has_one_ring_at_a_time(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct sb_ring *second = NULL;
    int turn;

    (void)state;
    assert_int_equal(sb_ring_open(client, NULL, &second), SB_ERROR_RING_OPEN);
    assert_null(second);
    for (turn = 0; turn < 20; turn++) {
        echo(ring, 100, (uint32_t)turn);
        sb_ring_close(ring);
        ring = open_ring(client, NULL);
    }
    close_both(ring, client);
}

static void a_driver_may_refuse_a_ring(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = NULL;
    struct sb_ring_report report;

    (void)state;
    assert_int_equal(sb_call(client, RINGER_REFUSE, NULL, 0, NULL, 0, NULL, LONG), SB_OK);
    assert_int_equal(sb_ring_open(client, NULL, &ring), SB_ERROR_SYSTEM);
    assert_int_equal(sb_system_error(), 0xC00000A3);
    assert_null(ring);
    assert_int_equal(sb_ring_get_report(client, &report), SB_ERROR_STATE);
    ring = open_ring(client, NULL);
    echo(ring, 9, 9);
    close_both(ring, client);
}

static void a_device_has_so_many_rings(void **state)
{
    struct sb_client *clients[RINGER_COUNT_MAXIMUM + 1];
    struct sb_ring *rings[RINGER_COUNT_MAXIMUM];
    struct sb_ring *ring = NULL;
    uint32_t index;

    (void)state;
    for (index = 0; index <= RINGER_COUNT_MAXIMUM; index++)
        clients[index] = open_client();
    for (index = 0; index < RINGER_COUNT_MAXIMUM; index++)
        rings[index] = open_ring(clients[index], NULL);
    assert_int_equal(sb_ring_open(clients[index], NULL, &ring), SB_ERROR_RING_COUNT);
    for (index = 0; index < RINGER_COUNT_MAXIMUM; index++)
        echo(rings[index], 50, index);
    sb_ring_close(rings[0]);
    rings[0] = open_ring(clients[RINGER_COUNT_MAXIMUM], NULL);
    for (index = 0; index < RINGER_COUNT_MAXIMUM; index++)
        sb_ring_close(rings[index]);
    for (index = 0; index <= RINGER_COUNT_MAXIMUM; index++)
        sb_close(clients[index]);
}

static void a_driver_without_rings_does_not_know_them(void **state)
{
    struct sb_client *client = NULL;
    struct sb_ring *ring = NULL;

    (void)state;
    assert_int_equal(sb_service_install("MyDevice", MYDEVICE_SYS), SB_OK);
    assert_int_equal(sb_service_start("MyDevice"), SB_OK);
    assert_int_equal(sb_open("\\\\.\\MyDevice", &client), SB_OK);
    assert_int_equal(sb_ring_open(client, NULL, &ring), SB_ERROR_UNKNOWN_COMMAND);
    sb_close(client);
    assert_int_equal(sb_service_uninstall("MyDevice"), SB_OK);
}

/* ---- ends ---- */

static void a_ring_that_the_driver_shuts_is_closed(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct sb_ring_report report;
    unsigned char bytes[32];
    size_t length;

    (void)state;
    send_verb(ring, RINGER_FLOOD, 3, 16);
    send_verb(ring, RINGER_SHUT, 0, 8);
    for (length = 0; length < 3; length++) { /* what was sent before is received */
        size_t got;

        assert_int_equal(sb_ring_receive(ring, bytes, 32, &got, LONG), SB_OK);
    }
    assert_int_equal(sb_ring_receive(ring, bytes, 32, &length, LONG), SB_ERROR_CLOSED);
    assert_int_equal(sb_ring_send(ring, bytes, 8, LONG), SB_ERROR_CLOSED);
    assert_int_equal(sb_ring_call(ring, RINGER_SAY, "x", 1, bytes, 8, &length, LONG),
                     SB_ERROR_CLOSED);
    assert_int_equal(sb_ring_get_report(client, &report), SB_OK);
    assert_int_equal(report.reason, SB_RING_CLOSED_BY_DRIVER);
    close_both(ring, client);
}

static void *shut_later(void *context)
{
    const struct timespec soon = {0, 50000000};

    nanosleep(&soon, NULL);
    send_verb(context, RINGER_SHUT, 0, 8);
    return NULL;
}

static void a_client_that_sleeps_learns_of_the_end(void **state)
{
    const struct sb_ring_options sleepy = {.spin = SB_RING_NO_SPIN};
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, &sleepy);
    unsigned char bytes[32];
    pthread_t thread;
    size_t length;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, shut_later, ring), 0);
    assert_int_equal(sb_ring_receive(ring, bytes, 32, &length, SB_FOREVER), SB_ERROR_CLOSED);
    pthread_join(thread, NULL);
    close_both(ring, client);
}

/* The handler waits for room that never comes; closing ends it. */
static void closing_ends_a_handler_that_waits_for_room(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct sb_ring_report report;

    (void)state;
    send_verb(ring, RINGER_FLOOD, MILLION, 1000);
    do
        assert_int_equal(sb_ring_get_report(client, &report), SB_OK);
    while (report.to_client.sleeps == 0);
    assert_true(report.to_client_fill > 0x100000 - 2048);
    close_both(ring, client);
}

static void closing_the_device_closes_its_ring(void **state)
{
    struct sb_client *client = open_client();
    struct sb_client *other = open_client();
    struct sb_ring *ring = open_ring(client, NULL);
    struct ringer_life life;

    (void)state;
    send_verb(ring, RINGER_TIMER, MILLION, 8);
    send_verb(ring, RINGER_FLOOD, MILLION, 100);
    sb_close(client); /* against the rules: the ring is the client's. The driver holds out */
    life = life_of(other);
    assert_int_equal(life.opened, life.closed);
    assert_int_equal(life.last_reason, SB_RING_CLOSED_BY_CLIENT);
    sb_close(other);
    free(ring); /* what sb_ring_close() can no longer do */
}

static void a_driver_stops_after_its_rings(void **state)
{
    struct sb_client *client = open_client();
    struct sb_ring *ring = open_ring(client, NULL);

    (void)state;
    send_verb(ring, RINGER_FLOOD, MILLION, 100);
    assert_int_equal(sb_service_stop("SbRinger"), SB_ERROR_STOP_FAILED);
    sb_ring_close(ring);
    sb_close(client);
    assert_int_equal(sb_service_stop("SbRinger"), SB_OK);
    assert_int_equal(sb_service_start("SbRinger"), SB_OK);
    client = open_client();
    ring = open_ring(client, NULL);
    echo(ring, 30, 1);
    close_both(ring, client);
}

/* ---- many at once ---- */

#define CLIENTS 4

static void *talk(void *context)
{
    const struct sb_ring_options options = {.message_maximum = 4096, .spin = 50};
    struct sb_client *client = NULL;
    struct sb_ring *ring = NULL;
    unsigned char sent[1000];
    unsigned char received[1000];
    uint32_t number;
    size_t length;

    (void)context;
    if (sb_open(RINGER_PATH, &client) != SB_OK || sb_ring_open(client, &options, &ring) != SB_OK)
        return client;
    for (number = 0; number < 3000; number++) {
        const struct ringer_message head = {RINGER_ECHO, number};

        fill(sent, sizeof(sent), number);
        memcpy(sent, &head, sizeof(head));
        if (sb_ring_send(ring, sent, 8 + number % 900, LONG) != SB_OK ||
            sb_ring_receive(ring, received, sizeof(received), &length, LONG) != SB_OK ||
            length != 8 + number % 900 || memcmp(sent, received, length) != 0)
            return client;
    }
    sb_ring_close(ring);
    sb_close(client);
    return NULL;
}

static void parallel_clients_do_not_meet(void **state)
{
    pthread_t threads[CLIENTS];
    void *failed;
    int index;

    (void)state;
    assert_int_equal(sb_host_claim_faults(), 0);
    for (index = 0; index < CLIENTS; index++)
        assert_int_equal(pthread_create(&threads[index], NULL, talk, NULL), 0);
    for (index = 0; index < CLIENTS; index++) {
        pthread_join(threads[index], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_every_length_come_back),
        cmocka_unit_test(one_byte_is_a_message),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_million_messages_arrive_in_order),
        cmocka_unit_test(a_million_messages_come_in_order),
        cmocka_unit_test(both_directions_work_at_once),
        cmocka_unit_test(a_full_ring_says_so_in_time),
        cmocka_unit_test(an_empty_ring_says_so_in_time),
        cmocka_unit_test(a_message_that_does_not_fit_stays),
        cmocka_unit_test(a_driver_that_does_not_wait_drops_what_does_not_fit),
        cmocka_unit_test(messages_from_a_dpc_arrive),
        cmocka_unit_test(the_same_commands_work_by_ring_and_by_call),
        cmocka_unit_test(calls_by_ring_are_refused_as_others_are),
        cmocka_unit_test(messages_before_an_answer_are_kept),
        cmocka_unit_test(a_call_that_took_too_long_leaves_no_answer_behind),
        cmocka_unit_test(sizes_that_do_not_go_are_refused_in_words),
        cmocka_unit_test(an_open_has_one_ring_at_a_time),
        cmocka_unit_test(a_driver_may_refuse_a_ring),
        cmocka_unit_test(a_device_has_so_many_rings),
        cmocka_unit_test(a_driver_without_rings_does_not_know_them),
        cmocka_unit_test(a_ring_that_the_driver_shuts_is_closed),
        cmocka_unit_test(a_client_that_sleeps_learns_of_the_end),
        cmocka_unit_test(closing_ends_a_handler_that_waits_for_room),
        cmocka_unit_test(closing_the_device_closes_its_ring),
        cmocka_unit_test(a_driver_stops_after_its_rings),
        cmocka_unit_test(parallel_clients_do_not_meet),
    };

    return cmocka_run_group_tests_name("ring", tests, start_service, end_service);
}
