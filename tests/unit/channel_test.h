/*
 * What the tests of the channels begin and end with.
 */
#ifndef CHANNEL_TEST_H
#define CHANNEL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "channel_probe.h"
#include "fake_kernel.h"

static int start(void **state)
{
    (void)state;
    fake_reset();
    channel_reset();
    if (fake_start() != FAKE_STATUS_SUCCESS)
        return -1;
    return fake_open(NULL, false).status == FAKE_STATUS_SUCCESS ? 0 : -1;
}

/* As start, with what the test sets itself. */
static inline void start_again(void)
{
    fake_use_file(0);
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    assert_int_equal(fake_open(NULL, false).status, FAKE_STATUS_SUCCESS);
}

/* Nothing may be left, whatever the test has left open. */
static int stop(void **state)
{
    struct fake_holdings held;

    (void)state;
    for (unsigned file = 0; file < FAKE_FILES; file++) {
        fake_use_file(file);
        fake_simple(FAKE_CLEANUP);
        fake_simple(FAKE_CLOSE);
    }
    fake_unload();
    held = fake_holdings();
    return held.devices | held.links | held.handles | held.blocks | held.mistakes;
}

static inline void assert_result(struct fake_result result, uint32_t status, uint64_t information)
{
    assert_int_equal(result.status, status);
    assert_int_equal(result.returned, status);
    assert_int_equal(result.information, information);
    assert_int_equal(result.completions, 1);
}

/* The driver's counter. */
static inline uint64_t counter(enum sb_counter wanted)
{
    struct {
        struct sb_statistics_header header;
        uint64_t values[SB_COUNTER_COUNT];
    } reply;

    assert_result(fake_control(SB_QUERY_STATISTICS, NULL, 0, &reply, sizeof(reply), 0),
                  FAKE_STATUS_SUCCESS, sizeof(reply));
    assert_int_equal(reply.header.count, SB_COUNTER_COUNT);
    return reply.values[wanted];
}

#endif
