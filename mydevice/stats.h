/*
 * The verb stats: the driver's counters, once or live.
 */
#ifndef MYDEVICE_STATS_H
#define MYDEVICE_STATS_H

#include <sysbuf/client.h>

struct stats {
    uint64_t values[SB_COUNTER_COUNT];
};

/* Prints a line for each counter. Returns 0, or -1 if that failed. */
int stats_print(const struct stats *stats);

/* Prints a line for each counter that has changed, and by how much. Returns 0, or -1. */
int stats_print_changes(const struct stats *before, const struct stats *now);

#endif
