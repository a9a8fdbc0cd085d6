/*
 * Calls that take longer than the caller will wait, closing under them, and many at once.
 */
#include "client_test.h"

#include <echo/contract.h>
#include <pend/contract.h>
#include <rude/contract.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define THREADS  8
#define ROUNDS   250
#define PATIENCE 20000 /* milliseconds */

static struct pend_counts pend_counts(struct sb_client *client)
{
    struct pend_counts counts = {0};
    enum sb_error error =
        sb_call(client, PEND_COUNTS, NULL, 0, &counts, sizeof(counts), NULL, SB_FOREVER);

    CHECK(error == SB_OK, "PEND_COUNTS: error %d", error);
    return counts;
}

static void wait_for_waiting(struct sb_client *client, uint32_t count)
{
    ULONGLONG end = GetTickCount64() + PATIENCE;

    while (pend_counts(client).waiting != count && GetTickCount64() < end)
        Sleep(5);
    CHECK(pend_counts(client).waiting == count, "%u calls wait, not %u",
          pend_counts(client).waiting, count);
}

static void check_timeout(struct sb_client *client, uint32_t timeout)
{
    struct pend_counts before = pend_counts(client);
    ULONGLONG start = GetTickCount64();
    ULONGLONG taken;
    unsigned char output[8];
    size_t length = 4711;
    enum sb_error error;

    memset(output, 0xC3, sizeof(output));
    error = sb_call(client, PEND_WAIT, "x", 1, output, sizeof(output), &length, timeout);
    taken = GetTickCount64() - start;
    CHECK(error == SB_ERROR_TIMEOUT, "a timeout of %u: error %d", timeout, error);
    CHECK(taken + 20 >= timeout && taken < timeout + 1000u, "a timeout of %u took %u", timeout,
          (unsigned)taken);
    CHECK(length == 4711 && output[0] == 0xC3 && output[7] == 0xC3, "the output was touched");
    wait_for_waiting(client, 0);
    CHECK(pend_counts(client).cancelled == before.cancelled + 1, "the driver was not told");
}

void test_timeouts(void)
{
    struct sb_client *client = open_or_end(PEND_PATH);
    struct sb_client *rude = open_or_end(RUDE_PATH);
    unsigned char output[8] = {0};
    size_t length = 0;
    uint32_t pause = 300;
    enum sb_error error;

    check_timeout(client, 0);
    check_timeout(client, 1);
    check_timeout(client, 200);

    error = sb_call(client, PEND_WAIT_STUBBORN, NULL, 0, output, 8, &length, 100);
    CHECK(error == SB_OK && length == 8 && output[7] == 0x77,
          "an answer that comes with the cancelling counts: error %d, %u bytes", error,
          (unsigned)length);
    error = sb_call(rude, RUDE_SLEEP, &pause, sizeof(pause), NULL, 0, NULL, 50);
    CHECK(error == SB_OK || error == SB_ERROR_TIMEOUT, "a driver that sleeps: error %d", error);
    error = call_with_status(rude, 0, 0);
    CHECK(error == SB_OK, "what is answered at once needs no time: error %d", error);
    sb_close(rude);
    sb_close(client);
}

/* The driver keeps the call for three seconds; the caller has its answer after a bit over one. */
void test_deaf(void)
{
    struct sb_client *client = open_or_end(PEND_PATH);
    ULONGLONG start = GetTickCount64();
    unsigned char *output = malloc(64);
    size_t length = 4711;
    enum sb_error error;
    ULONGLONG taken;
    size_t index;

    memset(output, 0xC3, 64);
    error = sb_call(client, PEND_DEAF, NULL, 0, output, 64, &length, 200);
    taken = GetTickCount64() - start;
    CHECK(error == SB_ERROR_TIMEOUT, "error %d", error);
    CHECK(taken >= 1100 && taken < 2500, "it took %u ms", (unsigned)taken);
    error = sb_call(client, PEND_DEAF, NULL, 0, NULL, 0, NULL, 200);
    CHECK(error == SB_ERROR_SYSTEM && sb_system_error() == ERROR_BUSY,
          "the driver still has the call: error %d", error);

    Sleep(PEND_DEAF_TIME);
    for (index = 0; index < 64 && output[index] == 0xC3; index++)
        ;
    CHECK(index == 64 && length == 4711, "the late answer touched byte %u", (unsigned)index);
    CHECK(pend_counts(client).waiting == 0, "the client still serves");
    sb_close(client);

    /* Closing with a call left behind in the driver must neither hang nor crash. */
    client = open_or_end(PEND_PATH);
    CHECK(sb_call(client, PEND_DEAF, NULL, 0, output, 64, &length, 10) == SB_ERROR_TIMEOUT, "deaf");
    start = GetTickCount64();
    sb_close(client);
    CHECK(GetTickCount64() - start < 1000, "closing took %u ms",
          (unsigned)(GetTickCount64() - start));
    Sleep(PEND_DEAF_TIME);
    CHECK(output[0] == 0xC3, "the late answer touched the output");
    free(output);
}

