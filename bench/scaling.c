/*
 * How the cost of an operation grows: scaling_host BENCH.sys [SECONDS [MOST_WAITING MOST_BLOCKS]]
 *
 *   opens    a call, by turns on 1 to 64 opens, on machines of one and of two processors; with two,
 *            a thread on each processor has half of the opens (one open: both use it)
 *   waiting  one call more is sent that waits and the oldest one is answered, while 1 to 100,000
 *            wait; and a call that does not wait
 *   blocks   a pool block more is allocated and freed, while 1 to 1,000,000 are allocated
 */
#define _POSIX_C_SOURCE 200809L

#include <bench/bench_host.h>

#include <pthread.h>

#define MOST_OPENS    64u
#define OPEN_MAY_WAIT 200u /* calls, below SB_PENDING_MAXIMUM */

static double budget = 0.05e9; /* nanoseconds for each figure */
static const char *driver;

static void print(const char *name, uint32_t count, double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%s/%u", name, count);
    bench_print(text, value, "ns");
}

struct caller {
    struct bench_host *host;
    const sb_handle *files;
    uint32_t count;
    double nanoseconds; /* a call */
};

static void *call_by_turns(void *argument)
{
    struct caller *caller = argument;
    unsigned char *memory = bench_host_memory(caller->host, 4096);
    uint64_t number;
    double start;

    for (number = 0; number < 2000; number++)
        bench_echo(caller->host, caller->files[number % caller->count], memory, 16, number);
    start = bench_now();
    do
        for (int i = 0; i < 1024; i++, number++)
            bench_echo(caller->host, caller->files[number % caller->count], memory, 16, number);
    while (bench_now() - start < budget);
    caller->nanoseconds = (bench_now() - start) / (double)(number - 2000);
    return NULL;
}

/* Nanoseconds of a thread for a call; two threads share the opens. */
static double measure_opens(struct bench_host *host, const sb_handle *files, uint32_t count,
                            uint32_t threads)
{
    uint32_t half = count == 1 || threads == 1 ? 0 : count / 2;
    struct caller callers[2] = {{host, files, half != 0 ? half : count, 0},
                                {host, files + half, half != 0 ? half : count, 0}};
    pthread_t second;

    if (threads == 2 && pthread_create(&second, NULL, call_by_turns, &callers[1]) != 0)
        bench_fail("thread", -1);
    call_by_turns(&callers[0]);
    if (threads == 1)
        return callers[0].nanoseconds;
    pthread_join(second, NULL);
    return (callers[0].nanoseconds + callers[1].nanoseconds) / 2;
}

static void scale_opens(uint32_t processors)
{
    sb_handle files[MOST_OPENS];
    struct bench_host host;
    uint32_t opened = 0;

    bench_host_start(&host, driver, processors);
    for (uint32_t count = 1; count <= MOST_OPENS; count = count == 4    ? 16
                                                          : count == 16 ? 64
                                                                        : count * 2) {
        while (opened < count)
            files[opened++] = bench_host_open(&host, false);
        print(processors == 1 ? "scaling-opens-1" : "scaling-opens-2", count,
              measure_opens(&host, files, count, processors));
    }
    bench_host_end(&host);
}

/* Calls that wait: the i-th is sent on the open i / OPEN_MAY_WAIT of a circle. */
struct waiting {
    struct bench_host host;
    sb_handle *files;
    struct sb_io_status *results;
    uint32_t capacity;
    uint64_t sent, released;
    sb_handle releaser;
};

static void send_one(struct waiting *waiting)
{
    uint32_t slot = (uint32_t)(waiting->sent++ % waiting->capacity);
    sb_status status;

    waiting->results[slot].status = -1;
    status = sb_process_ioctl(waiting->host.process, waiting->files[slot / OPEN_MAY_WAIT], 0,
                              &waiting->results[slot], BENCH_WAIT, NULL, 0, NULL, 0);
    if (status != SB_STATUS_PENDING)
        bench_fail("a call does not wait", status);
}

