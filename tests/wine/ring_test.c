/*
 * Shared rings on Windows or Wine, against the ringer driver and through the client library. The
 * same claims as tests/host/test_ring.c and test_ring_hostile.c, as far as Wine shows them.
 */
#include "client_test.h"

#include <ring/layout.h>
#include <ringer/contract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysbuf/ring_client.h>
#include <windows.h>

#define LONG_TIME 20000 /* milliseconds */
#define COUNT     200000u

static struct sb_ring *ring_or_end(struct sb_client *client, const struct sb_ring_options *options)
{
    struct sb_ring *ring = NULL;
    enum sb_error error = sb_ring_open(client, options, &ring);

    if (!CHECK(error == SB_OK, "ring: %s (%u)", sb_error_text(error), sb_system_error()))
        exit(check_result());
    return ring;
}

static void check_is(const char *what, enum sb_error error, enum sb_error wanted)
{
    CHECK(error == wanted, "%s: %s", what, sb_error_text(error));
}

static void close_both(struct sb_ring *ring, struct sb_client *client)
{
    struct ringer_life life;

    sb_ring_close(ring);
    check_is("life", sb_call(client, RINGER_LIFE, NULL, 0, &life, sizeof(life), NULL, LONG_TIME),
             SB_OK);
    CHECK(life.opened == life.closed && life.mistakes == 0, "%u opened, %u closed, %u mistakes",
          life.opened, life.closed, life.mistakes);
    sb_close(client);
}

static void send_verb(struct sb_ring *ring, uint32_t verb, uint32_t argument, size_t length)
{
    unsigned char bytes[1024] = {0};
    const struct ringer_message message = {verb, argument};

    memcpy(bytes, &message, sizeof(message));
    check_is("send", sb_ring_send(ring, bytes, length, LONG_TIME), SB_OK);
}

/* Numbered messages of a length, in their order. */
static void receive_flood(struct sb_ring *ring, uint32_t count, size_t wanted)
{
    struct ringer_message message[16];
    enum sb_error error;
    uint32_t number;
    size_t length;

    for (number = 0; number < count; number++) {
        error = sb_ring_receive(ring, message, sizeof(message), &length, LONG_TIME);
        if (error != SB_OK || length != wanted || message->argument != number)
            break;
    }
    CHECK(number == count, "message %u is wrong", number);
}

static void test_to_driver(void)
{
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, NULL);
    struct ringer_message message[8] = {{RINGER_SINK, 0}};
    struct ringer_sum sum = {0, 0, 0};
    struct ringer_sum heard = {0, 0, 0};
    enum sb_error error = SB_OK;

    for (; message->argument < COUNT && error == SB_OK; message->argument++) {
        size_t length = 8 + message->argument % 57;

        sum.messages++;
        sum.bytes += length;
        sum.checksum = ringer_checksum(sum.checksum, message, (uint32_t)length);
        error = sb_ring_send(ring, message, length, LONG_TIME);
    }
    check_is("send", error, SB_OK);
    error = sb_ring_call(ring, RINGER_SUM, NULL, 0, &heard, sizeof(heard), NULL, LONG_TIME);
    check_is("sum", error, SB_OK);
    CHECK(memcmp(&sum, &heard, sizeof(sum)) == 0, "the sums differ");
    close_both(ring, client);
}

static void test_to_client(void)
{
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, NULL);
    char byte;
    size_t length;

    send_verb(ring, RINGER_FLOOD, COUNT, 24);
    receive_flood(ring, COUNT, 24);
    check_is("empty", sb_ring_receive(ring, &byte, 1, &length, 20), SB_ERROR_RING_EMPTY);
    close_both(ring, client);
}

/* Both sides sleep before each message. */
static void test_doorbells(void)
{
    const struct sb_ring_options sleepy = {.spin = SB_RING_NO_SPIN};
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, &sleepy);
    struct sb_ring_statistics statistics;
    uint32_t turn;

    for (turn = 0; turn < 300; turn++) {
        send_verb(ring, RINGER_FLOOD, 1, 16);
        receive_flood(ring, 1, 16);
        if (turn % 100 == 0)
            Sleep(20);
    }
    sb_ring_get_statistics(ring, &statistics);
    CHECK(statistics.receive_sleeps != 0 && statistics.doorbells != 0, "nobody slept");
    close_both(ring, client);
}

