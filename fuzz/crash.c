/*
 * From an input that broke something to the least that does: tried again on machines of their own,
 * alone first, then with the inputs before it; then made smaller for as long as the same breaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

enum { MOST_TRIES = 400, MOST_HANGS = 12 /* each takes the time limit */ };

struct examination {
    struct sb_fuzz *fuzz;
    struct sb_fuzz_crash *crash;
    struct program *program, *trial;
    unsigned tries, most_tries;
};

/* Runs the trial on a machine of its own, which is taken apart as at the end. */
static bool breaks(struct examination *examination, struct program *trial)
{
    struct sb_fuzz *fuzz = examination->fuzz;
    char identity[IDENTITY_SIZE], title[sizeof(examination->crash->title)], *report = NULL;
    bool broke = false;
    examination->tries++;
    if (!rig_make(fuzz, &fuzz->rig, NULL, NULL, 0))
        return false;
    execute_program(fuzz, &fuzz->rig, trial);
    broke = rig_broke(&fuzz->rig, identity, title, sizeof(title), &report);
    if (!broke) {
        rig_unload(&fuzz->rig);
        broke = rig_broke(&fuzz->rig, identity, title, sizeof(title), &report);
    }
    rig_destroy(fuzz, &fuzz->rig);
    if (broke && strcmp(identity, examination->crash->identity) == 0) {
        free(examination->crash->report);
        examination->crash->report = report;
        memcpy(examination->crash->title, title, sizeof(title));
        return true;
    }
    free(report);
    return false;
}

/* Keeps the trial in the program's place if it still breaks. */
static bool try(struct examination *examination)
{
    if (examination->tries >= examination->most_tries || !breaks(examination, examination->trial))
        return false;
    struct program *now = examination->trial;
    examination->trial = examination->program;
    examination->program = now;
    return true;
}

static void begin_trial(struct examination *examination)
{
    examination->trial->count = examination->program->count;
    memcpy(examination->trial->operations, examination->program->operations,
           examination->program->count * sizeof(*examination->program->operations));
}

static void remove_operations(struct examination *examination)
{
    for (size_t part = examination->program->count / 2; part > 0; part /= 2) {
        for (size_t at = 0; at < examination->program->count;) {
            begin_trial(examination);
            program_remove(examination->trial, at, part);
            if (!try(examination))
                at += part;
        }
    }
}

static void shorten(struct operation *operation, uint32_t length)
{
    operation->input_length = length;
    if (operation->data_length > length)
        operation->data_length = length;
}

static void shorten_data(struct examination *examination, size_t index)
{
    struct operation *operation = &examination->program->operations[index];
    for (uint32_t cut = operation->input_length; cut > 0; cut /= 2) {
        operation = &examination->program->operations[index];
        if (operation->kind == OPERATION_OPEN || operation->input_length < cut)
            continue;
        begin_trial(examination);
        shorten(&examination->trial->operations[index], operation->input_length - cut);
        try(examination);
    }
}

/* Plain pointers, no name, no output, first handle: where it does not matter. */
static void simplify(struct examination *examination, size_t index)
{
    struct operation *operation = &examination->program->operations[index];
    if (operation->input_pointer || operation->output_pointer || operation->is_same_buffer) {
        begin_trial(examination);
        operation = &examination->trial->operations[index];
        operation->input_pointer = operation->output_pointer = POINTER_VALID;
        operation->is_same_buffer = false;
        if (operation->input_length > PROGRAM_LARGEST_BUFFER)
            operation->input_length = PROGRAM_LARGEST_BUFFER;
        if (operation->output_length > PROGRAM_LARGEST_BUFFER)
            operation->output_length = PROGRAM_LARGEST_BUFFER;
        try(examination);
    }
    if (examination->program->operations[index].output_length) {
        begin_trial(examination);
        examination->trial->operations[index].output_length = 0;
        try(examination);
    }
}

static void minimise(struct examination *examination)
{
    remove_operations(examination);
    for (size_t i = 0; i < examination->program->count; i++) {
        shorten_data(examination, i);
        simplify(examination, i);
    }
    remove_operations(examination);
}

static void store_input(struct sb_fuzz *fuzz, const struct program *program,
                        struct sb_fuzz_crash *crash)
{
    size_t capacity = 64;
    for (size_t i = 0; i < program->count; i++)
        capacity +=
            32 + program->operations[i].input_length % 0x20000 + program->operations[i].data_length;
    crash->input = malloc(capacity);
    if (crash->input)
        crash->input_length = program_write(program, crash->input, capacity, &fuzz->codes);
    crash->script = script_of_program(fuzz, program, crash);
}

void crash_examine(struct sb_fuzz *fuzz, const uint8_t *input, size_t length,
                   struct sb_fuzz_crash *crash)
{
    struct examination examination = {fuzz,
                                      crash,
                                      malloc(sizeof(struct program)),
                                      malloc(sizeof(struct program)),
                                      0,
                                      rig_hung(&fuzz->rig) ? MOST_HANGS : MOST_TRIES};
    rig_destroy(fuzz, &fuzz->rig);
    crash->is_reproduced = false;
    if (examination.program && examination.trial) {
        program_read(examination.program, input, length, &fuzz->codes);
        crash->is_reproduced = breaks(&examination, examination.program);
        if (!crash->is_reproduced) {
            history_program(fuzz, examination.program);
            crash->is_reproduced = breaks(&examination, examination.program);
        }
        if (crash->is_reproduced && !fuzz->options.is_hasty)
            minimise(&examination);
        store_input(fuzz, examination.program, crash);
    }
    free(examination.program);
    free(examination.trial);
}