static void release_one(struct waiting *waiting)
{
    uint32_t slot = (uint32_t)(waiting->released++ % waiting->capacity);
    struct sb_io_status result;

    bench_must("release", sb_process_ioctl(waiting->host.process, waiting->releaser, 0, &result,
                                           BENCH_RELEASE, NULL, 0, NULL, 0));
    if (waiting->results[slot].status != 0)
        bench_fail("another call was answered", waiting->results[slot].status);
}

static void measure_waiting(struct waiting *waiting, uint32_t count, unsigned char *memory)
{
    uint64_t first, number = 0;
    double start;

    while (waiting->sent - waiting->released < count)
        send_one(waiting);
    first = waiting->sent;
    start = bench_now();
    do
        for (int i = 0; i < 512; i++) {
            send_one(waiting);
            release_one(waiting);
        }
    while (bench_now() - start < budget);
    print("scaling-waiting", count, (bench_now() - start) / (double)(waiting->sent - first));
    start = bench_now();
    do
        for (int i = 0; i < 1024; i++, number++)
            bench_echo(&waiting->host, waiting->releaser, memory, 16, number);
    while (bench_now() - start < budget);
    print("scaling-waiting-call", count, (bench_now() - start) / (double)number);
}

static void scale_waiting(uint32_t most)
{
    struct waiting waiting = {.capacity = (most / OPEN_MAY_WAIT + 1) * OPEN_MAY_WAIT};
    uint32_t opens = waiting.capacity / OPEN_MAY_WAIT;

    bench_host_start(&waiting.host, driver, 1);
    waiting.files = calloc(opens, sizeof(*waiting.files));
    waiting.results = calloc(waiting.capacity, sizeof(*waiting.results));
    if (waiting.files == NULL || waiting.results == NULL)
        bench_fail("memory", -1);
    for (uint32_t i = 0; i < opens; i++)
        waiting.files[i] = bench_host_open(&waiting.host, true);
    waiting.releaser = bench_host_open(&waiting.host, false);
    for (uint32_t count = 1; count <= most; count *= 10)
        measure_waiting(&waiting, count, bench_host_memory(&waiting.host, 4096));
    while (waiting.released < waiting.sent)
        release_one(&waiting);
    bench_host_end(&waiting.host);
    free(waiting.results);
    free(waiting.files);
}

static void use_pool(const struct bench_host *host, sb_handle file, struct bench_pool *memory,
                     uint64_t kept, uint64_t pairs)
{
    struct sb_io_status result;

    *memory = (struct bench_pool){kept, pairs};
    bench_must("pool", sb_process_ioctl(host->process, file, 0, &result, BENCH_POOL, memory,
                                        sizeof(*memory), memory, sizeof(*memory)));
    if (memory->kept != kept || memory->pairs != pairs)
        bench_fail("the pool's blocks are wrong", -1);
}

static void scale_blocks(uint32_t most)
{
    struct bench_pool *memory;
    struct bench_host host;
    sb_handle file;

    bench_host_start(&host, driver, 1);
    file = bench_host_open(&host, false);
    memory = bench_host_memory(&host, sizeof(*memory));
    for (uint32_t count = 1; count <= most; count *= 10) {
        uint64_t pairs = 0;
        double start;

        use_pool(&host, file, memory, count, 1000);
        start = bench_now();
        do {
            use_pool(&host, file, memory, count, 10000);
            pairs += 10000;
        } while (bench_now() - start < budget);
        print("scaling-blocks", count, (bench_now() - start) / (double)pairs);
    }
    use_pool(&host, file, memory, 0, 0);
    bench_host_end(&host);
}

int main(int argc, char **argv)
{
    uint32_t most_waiting = 100000, most_blocks = 1000000;

    if (argc < 2 || argc == 4 || argc > 5) {
        fprintf(stderr, "usage: scaling_host BENCH.sys [SECONDS [MOST_WAITING MOST_BLOCKS]]\n");
        return 2;
    }
    driver = argv[1];
    if (argc >= 3)
        budget = strtod(argv[2], NULL) * 1e9;
    if (argc == 5) {
        most_waiting = (uint32_t)strtoul(argv[3], NULL, 10);
        most_blocks = (uint32_t)strtoul(argv[4], NULL, 10);
    }
    scale_opens(1);
    scale_opens(2);
    scale_waiting(most_waiting);
    scale_blocks(most_blocks);
    return 0;
}
