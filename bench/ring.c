/*
 * Messages by a shared ring, through the client library: on the host, on Windows or under Wine.
 *
 *     ring BENCH.sys SLEEPY.sys [SECONDS]    SECONDS for each case, 0.3 unless given
 *
 * Prints "case value unit" lines. Both drivers are installed as services and removed again. Every
 * message carries its number and is checked by whoever takes it; one that is wrong ends the run.
 */
#define _POSIX_C_SOURCE 200809L

#include <bench/ring_contract.h>
#include <sysbuf/ring_client.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

#define BATCH 64 /* messages before a flush */

static double seconds = 0.3;

static void fail(const char *what, enum sb_error error)
{
    fprintf(stderr, "ring: %s: %s (0x%08x)\n", what, sb_error_text(error),
            (unsigned)sb_system_error());
    sb_service_uninstall("SbRingBench");
    sb_service_uninstall("SbRingSleepy");
    exit(1);
}

static void must(const char *what, enum sb_error error)
{
    if (error != SB_OK)
        fail(what, error);
}

#ifdef _WIN32
static double now(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER count;

    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&count);
    return (double)count.QuadPart / (double)frequency.QuadPart;
}
#else
static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}
#endif

static void print(const char *name, size_t length, const char *how, double value, const char *unit)
{
    if (length != 0)
        printf("%s/%zu/%s %.6g %s\n", name, length, how, value, unit);
    else
        printf("%s/%s %.6g %s\n", name, how, value, unit);
    fflush(stdout);
}

/* What the driver has counted must be what was sent. */
static void check_count(struct sb_ring *ring, uint64_t sent)
{
    struct bench_ring_count count;

    must("count",
         sb_ring_call(ring, BENCH_RING_COUNT, NULL, 0, &count, sizeof(count), NULL, 60000));
    if (count.messages != sent || count.mistakes != 0)
        fail("messages are wrong", SB_ERROR_SYSTEM);
}

static void send_one(struct sb_ring *ring, size_t length, uint64_t number, void *message,
                     unsigned batch)
{
    void *room;

    if (batch == 1) {
        memcpy(message, &number, 8);
        memcpy((char *)message + length - 8, &number, 8);
        must("send", sb_ring_send(ring, message, length, 10000));
        return;
    }
    must("reserve", sb_ring_reserve(ring, length, &room, 10000));
    if (length <= 64) { /* written where it lies; a longer one is copied there as a user would */
        memcpy(room, &number, 8);
        memcpy((char *)room + length - 8, &number, 8);
    } else {
        memcpy(message, &number, 8);
        memcpy((char *)message + length - 8, &number, 8);
        memcpy(room, message, length);
    }
    sb_ring_commit(ring, length);
    if ((number + 1) % batch == 0)
        sb_ring_flush(ring);
}

/* Messages a second from the first send to the last one counted by the driver. */
static void measure_sending(struct sb_ring *ring, size_t length, unsigned batch)
{
    void *message = calloc(1, length);
    uint64_t step = 1 + 4000000 / (length + 1000);
    uint64_t number = 0;
    uint64_t end;
    double start = now();
    double took;

    do
        for (end = number + step; number < end; number++)
            send_one(ring, length, number, message, batch);
    while (now() - start < seconds);
    check_count(ring, number);
    took = now() - start;
    print("ring-send", length, batch == 1 ? "single" : "batched", (double)number / took,
          "messages/s");
    if (length >= 4096)
        print("ring-send", length, batch == 1 ? "single-bytes" : "batched-bytes",
              (double)number * (double)length / took / 1e9, "GB/s");
    free(message);
}

static double flood(struct sb_ring *ring, size_t length, uint64_t count)
{
    uint64_t word = BENCH_WORD(BENCH_FLOOD, count);
    char *request = calloc(1, length);
    const unsigned char *message;
    double start = now();
    uint64_t number;
    uint64_t last;
    size_t got;

    memcpy(request, &word, 8);
    must("send", sb_ring_send(ring, request, length, 10000));
    for (number = 0; number < count; number++) {
        must("receive", sb_ring_peek(ring, (const void **)&message, &got, 10000));
        memcpy(&word, message, 8);
        memcpy(&last, message + got - 8, 8);
        if (got != length || word != number || last != number)
            fail("a message is wrong", SB_ERROR_SYSTEM);
        sb_ring_take(ring);
    }
    free(request);
    return now() - start;
}

