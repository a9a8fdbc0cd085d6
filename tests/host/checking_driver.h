/*
 * Drivers whose DriverEntry makes the checks: each failed one is told in the debug output, and the
 * driver then refuses to load. For test programs, after cmocka.h and sysbuf/host.h.
 */
#ifndef CHECKING_DRIVER_H
#define CHECKING_DRIVER_H

#include <string.h>

/* What a driver has said; a line that does not fit is left out. */
struct text {
    size_t length;
    char bytes[16384];
};

static inline void keep_log(void *context, const char *line, size_t length)
{
    struct text *log = context;

    if (log->length + length >= sizeof log->bytes)
        return;
    memcpy(log->bytes + log->length, line, length);
    log->length += length;
}

/* Loads the driver into a machine of its own; it must load and say expected. */
static inline void load_checking_driver(const char *path, uint32_t processors, const char *expected)
{
    static struct text log;
    struct sb_machine_options options = {
        .processors = processors, .log = keep_log, .log_context = &log};
    struct sb_machine *machine;
    char error[512] = "";
    sb_status status;

    memset(&log, 0, sizeof log);
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &machine));
    status = sb_machine_load_driver_file(machine, path, NULL, error, sizeof error);
    sb_machine_destroy(machine);
    if (status != 0)
        print_message("%s%s\n", log.bytes, error);
    assert_int_equal(0, status);
    assert_non_null(strstr(log.bytes, expected));
}

#endif
