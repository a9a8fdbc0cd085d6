/*
 * What calls leave behind for other calls. Each call is made on a fresh machine first, then behind
 * each call that succeeds: where the answers differ, the one has made what the other uses. Those
 * are then played in every order: made, used, freed, used, freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"
#include "cli/memory.h"

enum { OUTPUT = 256, MOST_STATEFUL = 12, MOST_MAKERS = 24 };

static const char phase[] = "calls on what others left";

/* ---- small indices or handles beside lengths, in fields of `size` bytes ---- */
static void add_pairs(struct lines *body, const struct entrance *entrance, unsigned size,
                      unsigned firsts, const unsigned *seconds, size_t count)
{
    if (entrance->is_read || entrance->is_write)
        return;
    for (unsigned first = 0; first < firsts; first++)
        for (size_t i = 0; i < count; i++)
            lines_add(body, "%s in u%u %u u%u %u zeros %u out %u", entrance->call, size * 8, first,
                      size * 8, seconds[i], 32 - 2 * size, OUTPUT);
}

static void add_all_pairs(struct lines *body, const struct entrance *entrance)
{
    static const unsigned seconds[] = {0, 1, 16, 256, 4096, 8192};

    for (unsigned size = 4; size <= 8; size += 4)
        add_pairs(body, entrance, size, 3, seconds, 6);
}

/* Some of them. */
static void add_few_pairs(struct lines *body, const struct entrance *entrance)
{
    static const unsigned seconds[] = {0, 1, 8192};

    for (unsigned size = 4; size <= 8; size += 4)
        add_pairs(body, entrance, size, 1, seconds, 3);
}

/* ---- on a fresh machine ---- */
static void note_fresh(void *context, const char *statement, const struct case_line *line)
{
    struct entrance *entrance = context;

    entrance->fresh_status =
        memory_grow(entrance->fresh_status, entrance->fresh.count, sizeof *entrance->fresh_status);
    entrance->fresh_status[entrance->fresh.count] = line->status;
    lines_add(&entrance->fresh, "%s", statement);
    if (line->status >= 0 && entrance->makers.count < 2)
        lines_add(&entrance->makers, "%s", statement);
}

static void try_fresh(struct workload *workload, const struct device *device,
                      struct entrance *entrance)
{
    struct lines prologue = {0}, body = {0};

    part_begin(&prologue, device);
    if (entrance->good.count)
        lines_add(&entrance->makers, "%s", entrance->good.lines[0]);
    add_all_pairs(&body, entrance);
    workload_sample(workload, phase, &prologue, &body, note_fresh, entrance);
    lines_free(&prologue);
    lines_free(&body);
}

/* ---- behind another call ---- */
struct effect {
    struct device *device;
    bool any;
};

static bool fails_fresh(const struct entrance *entrance, const char *statement)
{
    for (size_t i = 0; i < entrance->fresh.count; i++)
        if (strcmp(entrance->fresh.lines[i], statement) == 0)
            return entrance->fresh_status[i] < 0;
    return false;
}

/* Of the calls that fail on a fresh machine some. */
static void add_failing(struct lines *body, const struct entrance *entrance)
{
    struct lines few = {0};

    add_few_pairs(&few, entrance);
    for (size_t i = 0; i < few.count; i++)
        if (fails_fresh(entrance, few.lines[i]))
            lines_add(body, "%s", few.lines[i]);
    lines_free(&few);
}

static void note_effect(void *context, const char *statement, const struct case_line *line)
{
    struct effect *effect = context;

    for (size_t i = 0; i < effect->device->entrance_count; i++) {
        struct entrance *entrance = &effect->device->entrances[i];
        if (line->status < 0 || !fails_fresh(entrance, statement))
            continue;
        effect->any = true;
        if (entrance->users.count < 2)
            lines_add(&entrance->users, "%s", statement);
    }
}

static bool has_effect(struct workload *workload, struct device *device, const char *maker)
{
    struct lines prologue = {0}, body = {0};
    struct effect effect = {.device = device};

    part_begin(&prologue, device);
    lines_add(&prologue, "%s", maker);
    for (size_t i = 0; i < device->entrance_count; i++)
        add_failing(&body, &device->entrances[i]);
    workload_sample(workload, phase, &prologue, &body, note_effect, &effect);
    lines_free(&prologue);
    lines_free(&body);
    return effect.any;
}

static void find_makers(struct workload *workload, struct device *device)
{
    struct lines *makers = &device->makers;

    for (size_t i = 0; i < device->entrance_count; i++)
        for (size_t k = 0; k < device->entrances[i].makers.count; k++) {
            const char *maker = device->entrances[i].makers.lines[k];
            if (makers->count < MOST_MAKERS && has_effect(workload, device, maker))
                lines_add(makers, "%s", maker);
        }
}

/* ---- made, used, freed, in every order ---- */
static void add_orders(struct lines *body, const struct device *device)
{
    const struct entrance *users[MOST_STATEFUL];
    size_t count = 0;

    for (size_t i = 0; i < device->entrance_count && count < MOST_STATEFUL; i++)
        if (device->entrances[i].users.count)
            users[count++] = &device->entrances[i];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            lines_add(body, "%s", users[i]->users.lines[0]);
            lines_add(body, "%s", users[k]->users.lines[users[k]->users.count - 1]);
        }
}

/* Where the machine starts anew, what was made is made anew. */
static void try_lives(struct workload *workload, const struct device *device, const char *maker,
                      const struct lines *body)
{
    struct lines prologue = {0};

    part_begin(&prologue, device);
    lines_add(&prologue, "%s", maker);
    workload_play(workload, phase, &prologue, body, NULL, NULL);
    lines_free(&prologue);
}

void part_state(struct workload *workload, struct device *device)
{
    struct lines body = {0};

    for (size_t i = 0; i < device->entrance_count; i++) {
        progress_show(workload->progress, phase, device->entrances[i].call);
        try_fresh(workload, device, &device->entrances[i]);
    }
    find_makers(workload, device);
    add_orders(&body, device);
    for (size_t i = 0; i < device->makers.count; i++)
        try_lives(workload, device, device->makers.lines[i], &body);
    lines_free(&body);
}
