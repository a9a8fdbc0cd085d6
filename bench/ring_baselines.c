/*
 * What shared rings are compared with: a pipe, a pair of local sockets, Concurrency Kit's ring for
 * one producer and one consumer, and memcpy.
 *
 *     ring_baselines [SECONDS]    SECONDS for each case, 0.3 unless given
 *
 * Prints "case value unit" lines. Every message carries its number and is checked by whoever takes
 * it; one that is wrong ends the run.
 */
#define _GNU_SOURCE

#include <ck_ring.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double seconds = 0.3;

static void fail(const char *what)
{
    fprintf(stderr, "ring_baselines: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void print(const char *name, size_t length, const char *how, double value, const char *unit)
{
    printf("%s/%zu/%s %.6g %s\n", name, length, how, value, unit);
    fflush(stdout);
}

/* ---- streams and datagrams: a write is a message, the reader is a thread ---- */

struct stream {
    int ends[2]; /* read, write */
    size_t length;
    uint64_t received;
};

static bool transfer(int file, void *buffer, size_t length, bool is_read)
{
    size_t done = 0;

    while (done < length) {
        ssize_t now_done = is_read ? read(file, (char *)buffer + done, length - done)
                                   : write(file, (char *)buffer + done, length - done);

        if (now_done <= 0)
            return false;
        done += (size_t)now_done;
    }
    return true;
}

static void *read_stream(void *context)
{
    struct stream *stream = context;
    uint64_t *message = calloc(1, stream->length);

    while (transfer(stream->ends[0], message, stream->length, true)) {
        if (message[0] != stream->received || message[stream->length / 8 - 1] != stream->received)
            fail("a message is wrong");
        stream->received++;
    }
    free(message);
    return NULL;
}

static void measure_stream(const char *name, int read_end, int write_end, size_t length)
{
    struct stream stream = {{read_end, write_end}, length, 0};
    uint64_t *message = calloc(1, length);
    uint64_t number = 0;
    double start = now();
    pthread_t thread;

    pthread_create(&thread, NULL, read_stream, &stream);
    do {
        message[0] = message[length / 8 - 1] = number++;
        if (!transfer(write_end, message, length, false))
            fail("write");
    } while (number % 16 != 0 || now() - start < seconds);
    close(write_end);
    pthread_join(thread, NULL);
    if (stream.received != number)
        fail("messages are missing");
    print(name, length, "single", (double)number / (now() - start), "messages/s");
    close(read_end);
    free(message);
}

/* ---- round trips ---- */

struct echo {
    int in, out;
};

static void *echo_all(void *context)
{
    struct echo *echo = context;
    uint64_t message[2];

    while (transfer(echo->in, message, 16, true) && transfer(echo->out, message, 16, false))
        continue;
    return NULL;
}

static void measure_round_trip(const char *name, int there_read, int there_write, int back_read,
                               int back_write)
{
    struct echo echo = {there_read, back_write};
    uint64_t number = 0;
    uint64_t message[2];
    double start = now();
    pthread_t thread;

    pthread_create(&thread, NULL, echo_all, &echo);
    do {
        message[0] = message[1] = number;
        if (!transfer(there_write, message, 16, false) || !transfer(back_read, message, 16, true) ||
            message[0] != number)
            fail("round trip");
        number++;
    } while (number % 16 != 0 || now() - start < seconds);
    print(name, 16, "round-trip", (now() - start) / (double)number * 1e9, "ns");
    shutdown(there_write, SHUT_RDWR);
    close(there_write);
    pthread_join(thread, NULL);
}

/* ---- Concurrency Kit: messages of 16 bytes in a ring of as many bytes as ours ---- */

#define CK_ENTRIES 65536

struct entry {
    uint64_t first, last;
};

/* cppcheck-suppress unknownMacro ; of ck_ring.h */
CK_RING_PROTOTYPE(entry, entry)

static ck_ring_t ck_ring;
static struct entry ck_entries[CK_ENTRIES];
static volatile bool ck_done;
static uint64_t ck_sent;

static void *read_ck(void *context)
{
    struct entry entry;
    uint64_t number = 0;

    (void)context;
    for (;;) {
        if (CK_RING_DEQUEUE_SPSC(entry, &ck_ring, ck_entries, &entry)) {
            if (entry.first != number || entry.last != number)
                fail("a message of ck's is wrong");
            number++;
        } else if (ck_done && number == ck_sent) {
            return NULL;
        } else {
            ck_pr_stall();
        }
    }
}

static void measure_ck(void)
{
    uint64_t number = 0;
    double start = now();
    pthread_t thread;

    ck_ring_init(&ck_ring, CK_ENTRIES);
    pthread_create(&thread, NULL, read_ck, NULL);
    do {
        uint64_t end = number + 4096;

        for (; number < end; number++) {
            struct entry entry = {number, number};

            while (!CK_RING_ENQUEUE_SPSC(entry, &ck_ring, ck_entries, &entry))
                ck_pr_stall();
        }
    } while (now() - start < seconds);
    ck_sent = number;
    ck_pr_fence_store();
    ck_done = true;
    pthread_join(thread, NULL);
    print("ck-ring", 16, "single", (double)number / (now() - start), "messages/s");
}

/* ---- memcpy, from and to memory of the ring's size ---- */

static void measure_memcpy(size_t length)
{
    size_t size = 1u << 20;
    char *source = malloc(size + length);
    char *target = malloc(size + length);
    uint64_t number = 0;
    double start = now();

    memset(source, 1, size + length);
    memset(target, 2, size + length);
    do {
        memcpy(target + number * length % size, source, length);
        __asm__ volatile("" ::"r"(target) : "memory");
        number++;
    } while (number % 256 != 0 || now() - start < seconds);
    print("memcpy", length, "single", (double)number / (now() - start), "messages/s");
    print("memcpy", length, "bytes", (double)number * (double)length / (now() - start) / 1e9,
          "GB/s");
    free(source);
    free(target);
}

/* ---- memcpy of what another processor has just written: what a ring's reader does ---- */

struct across {
    char *bytes;
    size_t size;
    volatile bool *stop;
    volatile int turn; /* 1: the writer's */
};

static void *write_across(void *context)
{
    struct across *across = context;
    char *source = malloc(across->size);

    memset(source, 1, across->size);
    while (!*across->stop) {
        if (across->turn == 1) {
            memcpy(across->bytes, source, across->size);
            ck_pr_fence_store();
            across->turn = 0;
        } else {
            ck_pr_stall();
        }
    }
    free(source);
    return NULL;
}

/* Copies of length bytes out of half a ring's; only the copying is timed. */
static void measure_across(size_t length)
{
    volatile bool stop = false;
    struct across across = {malloc(1u << 19), 1u << 19, &stop, 0};
    char *target = malloc(length);
    double took = 0;
    uint64_t copies = 0;
    pthread_t thread;
    size_t offset;

    memset(target, 2, length);
    memset(across.bytes, 3, across.size);
    pthread_create(&thread, NULL, write_across, &across);
    while (took < seconds) {
        double start;

        across.turn = 1;
        while (across.turn == 1)
            ck_pr_stall();
        start = now();
        for (offset = 0; offset + length <= across.size; offset += length, copies++) {
            memcpy(target, across.bytes + offset, length);
            __asm__ volatile("" ::"r"(target) : "memory");
        }
        took += now() - start;
    }
    stop = true;
    pthread_join(thread, NULL);
    print("memcpy-across", length, "single", (double)copies / took, "messages/s");
    print("memcpy-across", length, "bytes", (double)copies * (double)length / took / 1e9, "GB/s");
    free(across.bytes);
    free(target);
}

static void pair(int ends[2], bool is_pipe)
{
    int sockets[2];

    if (is_pipe ? pipe(ends) != 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        fail("no pair");
    if (!is_pipe) {
        ends[0] = sockets[0];
        ends[1] = sockets[1];
    }
}

static void measure_both(const char *name, bool is_pipe)
{
    static const size_t lengths[] = {16, 256, 4096, 65536};
    int there[2];
    int back[2];
    size_t index;

    for (index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        pair(there, is_pipe);
        measure_stream(name, there[0], there[1], lengths[index]);
    }
    pair(there, is_pipe);
    pair(back, is_pipe);
    measure_round_trip(name, there[0], there[1], back[0], back[1]);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        seconds = strtod(argv[1], NULL);
    measure_ck();
    measure_memcpy(16);
    measure_memcpy(256);
    measure_memcpy(4096);
    measure_memcpy(65536);
    measure_across(4096);
    measure_across(65536);
    measure_both("pipe", true);
    measure_both("unix", false);
    return 0;
}