struct caller {
    struct sb_client *client;
    uint32_t timeout;
    enum sb_error error;
    unsigned char output[16];
    unsigned mistakes;
    unsigned number;
};

static DWORD WINAPI call_and_wait(void *context)
{
    struct caller *caller = context;

    caller->error = sb_call(caller->client, PEND_WAIT, NULL, 0, caller->output,
                            sizeof(caller->output), NULL, caller->timeout);
    return 0;
}

static void run_threads(struct caller *callers, LPTHREAD_START_ROUTINE routine, HANDLE *threads)
{
    unsigned index;

    for (index = 0; index < THREADS; index++)
        threads[index] = CreateThread(NULL, 0, routine, &callers[index], 0, NULL);
}

/* Half of the calls have a time limit, half have none; sb_close() ends them all. */
void test_close(void)
{
    struct sb_client *watcher = open_or_end(PEND_PATH);
    unsigned round, index;

    for (round = 0; round < 10; round++) {
        struct sb_client *client = open_or_end(PEND_PATH);
        struct caller callers[THREADS] = {{0}};
        HANDLE threads[THREADS];

        for (index = 0; index < THREADS; index++) {
            callers[index].client = client;
            callers[index].timeout = index % 2 == 0 ? SB_FOREVER : 60000;
        }
        run_threads(callers, call_and_wait, threads);
        wait_for_waiting(watcher, THREADS);
        sb_close(client);
        CHECK(WaitForMultipleObjects(THREADS, threads, TRUE, PATIENCE) == WAIT_OBJECT_0,
              "a call goes on after sb_close()");
        for (index = 0; index < THREADS; index++)
            CHECK(callers[index].error == SB_ERROR_CLOSED, "call %u: error %d", index,
                  callers[index].error);
        wait_for_waiting(watcher, 0);
    }
    sb_close(watcher);
}

/* A driver that cancels a call by itself is no timeout. */
void test_given_up(void)
{
    static const uint32_t timeouts[] = {SB_FOREVER, 60000};
    struct sb_client *client = open_or_end(PEND_PATH);
    unsigned index;

    for (index = 0; index < 2; index++) {
        struct caller caller = {.client = client, .timeout = timeouts[index]};
        HANDLE thread = CreateThread(NULL, 0, call_and_wait, &caller, 0, NULL);

        wait_for_waiting(client, 1);
        sb_call(client, PEND_GIVE_UP, NULL, 0, NULL, 0, NULL, SB_FOREVER);
        CHECK(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "the call goes on");
        CHECK(caller.error == SB_ERROR_CLOSED, "a call given up: error %d", caller.error);
        CloseHandle(thread);
    }
    sb_close(client);
}

static DWORD WINAPI call_often(void *context)
{
    struct caller *caller = context;
    unsigned round;

    for (round = 0; round < ROUNDS; round++) {
        uint32_t sent[5] = {caller->number, round, ~round, caller->number * round, 5};
        uint32_t received[5] = {0};
        size_t length = 0;
        enum sb_error error =
            sb_call(caller->client, ECHO_SAY, sent, sizeof(sent), received, sizeof(received),
                    &length, round % 2 == 0 ? SB_FOREVER : 10000);

        if (error != SB_OK || length != sizeof(sent) || memcmp(sent, received, sizeof(sent)) != 0)
            caller->mistakes++;
    }
    return 0;
}

/* Many threads on one client: each gets its own answers. */
void test_threads(void)
{
    struct sb_client *client = open_or_end(ECHO_PATH);
    struct caller callers[THREADS] = {{0}};
    struct echo_statistics statistics = {0};
    HANDLE threads[THREADS];
    unsigned index;

    for (index = 0; index < THREADS; index++) {
        callers[index].client = client;
        callers[index].number = index;
    }
    run_threads(callers, call_often, threads);
    CHECK(WaitForMultipleObjects(THREADS, threads, TRUE, 60000) == WAIT_OBJECT_0, "they hang");
    for (index = 0; index < THREADS; index++)
        CHECK(callers[index].mistakes == 0, "thread %u: %u wrong answers", index,
              callers[index].mistakes);
    sb_call(client, ECHO_COUNT, NULL, 0, &statistics, sizeof(statistics), NULL, SB_FOREVER);
    CHECK(statistics.call_count == THREADS * ROUNDS, "%u calls", (unsigned)statistics.call_count);
    sb_close(client);
}
