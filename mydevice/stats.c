#include <mydevice/console.h>
#include <mydevice/stats.h>

#include <inttypes.h>

int stats_print(const struct stats *stats)
{
    int counter;

    for (counter = 0; counter < SB_COUNTER_COUNT; counter++)
        if (console_print(stdout, "%-26s %" PRIu64 "\n", sb_counter_name((enum sb_counter)counter),
                          stats->values[counter]) != 0)
            return -1;
    return 0;
}

int stats_print_changes(const struct stats *before, const struct stats *now)
{
    int64_t change; /* what waits in rings may become less */
    int counter;

    for (counter = 0; counter < SB_COUNTER_COUNT; counter++) {
        change = (int64_t)(now->values[counter] - before->values[counter]);
        if (change != 0 && console_print(stdout, "%-26s %" PRIu64 " (%+" PRId64 ")\n",
                                         sb_counter_name((enum sb_counter)counter),
                                         now->values[counter], change) != 0)
            return -1;
    }
    return 0;
}
