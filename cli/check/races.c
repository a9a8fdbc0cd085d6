/* The part of the workload in which calls meet. */
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"

enum { MOST_RACES = 24, MOST_STATE_RACES = 48 };

static void play(struct workload *workload, struct lines *lines)
{
    struct case_variant variant = {.schedules = workload->schedules,
                                   .preemptions = workload->preemptions};
    char *script = lines_join(lines, NULL);

    if (workload_case(workload, "schedules", script, &variant, NULL))
        workload->schedules_tried += workload->result->schedules;
    free(script);
    lines_free(lines);
}

static const char *good_call(const struct entrance *entrance)
{
    return entrance->good.count ? entrance->good.lines[0] : NULL;
}

/* One that uses what another call made is better still. */
static const char *call_behind_another(const struct entrance *entrance)
{
    return entrance->users.count ? entrance->users.lines[0] : good_call(entrance);
}

/* One call beside another, on the same handle; first (may be NULL) goes before them. */
static void race(struct workload *workload, const struct device *device, const char *first,
                 const char *one, const char *other)
{
    struct lines lines = {0};

    lines_add(&lines, "%s", device->open);
    if (first)
        lines_add(&lines, "%s", first);
    lines_add(&lines, "together %s", one);
    lines_add(&lines, "together %s", other);
    play(workload, &lines);
}

static void race_pending(struct workload *workload, const struct device *device,
                         const char *pending)
{
    race(workload, device, pending, "cancel d", "close d");
    for (size_t i = 0; i < device->entrance_count; i++) {
        const char *call = call_behind_another(&device->entrances[i]);
        if (!call || device->entrances[i].pends)
            continue;
        race(workload, device, pending, "cancel d", call);
        race(workload, device, pending, "close d", call);
    }
}

/* What one call made is used by two others at once, or used and made anew. */
static void race_for(struct workload *workload, const struct device *device, const char *maker,
                     unsigned *races)
{
    for (size_t i = 0; i < device->entrance_count; i++) {
        const struct entrance *one = &device->entrances[i];
        if (!one->users.count)
            continue;
        race(workload, device, maker, one->users.lines[0], maker);
        for (size_t k = i; k < device->entrance_count && *races < MOST_STATE_RACES; k++) {
            if (!device->entrances[k].users.count)
                continue;
            race(workload, device, maker, one->users.lines[0], device->entrances[k].users.lines[0]);
            ++*races;
        }
    }
}

void part_races(struct workload *workload, struct device *device)
{
    unsigned races = 0;

    progress_show(workload->progress, "calls at the same time", device->open);
    for (size_t i = 0; i < device->entrance_count; i++) {
        const char *call = good_call(&device->entrances[i]);
        if (!call)
            continue;
        race(workload, device, NULL, call, "close d");
        if (device->entrances[i].pends)
            race_pending(workload, device, call);
        for (size_t k = i; k < device->entrance_count && races < MOST_RACES; k++) {
            const char *other = good_call(&device->entrances[k]);
            if (!other)
                continue;
            race(workload, device, NULL, call, other);
            races++;
        }
    }
    races = 0;
    for (size_t i = 0; i < device->makers.count; i++)
        race_for(workload, device, device->makers.lines[i], &races);
}