static void test_large(void)
{
    const struct sb_ring_options large = {.message_maximum = SB_RING_MESSAGE_MAXIMUM};
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, &large);
    unsigned char *sent = calloc(1, SB_RING_MESSAGE_MAXIMUM);
    unsigned char *received = calloc(1, SB_RING_MESSAGE_MAXIMUM);
    size_t length;
    int turn;

    for (turn = 0; turn < 5; turn++) {
        memset(sent, turn + 1, SB_RING_MESSAGE_MAXIMUM);
        memcpy(sent, &(struct ringer_message){RINGER_ECHO, 7}, 8);
        check_is("send", sb_ring_send(ring, sent, SB_RING_MESSAGE_MAXIMUM, LONG_TIME), SB_OK);
        check_is("receive",
                 sb_ring_receive(ring, received, SB_RING_MESSAGE_MAXIMUM, &length, LONG_TIME),
                 SB_OK);
        CHECK(memcmp(sent, received, SB_RING_MESSAGE_MAXIMUM) == 0, "the bytes differ");
    }
    free(sent);
    free(received);
    close_both(ring, client);
}

static void test_calls(void)
{
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, NULL);
    char reply[32] = "";
    size_t length = 0;

    check_is("reverse",
             sb_ring_call(ring, RINGER_REVERSE, "drawer", 6, reply, 32, &length, LONG_TIME), SB_OK);
    CHECK(length == 6 && memcmp(reply, "reward", 6) == 0, "the reply is wrong");
    check_is("cut", sb_ring_call(ring, RINGER_SAY, "hello", 5, reply, 3, &length, LONG_TIME),
             SB_ERROR_TRUNCATED);
    check_is("unknown", sb_ring_call(ring, 0, NULL, 0, reply, 3, &length, LONG_TIME),
             SB_ERROR_UNKNOWN_COMMAND);
    check_is("length", sb_ring_call(ring, RINGER_SAY, NULL, 0, reply, 3, &length, LONG_TIME),
             SB_ERROR_BAD_LENGTH);
    close_both(ring, client);
}

static void test_refusals(void)
{
    const struct sb_ring_options odd = {.to_driver_capacity = 3 * 65536};
    const struct sb_ring_options big = {.to_client_capacity = 2 * RINGER_CAPACITY_MAXIMUM};
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *second = NULL;
    struct sb_ring *ring;
    int turn;

    check_is("odd", sb_ring_open(client, &odd, &second), SB_ERROR_RING_SIZES);
    check_is("big", sb_ring_open(client, &big, &second), SB_ERROR_RING_LIMIT);
    check_is("refuse", sb_call(client, RINGER_REFUSE, NULL, 0, NULL, 0, NULL, LONG_TIME), SB_OK);
    CHECK(sb_ring_open(client, NULL, &second) != SB_OK, "the driver's refusal does not count");
    for (turn = 0; turn < 5; turn++) {
        ring = ring_or_end(client, NULL);
        check_is("second", sb_ring_open(client, NULL, &second), SB_ERROR_RING_OPEN);
        sb_ring_close(ring);
    }
    CHECK(second == NULL, "a refused ring");
    close_both(NULL, client);
}

/* Shut by the driver; closed while the driver is full of work; the device closed with its ring. */
static void test_ends(void)
{
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, NULL);
    struct sb_ring_report report = {0};
    char byte;
    size_t length;

    send_verb(ring, RINGER_SHUT, 0, 8);
    check_is("shut", sb_ring_receive(ring, &byte, 1, &length, LONG_TIME), SB_ERROR_CLOSED);
    check_is("report", sb_ring_get_report(client, &report), SB_OK);
    CHECK(report.reason == SB_RING_CLOSED_BY_DRIVER, "reason %u", report.reason);
    sb_ring_close(ring);

    ring = ring_or_end(client, NULL);
    send_verb(ring, RINGER_FLOOD, 1000000, 1000);
    Sleep(50);
    sb_ring_close(ring);

    ring_or_end(client, NULL);
    sb_close(client);
    client = open_or_end(RINGER_PATH);
    close_both(NULL, client);
}

