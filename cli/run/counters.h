/* A driver's counters (SB_QUERY_STATISTICS), by name. */
#ifndef SYSBUF_CLI_COUNTERS_H
#define SYSBUF_CLI_COUNTERS_H

#include <stdio.h>

#include <sysbuf/protocol.h>

#include "cli/run/session.h"

struct counters {
    size_t count; /* that the driver has and this program knows */
    uint64_t values[SB_COUNTER_COUNT];
};

/* Asks by an open handle; waits. What the driver answered; counters is untouched on failure. */
sb_status counters_query(struct sb_process *process, sb_handle file, struct counters *counters);
/* A line each: all, or, with before, those that have changed and by how much. */
void counters_print(const struct counters *now, const struct counters *before);

/* The statement. */
bool execute_stats(struct session *session, const struct action *action);

#endif
