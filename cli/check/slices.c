/*
 * Playing many statements, some of which end the machine: what follows is played on a new one. Of
 * calls that end it again and again without anything new, more and more are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/workload.h"
#include "cli/memory.h"

enum { MOST_RESTARTS = 2000, PATIENCE = 2, MOST_HANGS = 3, MOST_CALLS = 256 };

/* The calls of one kind: the same control code, or all reads ... */
struct call {
    const char *text;
    size_t length;
    unsigned barren; /* how often one ended the machine since something new was found */
};

struct slice {
    const struct lines *prologue, *body;
    bool *keep;   /* of the body: what is still to be played */
    size_t first; /* of the body: where the present machine begins */
    struct call calls[MOST_CALLS];
    size_t call_count;
};

/* "ioctl d 0x222000", or the first word. */
static size_t call_length(const char *statement)
{
    size_t length = strcspn(statement, " ");

    if (strncmp(statement, "ioctl", length) != 0)
        return length;
    for (int word = 0; word < 2 && statement[length]; word++)
        length += 1 + strcspn(statement + length + 1, " ");
    return length;
}

static bool is_call(const struct call *call, const char *statement)
{
    return call_length(statement) == call->length &&
           strncmp(statement, call->text, call->length) == 0;
}

static struct call *find_call(struct slice *slice, const char *statement)
{
    for (size_t i = 0; i < slice->call_count; i++)
        if (is_call(&slice->calls[i], statement))
            return &slice->calls[i];
    if (slice->call_count == MOST_CALLS)
        return NULL;
    slice->calls[slice->call_count] = (struct call){statement, call_length(statement), 0};
    return &slice->calls[slice->call_count++];
}

/* Prologue, and what is left of the body. */
static char *join(const struct slice *slice)
{
    struct lines rest = {slice->body->lines + slice->first, slice->body->count - slice->first};
    char *front = lines_join(slice->prologue, NULL);
    char *back = lines_join(&rest, slice->keep + slice->first), *script;

    if (asprintf(&script, "%s%s", front, back) < 0)
        script = NULL;
    free(front);
    free(back);
    return script;
}

/* The statement of the body at a line of the script; the body's end: it has none there. */
static size_t statement_at(const struct slice *slice, size_t line)
{
    size_t at = slice->first;

    if (line <= slice->prologue->count)
        return slice->body->count;
    for (line -= slice->prologue->count; at < slice->body->count; at++)
        if (slice->keep[at] && --line == 0)
            return at;
    return slice->body->count;
}

static void visit_lines(const struct case_result *result, const struct slice *slice,
                        workload_visitor *visit, void *context)
{
    size_t line = slice->prologue->count;

    for (size_t i = slice->first; visit && i < slice->body->count; i++)
        if (slice->keep[i] && ++line < CASE_LINES && result->lines[line].was_done)
            visit(context, slice->body->lines[i], &result->lines[line]);
}

/* None while there is something new to be found, and then more and more of those that the driver
 * very likely dies of too. */
static size_t skip_of(unsigned barren)
{
    unsigned beyond = barren < PATIENCE ? 0 : barren - PATIENCE;

    return barren < PATIENCE ? 0 : (size_t)1 << (beyond < 8 ? 2 * beyond : 16);
}

static void leave_out(struct slice *slice, const struct call *call, size_t from, size_t count)
{
    for (size_t i = from; i < slice->body->count && count; i++)
        if (slice->keep[i] && is_call(call, slice->body->lines[i])) {
            slice->keep[i] = false;
            count--;
        }
}

/* ---- calls that hang ---- */
static bool has_hung(const struct case_result *result)
{
    static const char rule[] = "request-stuck";

    for (uint32_t i = 0; i < result->finding_count; i++)
        if (strcmp(result->findings[i].finding.rule.identifier, rule) == 0)
            return true;
    return result->end == CASE_STUCK ||
           (result->end == CASE_STOPPED && result->bug_check.code == SB_STOP_ENDLESS);
}

static bool hangs_again(const struct workload *workload, const char *statement)
{
    size_t length = call_length(statement);
    unsigned count = 0;

    for (size_t i = 0; i < workload->hangs.count; i++)
        count += call_length(workload->hangs.lines[i]) == length &&
                 strncmp(workload->hangs.lines[i], statement, length) == 0;
    return count >= MOST_HANGS;
}

static void leave_out_hanging(const struct workload *workload, struct slice *slice)
{
    for (size_t i = slice->first; workload->hangs.count && i < slice->body->count; i++)
        if (hangs_again(workload, slice->body->lines[i]))
            slice->keep[i] = false;
}

/* The statement ended the machine. */
static void note_end(struct slice *slice, size_t statement, bool is_new)
{
    struct call *call = find_call(slice, slice->body->lines[statement]);

    if (!call)
        return;
    call->barren = is_new ? 0 : call->barren + 1;
    leave_out(slice, call, statement + 1, skip_of(call->barren));
}

/* One machine. False: that was the last. */
static bool play_slice(struct workload *workload, const char *phase, struct slice *slice,
                       bool samples, workload_visitor *visit, void *context)
{
    char *script = join(slice);
    unsigned new;
    bool played = script && workload_case(workload, phase, script, workload->variant, &new);

    free(script);
    if (!played)
        return false;
    visit_lines(workload->result, slice, visit, context);
    bool came_through = workload->result->end == CASE_FINISHED;
    size_t last = came_through ? slice->body->count : statement_at(slice, workload->result->line);
    for (size_t i = slice->first; i < slice->body->count && i <= last; i++)
        workload->calls += slice->keep[i];
    if (last == slice->body->count)
        return false;
    if (samples)
        note_end(slice, last, new != 0);
    if (has_hung(workload->result)) {
        lines_add(&workload->hangs, "%s", slice->body->lines[last]);
        leave_out_hanging(workload, slice);
    }
    slice->first = last + 1;
    return slice->first < slice->body->count;
}

static void play(struct workload *workload, const char *phase, const struct lines *prologue,
                 const struct lines *body, bool samples, workload_visitor *visit, void *context)
{
    struct slice *slice = memory_allocate(sizeof *slice);
    unsigned restarts = 0;

    slice->prologue = prologue;
    slice->body = body;
    slice->keep = memory_allocate(body->count + 1);
    memset(slice->keep, true, body->count);
    leave_out_hanging(workload, slice);
    while (play_slice(workload, phase, slice, samples, visit, context) &&
           ++restarts < MOST_RESTARTS)
        ;
    free(slice->keep);
    free(slice);
}

void workload_play(struct workload *workload, const char *phase, const struct lines *prologue,
                   const struct lines *body, workload_visitor *visit, void *context)
{
    play(workload, phase, prologue, body, false, visit, context);
}

void workload_sample(struct workload *workload, const char *phase, const struct lines *prologue,
                     const struct lines *body, workload_visitor *visit, void *context)
{
    play(workload, phase, prologue, body, true, visit, context);
}
