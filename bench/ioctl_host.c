/*
 * One buffered call of MyDevice on the host, application to reply: ioctl_host DRIVER.sys CALLS
 * [RULES], which are SB_VERIFY_* as a number. A finding ends the run: MyDevice has none. Prints
 * nanoseconds a call. Every reply is compared; a wrong one ends the run.
 */
#define _POSIX_C_SOURCE 200809L

#include <mydevice/contract.h>
#include <sysbuf/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fail(const char *what, sb_status status)
{
    fprintf(stderr, "ioctl_host: %s: status 0x%08x\n", what, (unsigned)status);
    return 1;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Calls so often; 0, or the status that was wrong. */
static sb_status run(struct sb_process *process, sb_handle file, unsigned char *memory, long calls)
{
    unsigned char *reply = memory + 64;
    struct sb_io_status result;
    sb_status status;
    long call;

    for (call = 0; call < calls; call++) {
        reply[0] = 0;
        status = sb_process_ioctl(process, file, 0, &result, MYDEVICE_HELLO, memory,
                                  sizeof(struct mydevice_request), reply, 20);
        if (status != 0 || result.information != sizeof(struct mydevice_reply) ||
            memcmp(reply, MYDEVICE_REPLY_TEXT, sizeof(struct mydevice_reply)) != 0)
            return status != 0 ? status : -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    /* The driver's debug output is what a Windows that was not asked for it shows: none. */
    const struct sb_machine_options options = {
        .debug_print_mask = 1, .verify = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 0) : 0};
    long calls = argc == 3 || argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    struct sb_machine *machine;
    struct sb_process *process;
    struct sb_driver *driver;
    unsigned char *memory;
    char error[512] = "";
    sb_handle file;
    sb_status status;
    double start;

    if (calls <= 0) {
        fprintf(stderr, "usage: ioctl_host DRIVER.sys CALLS [RULES]\n");
        return 2;
    }
    status = sb_machine_create(&options, &machine);
    if (status != 0)
        return fail("machine", status);
    status = sb_machine_load_driver_file(machine, argv[1], &driver, error, sizeof(error));
    if (status != 0)
        return fail(error, status);
    status = sb_process_create(machine, NULL, &process);
    if (status == 0)
        status = sb_process_open(process, MYDEVICE_PATH, NULL, &file);
    if (status != 0)
        return fail("open", status);
    memory = sb_process_allocate(process, 4096, false);
    if (memory == NULL)
        return fail("memory", -1);

    status = run(process, file, memory, calls / 10 + 1);
    start = now();
    if (status == 0)
        status = run(process, file, memory, calls);
    if (status != 0)
        return fail("call", status);
    printf("%.1f\n", (now() - start) / (double)calls);
    if (sb_machine_finding_count(machine) != 0)
        return fail("a finding", -1);
    sb_process_destroy(process);
    sb_machine_destroy(machine);
    return 0;
}
