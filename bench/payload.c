/*
 * A call by the size of its payload: payload_host BENCH.sys [SECONDS]
 *
 * Buffered: the payload goes in and comes back, two copies by the I/O manager. Direct: the same
 * bytes where they lie. Beside both, in turn, one and two memcpy of the size between the same kinds
 * of memory. The ends of each reply are compared, and the whole of it by a checksum at the end.
 */
#define _POSIX_C_SOURCE 200809L

#include <bench/bench_host.h>

#define LONGEST 1048576u

static struct bench_host host;
static sb_handle file;
static unsigned char *payload; /* of the application */
static unsigned char *aside;   /* as the system buffer would be */
static double budget = 0.02e9; /* nanoseconds for each case and size */

static uint64_t checksum(const unsigned char *bytes, size_t length)
{
    uint64_t sum = 14695981039346656037u;

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

static void call_buffered(uint32_t length, uint64_t number)
{
    bench_echo(&host, file, payload, length, number);
}

static void call_direct(uint32_t length, uint64_t number)
{
    struct sb_io_status result = {0};
    uint64_t ends[2];

    if (length != 0) {
        memcpy(payload, &number, 8);
        memcpy(payload + length - 8, &number, 8);
    }
    bench_must("direct", sb_process_ioctl(host.process, file, 0, &result, BENCH_DIRECT, NULL, 0,
                                          payload, length));
    if (length == 0)
        return;
    memcpy(&ends[0], payload, 8);
    memcpy(&ends[1], payload + length - 8, 8);
    if (result.information != length || ends[0] != number + 1 || ends[1] != number + 1)
        bench_fail("direct I/O is wrong", -1);
}

/* The compiler must not see that a copy is of no use. */
static void keep_copies(void)
{
    __asm__ volatile("" : : : "memory");
}

static void copy_once(uint32_t length, uint64_t number)
{
    (void)number;
    memcpy(aside, payload, length);
    keep_copies();
}

static void copy_twice(uint32_t length, uint64_t number)
{
    copy_once(length, number);
    memcpy(payload, aside, length);
    keep_copies();
}

/* Nanoseconds of one, and nothing of the payload but its ends may have changed. */
static double measure(void (*act)(uint32_t, uint64_t), uint32_t length)
{
    uint32_t middle = length > 16 ? length - 16 : 0;
    double start, taken;
    uint64_t sum, number = 0;

    for (uint32_t i = 0; i < length; i++)
        payload[i] = (unsigned char)(i * 7 + (i >> 8));
    sum = checksum(payload + 8, middle);
    for (int i = 0; i < 10; i++)
        act(length, number++);
    start = bench_now();
    do
        for (uint64_t end = number + 1 + 4096 / (1 + length / 64); number < end; number++)
            act(length, number);
    while ((taken = bench_now() - start) < budget);
    if (checksum(payload + 8, middle) != sum)
        bench_fail("a payload has changed", -1);
    return taken / (double)(number - 10);
}

static void print(const char *name, uint32_t length, double value)
{
    char text[64];

    snprintf(text, sizeof(text), "payload-%s/%u", name, length);
    bench_print(text, value, "ns");
}

int main(int argc, char **argv)
{
    static const uint32_t lengths[] = {0, 16, 256, 4096, 16384, 65536, 262144, LONGEST};

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: payload_host BENCH.sys [SECONDS]\n");
        return 2;
    }
    if (argc == 3)
        budget = strtod(argv[2], NULL) * 1e9;
    bench_host_start(&host, argv[1], 1);
    file = bench_host_open(&host, false);
    payload = bench_host_memory(&host, LONGEST);
    aside = malloc(LONGEST);
    if (aside == NULL)
        bench_fail("memory", -1);
    memset(aside, 1, LONGEST);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        print("buffered", lengths[i], measure(call_buffered, lengths[i]));
        print("direct", lengths[i], measure(call_direct, lengths[i]));
        if (lengths[i] == 0)
            continue;
        print("one-copy", lengths[i], measure(copy_once, lengths[i]));
        print("two-copies", lengths[i], measure(copy_twice, lengths[i]));
    }
    free(aside);
    bench_host_end(&host);
    return 0;
}
