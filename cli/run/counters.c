#include "cli/run/counters.h"

#include <inttypes.h>
#include <string.h>

#include <sysbuf/client.h>

/* Room for what later drivers count as well. */
enum { MOST_COUNTERS = 1024 };

struct answer {
    struct sb_statistics_header header;
    uint64_t values[MOST_COUNTERS];
};

static sb_status ask(struct sb_process *process, sb_handle file, struct answer *answer,
                     struct sb_io_status *done)
{
    sb_status status = sb_process_ioctl(process, file, 0, done, SB_QUERY_STATISTICS, NULL, 0,
                                        answer, sizeof *answer);

    if (status != SB_STATUS_PENDING)
        return status;
    (void)sb_process_wait(process, &file, 1, false, SB_FOREVER);
    return done->status;
}

static sb_status take(const struct answer *answer, uint64_t length, struct counters *counters)
{
    const sb_status invalid = (sb_status)0xC0000184; /* STATUS_INVALID_DEVICE_STATE */

    if (length < sizeof answer->header || answer->header.format != 1)
        return invalid;
    size_t count = (size_t)(length - sizeof answer->header) / sizeof answer->values[0];
    counters->count = count < SB_COUNTER_COUNT ? count : SB_COUNTER_COUNT;
    memcpy(counters->values, answer->values, counters->count * sizeof answer->values[0]);
    return 0;
}

sb_status counters_query(struct sb_process *process, sb_handle file, struct counters *counters)
{
    const sb_status no_memory = (sb_status)0xC000009A; /* STATUS_INSUFFICIENT_RESOURCES */
    struct sb_io_status done = {.status = SB_STATUS_PENDING};
    struct answer *answer = sb_process_allocate(process, sizeof *answer, false);

    if (!answer)
        return no_memory;
    sb_status status = ask(process, file, answer, &done);
    if (status >= 0)
        status = take(answer, done.information, counters);
    sb_process_free(process, answer);
    return status;
}

void counters_print(const struct counters *now, const struct counters *before)
{
    for (size_t i = 0; i < now->count; i++) {
        uint64_t change = before ? now->values[i] - before->values[i] : 0;
        const char *name = sb_counter_name((enum sb_counter)i);
        if (!before)
            printf("%-26s %" PRIu64 "\n", name, now->values[i]);
        else if (change)
            printf("%-26s %" PRIu64 " (%+" PRId64 ")\n", name, now->values[i], (int64_t)change);
    }
    fflush(stdout);
}

bool execute_stats(struct session *session, const struct action *action)
{
    struct session_process *owner;
    struct counters counters;
    sb_handle file;
    const char *name;
    char text[96];

    if (!handle_resolve(session, action, &owner, &file, &name))
        return false;
    sb_status status = counters_query(owner->process, file, &counters);
    result_set(session, "stats", status, 0);
    report_call(session, action->line, "stats %s: %s", name, report_status(status, text));
    if (status >= 0) {
        counters_print(&counters, NULL);
        result_set_output(session, counters.values, counters.count * sizeof *counters.values,
                          false);
    }
    return true;
}