/* A client that writes nonsense into the shared memory: where it is, its driver's reply says. */
static void test_nonsense(void)
{
    const struct sb_ring_request request = {sizeof(request), 1, 1, 0, 1024, 4096, 4096, 0};
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring_report report = {0};
    struct sb_ring_reply reply;
    struct sb_ring_page *page;
    int turn;

    check_is("open",
             sb_call(client, SB_RING_OPEN, &request, sizeof(request), &reply, sizeof(reply), NULL,
                     LONG_TIME),
             SB_OK);
    page = (struct sb_ring_page *)(uintptr_t)reply.view;
    atomic_store(&page->to_driver.tail, 0x80000000);
    SetEvent((HANDLE)(uintptr_t)reply.to_driver_data);
    for (turn = 0; turn < LONG_TIME && report.reason == 0; turn += 10) {
        Sleep(10);
        check_is("report", sb_ring_get_report(client, &report), SB_OK);
    }
    CHECK(report.reason == SB_RING_BAD_INDEX, "reason %u", report.reason);
    CHECK(WaitForSingleObject((HANDLE)(uintptr_t)reply.to_client_data, LONG_TIME) == WAIT_OBJECT_0,
          "the client is not woken");
    check_is("close", sb_call(client, SB_RING_CLOSE, NULL, 0, NULL, 0, NULL, LONG_TIME), SB_OK);
    close_both(NULL, client);
}

/* Never ends of itself. */
static int flood_until_killed(void)
{
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, NULL);

    send_verb(ring, RINGER_FLOOD, 1000000, 1000);
    Sleep(INFINITE);
    return 1;
}

/* Keeps the ring's thread running; ends when the ring does. */
static int pound(void)
{
    struct sb_client *client = open_or_end(RINGER_PATH);
    struct sb_ring *ring = ring_or_end(client, NULL);
    struct ringer_message message = {RINGER_SINK, 0};
    enum sb_error error = SB_OK;

    while (error == SB_OK)
        error = sb_ring_send(ring, &message, sizeof(message), 1000);
    return (int)error;
}

/* A process that dies with its ring full of work takes nothing with it. */
static void test_killed(void)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION program;
    struct ringer_life life = {0, 0, 0, 0};
    struct sb_client *client;
    WCHAR path[MAX_PATH];
    WCHAR line[] = L"ring_test flood";
    uint32_t opened;
    int turn;

    client = open_or_end(RINGER_PATH);
    sb_call(client, RINGER_LIFE, NULL, 0, &life, sizeof(life), NULL, LONG_TIME);
    opened = life.opened;
    GetModuleFileNameW(NULL, path, MAX_PATH);
    if (!CHECK(CreateProcessW(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &program),
               "error %lu", GetLastError()))
        return;
    for (turn = 0; turn < LONG_TIME && life.opened == opened; turn += 10, Sleep(10))
        sb_call(client, RINGER_LIFE, NULL, 0, &life, sizeof(life), NULL, LONG_TIME);
    Sleep(100);
    TerminateProcess(program.hProcess, 1);
    for (turn = 0; turn < LONG_TIME && life.opened != life.closed; turn += 10, Sleep(10))
        sb_call(client, RINGER_LIFE, NULL, 0, &life, sizeof(life), NULL, LONG_TIME);
    CHECK(life.opened == opened + 1 && life.closed == life.opened, "%u opened, %u closed",
          life.opened - opened, life.closed - opened);
    close_both(NULL, client);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"to-driver", test_to_driver}, {"to-client", test_to_client}, {"doorbells", test_doorbells},
        {"large", test_large},         {"calls", test_calls},         {"refusals", test_refusals},
        {"ends", test_ends},           {"nonsense", test_nonsense},   {"killed", test_killed},
    };

    if (argc == 2 && strcmp(argv[1], "flood") == 0)
        return flood_until_killed();
    if (argc == 2 && strcmp(argv[1], "pound") == 0)
        return pound();
    return check_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}

/* client_test.h's */
struct sb_client *open_or_end(const char *path)
{
    struct sb_client *client;
    enum sb_error error = sb_open(path, &client);

    if (!CHECK(error == SB_OK, "%s: %s", path, sb_error_text(error)))
        exit(check_result());
    return client;
}
