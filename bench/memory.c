/*
 * What the host keeps resident: memory_host MYDEVICE.sys BENCH.sys [CALLS]
 *
 * The process at rest with MyDevice loaded; then what each further machine with MyDevice, each
 * open and each waiting request add; and what CALLS calls (10,000,000) leave behind.
 */
#define _POSIX_C_SOURCE 200809L

#include <bench/bench_host.h>
#include <mydevice/contract.h>

#include <unistd.h>

#define MACHINES 10
#define OPENS    2000
#define WAITING  100 /* of each open, below SB_PENDING_MAXIMUM */

/* Bytes of resident memory of this process. */
static double resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long all, pages;

    if (file == NULL || fscanf(file, "%lu %lu", &all, &pages) != 2)
        bench_fail("/proc/self/statm", -1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static struct sb_machine *start_mydevice(const char *path)
{
    const struct sb_machine_options options = {.debug_print_mask = 1};
    struct sb_machine *machine;
    struct sb_driver *driver;
    char error[512] = "";
    sb_status status;

    bench_must("machine", sb_machine_create(&options, &machine));
    status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof(error));
    bench_must(error, status);
    return machine;
}

static void measure_machines(const char *path)
{
    struct sb_machine *machines[MACHINES];
    struct sb_machine *first = start_mydevice(path);
    double before;

    bench_print("memory-at-rest", resident() / 1024, "KiB");
    machines[0] = start_mydevice(path);
    before = resident();
    for (int i = 1; i < MACHINES; i++)
        machines[i] = start_mydevice(path);
    bench_print("memory-per-machine", (resident() - before) / (MACHINES - 1) / 1024, "KiB");
    for (int i = 0; i < MACHINES; i++)
        sb_machine_destroy(machines[i]);
    sb_machine_destroy(first);
}

static void measure_requests(const char *path)
{
    static struct sb_io_status results[OPENS / 10 * WAITING];
    static sb_handle files[OPENS];
    struct bench_host host;
    double before;

    memset(results, 0xFF, sizeof(results)); /* resident from here on */
    memset(files, 0xFF, sizeof(files));
    bench_host_start(&host, path, 1);
    bench_host_open(&host, true);
    before = resident();
    for (int i = 0; i < OPENS; i++)
        files[i] = bench_host_open(&host, true);
    bench_print("memory-per-open", (resident() - before) / OPENS, "bytes");
    before = resident();
    for (int i = 0; i < OPENS / 10 * WAITING; i++)
        if (sb_process_ioctl(host.process, files[i % (OPENS / 10)], 0, &results[i], BENCH_WAIT,
                             NULL, 0, NULL, 0) != SB_STATUS_PENDING)
            bench_fail("a call does not wait", results[i].status);
    bench_print("memory-per-request", (resident() - before) / (OPENS / 10 * WAITING), "bytes");
    bench_host_end(&host);
}

static void measure_growth(const char *path, uint64_t calls)
{
    struct bench_host host;
    unsigned char *memory;
    sb_handle file;
    double before;

    bench_host_start(&host, path, 1);
    file = bench_host_open(&host, false);
    memory = bench_host_memory(&host, 4096);
    for (uint64_t number = 0; number < 10000; number++)
        bench_echo(&host, file, memory, 64, number);
    before = resident();
    for (uint64_t number = 0; number < calls; number++)
        bench_echo(&host, file, memory, 64, number);
    bench_print("memory-growth", (resident() - before) / 1024, "KiB");
    bench_print("memory-growth-calls", (double)calls, "calls");
    bench_host_end(&host);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: memory_host MYDEVICE.sys BENCH.sys [CALLS]\n");
        return 2;
    }
    measure_machines(argv[1]);
    measure_requests(argv[2]);
    measure_growth(argv[2], argc == 4 ? strtoull(argv[3], NULL, 10) : 10000000);
    return 0;
}
