/*
 * What the test programs begin with: a driver in a machine, and what it has said. After cmocka.h
 * and sysbuf/host.h.
 */
#ifndef LOADED_DRIVER_H
#define LOADED_DRIVER_H

#include <string.h>

/* What drivers have said; a line that does not fit is left out. */
struct text {
    size_t length;
    char bytes[16384];
};

/* A machine's log sink; its context is a struct text. */
static inline void keep_log(void *context, const char *line, size_t length)
{
    struct text *log = context;

    if (log->length + length >= sizeof log->bytes)
        return;
    memcpy(log->bytes + log->length, line, length);
    log->length += length;
    log->bytes[log->length] = 0;
}

static inline void forget_log(struct text *log)
{
    log->length = 0;
    log->bytes[0] = 0;
}

/* Loads a driver; where it refuses, shows why and what it said, which may be NULL, and fails. */
static inline struct sb_driver *load_driver(struct sb_machine *machine, const char *path,
                                            const struct text *log)
{
    struct sb_driver *driver = NULL;
    char error[512] = "";
    sb_status status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof error);

    if (status != 0)
        print_message("%s: %08x %s\n%s", path, (unsigned)status, error, log ? log->bytes : "");
    assert_int_equal(status, 0);
    return driver;
}

/* A test's own state; cmocka puts handlers of its own in place before each test. */
static inline void *claim_state(void **state)
{
    assert_int_equal(sb_host_claim_faults(), 0);
    return *state;
}

#endif
