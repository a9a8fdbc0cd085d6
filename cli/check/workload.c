/* Playing the workload's scripts, and the order of its parts. */
#include "cli/check/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"
#include "cli/memory.h"

/* A body whose every statement stops the machine is not played to its end. */
enum { MOST_RESTARTS = 2000, PATIENCE = 2 };

struct slice {
    const struct lines *prologue, *body;
    size_t first; /* of the body: where it begins */
};

bool workload_case(struct workload *workload, const char *phase, const char *script,
                   const struct case_variant *variant, unsigned *new)
{
    if (!budget_allows(workload->budget, phase) ||
        !case_run(workload->target, script, variant, workload->result))
        return false;
    workload->cases++;
    unsigned count = findings_take(workload->findings, workload->result, script, variant, phase);
    if (new)
        *new = count;
    progress_again(workload->progress);
    return true;
}

static char *join_slice(const struct slice *slice)
{
    struct lines rest = {slice->body->lines + slice->first, slice->body->count - slice->first};
    char *front = lines_join(slice->prologue, NULL), *back = lines_join(&rest, NULL), *script;

    if (asprintf(&script, "%s%s", front, back) < 0)
        script = NULL;
    free(front);
    free(back);
    return script;
}

static void visit_lines(const struct case_result *result, const struct slice *slice,
                        void (*visit)(void *, const char *, const struct case_line *),
                        void *context)
{
    for (size_t i = slice->first; visit && i < slice->body->count; i++) {
        size_t line = slice->prologue->count + (i - slice->first) + 1;
        if (line < CASE_LINES && result->lines[line].was_done)
            visit(context, slice->body->lines[i], &result->lines[line]);
    }
}

/* Where the body goes on after a case; its end when the case came through. */
static size_t next_of(const struct case_result *result, const struct slice *slice)
{
    if (result->end == CASE_FINISHED || result->line <= slice->prologue->count)
        return slice->body->count;
    return slice->first + (result->line - slice->prologue->count);
}

/* How many statements are left out behind one that ended the machine: none while there is something
 * new to be found, and then more and more of those that the driver very likely dies of too. */
static size_t skip_of(unsigned barren)
{
    return barren < PATIENCE ? 0
                             : (size_t)1 << (barren - PATIENCE < 8 ? 2 * (barren - PATIENCE) : 16);
}

static void play(struct workload *workload, const char *phase, struct slice *slice, bool samples,
                 void (*visit)(void *, const char *, const struct case_line *), void *context)
{
    unsigned restarts = 0, barren = 0;

    do {
        char *script = join_slice(slice);
        unsigned new;
        if (!script || !workload_case(workload, phase, script, NULL, &new)) {
            free(script);
            return;
        }
        visit_lines(workload->result, slice, visit, context);
        size_t next = next_of(workload->result, slice);
        workload->calls += (unsigned)(next - slice->first);
        barren = new ? 0 : barren + (workload->result->end == CASE_STUCK ? PATIENCE : 1);
        slice->first = next + (samples ? skip_of(barren) : 0);
        free(script);
    } while (slice->first < slice->body->count && ++restarts < MOST_RESTARTS);
}

void workload_play(struct workload *workload, const char *phase, const struct lines *prologue,
                   const struct lines *body,
                   void (*visit)(void *context, const char *statement, const struct case_line *),
                   void *context)
{
    struct slice slice = {prologue, body, 0};

    play(workload, phase, &slice, false, visit, context);
}

void workload_sample(struct workload *workload, const char *phase, const struct lines *prologue,
                     const struct lines *body,
                     void (*visit)(void *context, const char *statement, const struct case_line *),
                     void *context)
{
    struct slice slice = {prologue, body, 0};

    play(workload, phase, &slice, true, visit, context);
}

void workload_run(struct workload *workload)
{
    part_start_and_stop(workload);
    if (workload->has_plug_and_play)
        part_plug_and_play(workload);
    for (size_t i = 0; i < workload->device_count; i++) {
        struct device *device = &workload->devices[i];
        part_open_and_close(workload, device);
        for (size_t k = 0; k < device->entrance_count; k++)
            part_buffers(workload, device, &device->entrances[k]);
        part_pending(workload, device);
        part_sequences(workload, device);
        if (workload->schedules)
            part_races(workload, device);
    }
}

static void free_entrance(struct entrance *entrance)
{
    free(entrance->call);
    lines_free(&entrance->good);
}

void workload_free(struct workload *workload)
{
    for (size_t i = 0; i < workload->device_count; i++) {
        struct device *device = &workload->devices[i];
        for (size_t k = 0; k < device->entrance_count; k++)
            free_entrance(&device->entrances[k]);
        free(device->entrances);
        free(device->open);
    }
    free(workload->devices);
}
