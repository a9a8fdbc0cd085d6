/* A program as a script for `sysbuf run`: the same calls in the same order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

struct text {
    FILE *stream;
    const struct sb_fuzz *fuzz;
    bool is_open[PROGRAM_SLOTS], has_failed[PROGRAM_SLOTS];
};

static void write_character(struct text *text, char character)
{
    if (strchr("\\\"$", character))
        putc('\\', text->stream);
    putc(character, text->stream);
}

static void write_open(struct text *text, unsigned slot, uint8_t device, const uint8_t *name,
                       uint32_t length, bool was_refused)
{
    const char *path = text->fuzz->devices[device % text->fuzz->device_count];
    if (text->is_open[slot])
        fprintf(text->stream, "close h%u\n", slot);
    fprintf(text->stream, "open \"");
    for (; *path; path++)
        write_character(text, *path);
    if (length)
        write_character(text, '\\');
    for (uint32_t i = 0; i < length; i++)
        write_character(text, program_name_character(name[i]));
    fprintf(text->stream, "\" as h%u overlapped\n", slot);
    text->is_open[slot] = !was_refused;
    text->has_failed[slot] = was_refused;
}

static void write_pointer(struct text *text, enum pointer_kind kind, uint32_t length)
{
    static const char *const names[] = {"", "null", "bad", "kernel"};
    fprintf(text->stream, " %s %" PRIu32, names[kind], length);
}

static void write_data(struct text *text, const struct operation *operation)
{
    uint32_t zeros = operation->input_length - operation->data_length;
    if (operation->input_pointer != POINTER_VALID) {
        write_pointer(text, operation->input_pointer, operation->input_length);
        return;
    }
    if (operation->data_length) {
        fprintf(text->stream, " hex");
        for (uint32_t i = 0; i < operation->data_length; i++)
            fprintf(text->stream, "%s%02x", i % 4 == 0 ? " " : "", operation->data[i]);
    }
    if (zeros || !operation->data_length)
        fprintf(text->stream, " zeros %" PRIu32, zeros);
}

static void write_room(struct text *text, const struct operation *operation)
{
    uint32_t length = operation->output_length;
    if (operation->output_pointer != POINTER_VALID) {
        write_pointer(text, operation->output_pointer, length);
    } else if (operation->is_same_buffer && operation->input_length) {
        if (length > operation->input_length)
            length = operation->input_length;
        fprintf(text->stream, " same %" PRIu32, length);
    } else {
        fprintf(text->stream, " %" PRIu32, length);
    }
}

static void write_ioctl(struct text *text, const struct operation *operation)
{
    fprintf(text->stream, "ioctl h%u 0x%" PRIX32, operation->slot, operation->code);
    if (operation->input_length || operation->input_pointer != POINTER_VALID) {
        fprintf(text->stream, " in");
        write_data(text, operation);
    }
    if (operation->output_length || operation->output_pointer != POINTER_VALID) {
        fprintf(text->stream, " out");
        write_room(text, operation);
    }
    putc('\n', text->stream);
}

static void write_operation(struct text *text, const struct operation *operation)
{
    unsigned slot = operation->slot;
    bool needs_file = operation->kind != OPERATION_OPEN && operation->kind != OPERATION_CLOSE &&
                      operation->kind != OPERATION_WAIT;
    if (needs_file && !text->is_open[slot] && !text->has_failed[slot])
        write_open(text, slot, 0, NULL, 0, operation->was_refused);
    if (needs_file && text->has_failed[slot])
        return; /* `sysbuf run` would end there */
    switch (operation->kind) {
    case OPERATION_IOCTL:
        write_ioctl(text, operation);
        break;
    case OPERATION_READ:
        fprintf(text->stream, "read h%u", slot);
        write_room(text, operation);
        fprintf(text->stream, " at %" PRIu64 "\n", operation->offset);
        break;
    case OPERATION_WRITE:
        fprintf(text->stream, "write h%u", slot);
        write_data(text, operation);
        fprintf(text->stream, " at %" PRIu64 "\n", operation->offset);
        break;
    case OPERATION_OPEN:
        write_open(text, slot, operation->device, operation->data, operation->data_length,
                   operation->was_refused);
        break;
    case OPERATION_CLOSE:
        if (text->is_open[slot])
            fprintf(text->stream, "close h%u\n", slot);
        text->is_open[slot] = text->has_failed[slot] = false;
        break;
    case OPERATION_CANCEL:
        fprintf(text->stream, "cancel h%u\n", slot);
        break;
    case OPERATION_FLUSH:
        fprintf(text->stream, "flush h%u\n", slot);
        break;
    case OPERATION_WAIT:
        fprintf(text->stream, "sleep 1\n");
        break;
    }
}

char *script_of_program(const struct sb_fuzz *fuzz, const struct program *program,
                        const struct sb_fuzz_crash *crash)
{
    char *script = NULL;
    size_t size;
    struct text text = {.stream = open_memstream(&script, &size), .fuzz = fuzz};
    if (!text.stream)
        return NULL;
    /* Only a check looks at the verifier's rules. */
    bool is_finding = crash && strncmp(crash->identity, "stop-", 5) != 0 &&
                      strncmp(crash->identity, "hang-", 5) != 0 &&
                      strncmp(crash->identity, "kept-", 5) != 0;
    if (crash)
        fprintf(text.stream, "# %s\n", crash->title);
    fprintf(text.stream, "# sysbuf %s %s THIS-FILE\n%sguard on\n", is_finding ? "check" : "run",
            fuzz->options.driver, fuzz->is_plug_and_play ? "device add\n" : "");
    for (size_t i = 0; i < program->count; i++)
        write_operation(&text, &program->operations[i]);
    for (unsigned slot = 0; slot < PROGRAM_SLOTS; slot++)
        if (text.is_open[slot])
            fprintf(text.stream, "close h%u\n", slot);
    if (fuzz->is_plug_and_play)
        fprintf(text.stream, "device remove\n");
    return fclose(text.stream) == 0 ? script : NULL;
}

char *sb_fuzz_script(const struct sb_fuzz *fuzz, const uint8_t *input, size_t length)
{
    if (!input)
        return script_of_program(fuzz, &fuzz->program, NULL);
    struct program *program = malloc(sizeof(*program));
    if (!program)
        return NULL;
    program_read(program, input, length, &fuzz->codes);
    char *script = script_of_program(fuzz, program, NULL);
    free(program);
    return script;
}
