/*
 * Drivers whose DriverEntry makes the checks: each failed one is told in the debug output, and the
 * driver then refuses to load. For test programs, after cmocka.h and sysbuf/host.h.
 */
#ifndef CHECKING_DRIVER_H
#define CHECKING_DRIVER_H

#include "loaded_driver.h"

/* Loads the driver into a machine of its own; it must load and say expected. */
static inline void load_checking_driver(const char *path, uint32_t processors, const char *expected)
{
    static struct text log;
    struct sb_machine_options options = {
        .processors = processors, .log = keep_log, .log_context = &log};
    struct sb_machine *machine;

    forget_log(&log);
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &machine));
    load_driver(machine, path, &log);
    sb_machine_destroy(machine);
    assert_non_null(strstr(log.bytes, expected));
}

#endif
