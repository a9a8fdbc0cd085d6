/* What calls leave behind for other calls: objects that are made, used and freed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"
#include "cli/memory.h"

enum { MOST_STATEFUL = 12, OUTPUT = 256 };

/* ---- small indices or handles beside lengths ---- */
static void add_pairs(struct lines *body, const struct entrance *entrance)
{
    static const unsigned seconds[] = {0, 1, 16, 256, 4096, 8192};

    for (unsigned size = 4; size <= 8; size += 4)
        for (unsigned first = 0; first < 3; first++)
            for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
                lines_add(body, "%s in u%u %u u%u %u zeros %u out %u", entrance->call, size * 8,
                          first, size * 8, seconds[i], 32 - 2 * size, OUTPUT);
}

/* A call that succeeds at one time and fails at another depends on others. */
static void compare(struct entrance *entrance, const char *statement, sb_status status)
{
    for (size_t i = 0; i < entrance->tried.count; i++)
        if (strcmp(entrance->tried.lines[i], statement) == 0) {
            if (entrance->tried_status[i] != status)
                entrance->is_stateful = true;
            return;
        }
    entrance->tried_status =
        memory_grow(entrance->tried_status, entrance->tried.count, sizeof *entrance->tried_status);
    entrance->tried_status[entrance->tried.count] = status;
    lines_add(&entrance->tried, "%s", statement);
}

/* Which of them are good for later is not known, so more are kept. */
static void take_call(void *context, const char *statement, const struct case_line *line)
{
    enum { MOST_GOOD = 16 };
    struct device *device = context;

    for (size_t i = 0; i < device->entrance_count; i++) {
        struct entrance *entrance = &device->entrances[i];
        size_t length = strlen(entrance->call);
        if (strncmp(statement, entrance->call, length) != 0 || statement[length] != ' ')
            continue;
        compare(entrance, statement, line->status);
        if (line->status >= 0 && entrance->good.count < MOST_GOOD)
            lines_add(&entrance->good, "%s", statement);
    }
}

/* All on one machine, twice: what the first calls left behind is there for the others. */
static void try_all(struct workload *workload, struct device *device, const char *phase)
{
    struct lines prologue = {0}, body = {0};

    part_begin(&prologue, device);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < device->entrance_count; i++)
            if (!device->entrances[i].is_read && !device->entrances[i].is_write)
                add_pairs(&body, &device->entrances[i]);
    workload_sample(workload, phase, &prologue, &body, take_call, device);
    lines_free(&prologue);
    lines_free(&body);
}

/* ---- made, used, freed, in every order ---- */
static size_t find_stateful(struct device *device, const struct entrance *found[MOST_STATEFUL])
{
    size_t count = 0;

    for (size_t i = 0; i < device->entrance_count && count < MOST_STATEFUL; i++)
        if (device->entrances[i].is_stateful && device->entrances[i].good.count)
            found[count++] = &device->entrances[i];
    return count;
}

/* What may have been made is made anew where the machine starts anew. */
static void try_lives(struct workload *workload, const struct device *device, const char *maker,
                      const struct lines *body, const char *phase)
{
    struct lines prologue = {0};

    part_begin(&prologue, device);
    lines_add(&prologue, "%s", maker);
    workload_sample(workload, phase, &prologue, body, NULL, NULL);
    lines_free(&prologue);
}

static void try_makers(struct workload *workload, struct device *device, const char *phase)
{
    const struct entrance *stateful[MOST_STATEFUL];
    size_t count = find_stateful(device, stateful);
    struct lines body = {0};

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            lines_add(&body, "%s", stateful[i]->good.lines[0]);
            lines_add(&body, "%s", stateful[k]->good.lines[0]);
        }
    for (size_t i = 0; i < device->entrance_count && count; i++) {
        const struct lines *good = &device->entrances[i].good;
        if (good->count)
            try_lives(workload, device, good->lines[0], &body, phase);
        if (good->count > 1)
            try_lives(workload, device, good->lines[good->count - 1], &body, phase);
    }
    lines_free(&body);
}

void part_state(struct workload *workload, struct device *device)
{
    static const char phase[] = "calls that leave something behind";

    progress_show(workload->progress, phase, device->open);
    try_all(workload, device, phase);
    try_makers(workload, device, phase);
}