static void measure_receiving(struct sb_ring *ring, size_t length)
{
    uint64_t count = 1000;
    double took = flood(ring, length, count);

    while (took < seconds / 2) {
        count = took < seconds / 20 ? count * 10 : count * 2;
        took = flood(ring, length, count);
    }
    print("ring-receive", length, "batched", (double)count / took, "messages/s");
}

static void measure_round_trips(struct sb_ring *ring, const char *how)
{
    uint64_t number = 0;
    uint64_t word[2];
    uint64_t answer[2];
    double start = now();
    size_t length;

    do {
        word[0] = word[1] = BENCH_WORD(BENCH_ECHO, number);
        must("send", sb_ring_send(ring, word, 16, 10000));
        must("receive", sb_ring_receive(ring, answer, 16, &length, 10000));
        if (length != 16 || answer[0] != word[0] || answer[1] != word[1])
            fail("an answer is wrong", SB_ERROR_SYSTEM);
        number++;
    } while (number % 64 != 0 || now() - start < seconds);
    print("ring-round-trip", 16, how, (now() - start) / (double)number * 1e9, "ns");
}

/* The same sixteen bytes by DeviceIoControl, through the same library. */
static void measure_calls(struct sb_client *client)
{
    struct bench_ring_count count;
    uint64_t number = 0;
    double start = now();

    must("count", sb_call(client, BENCH_RING_COUNT, NULL, 0, &count, sizeof(count), NULL, 60000));
    do {
        const uint64_t word[2] = {number, number};

        must("call", sb_call(client, BENCH_RING_SINK, word, 16, NULL, 0, NULL, SB_FOREVER));
        number++;
    } while (number % 64 != 0 || now() - start < seconds);
    print("ioctl-send", 16, "single", (double)number / (now() - start), "messages/s");
    must("count", sb_call(client, BENCH_RING_COUNT, NULL, 0, &count, sizeof(count), NULL, 60000));
    if (count.messages != number || count.mistakes != 0)
        fail("calls are wrong", SB_ERROR_SYSTEM);
}

static struct sb_client *open_device(const char *service, const char *file, const char *path)
{
    struct sb_client *client = NULL;

    must(file, sb_service_install(service, file));
    must(file, sb_service_start(service));
    must(path, sb_open(path, &client));
    return client;
}

static void close_device(const char *service, struct sb_client *client, struct sb_ring *ring)
{
    sb_ring_close(ring);
    sb_close(client);
    must(service, sb_service_uninstall(service));
}

int main(int argc, char **argv)
{
    static const size_t lengths[] = {16, 256, 4096, 65536};
    const struct sb_ring_options spinning = {.spin = 5000};
    const struct sb_ring_options sleeping = {.spin = SB_RING_NO_SPIN};
    struct sb_client *client;
    struct sb_ring *ring;
    size_t index;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: ring BENCH.sys SLEEPY.sys [SECONDS]\n");
        return 2;
    }
    if (argc == 4)
        seconds = strtod(argv[3], NULL);
    client = open_device("SbRingBench", argv[1], BENCH_RING_PATH);
    must("ring", sb_ring_open(client, &spinning, &ring));
    for (index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        measure_sending(ring, lengths[index], 1);
        measure_sending(ring, lengths[index], BATCH);
        measure_receiving(ring, lengths[index]);
    }
    measure_round_trips(ring, "spin");
    measure_calls(client);
    close_device("SbRingBench", client, ring);

    client = open_device("SbRingSleepy", argv[2], BENCH_RING_SLEEPY);
    must("ring", sb_ring_open(client, &sleeping, &ring));
    measure_round_trips(ring, "doorbell");
    close_device("SbRingSleepy", client, ring);
    return 0;
}
