/*
 * bench.sys on a machine of its own, for the benchmarks that speak to the host directly.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <bench/bench_contract.h>
#include <bench/measure.h>

#include <string.h>

/* One machine, its driver, one process of an application. */
struct bench_host {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
};

/* Starts the driver in file; ends the program where that fails. */
static inline void bench_host_start(struct bench_host *host, const char *file, uint32_t processors)
{
    /* The driver's debug output is what a Windows that was not asked for it shows: none. */
    const struct sb_machine_options options = {.processors = processors, .debug_print_mask = 1};
    char error[512] = "";
    sb_status status;

    bench_must("machine", sb_machine_create(&options, &host->machine));
    status = sb_machine_load_driver_file(host->machine, file, &host->driver, error, sizeof(error));
    bench_must(error, status);
    bench_must("process", sb_process_create(host->machine, NULL, &host->process));
}

static inline void bench_host_end(struct bench_host *host)
{
    sb_process_destroy(host->process);
    sb_machine_destroy(host->machine);
}

static inline sb_handle bench_host_open(const struct bench_host *host, bool is_overlapped)
{
    const struct sb_open_options options = {.is_overlapped = is_overlapped};
    sb_handle file;

    bench_must("open", sb_process_open(host->process, BENCH_PATH, &options, &file));
    return file;
}

static inline void *bench_host_memory(const struct bench_host *host, size_t size)
{
    void *memory = sb_process_allocate(host->process, size, false);

    if (memory == NULL)
        bench_fail("memory", -1);
    return memory;
}

/* One call of BENCH_ECHO that must answer what it was sent, with the words at both ends made one
   more. memory has room for length bytes; a length of 0 is a call without input and output. */
static inline void bench_echo(const struct bench_host *host, sb_handle file, unsigned char *memory,
                              uint32_t length, uint64_t number)
{
    struct sb_io_status result = {0};
    uint64_t first, last;

    if (length != 0) {
        memcpy(memory, &number, 8);
        memcpy(memory + length - 8, &number, 8);
    }
    bench_must("echo", sb_process_ioctl(host->process, file, 0, &result, BENCH_ECHO, memory, length,
                                        memory, length));
    if (result.information != length)
        bench_fail("an echo has another length", -1);
    if (length == 0)
        return;
    memcpy(&first, memory, 8);
    memcpy(&last, memory + length - 8, 8);
    if (first != number + 1 || last != number + 1)
        bench_fail("an echo is wrong", -1);
}

#endif
