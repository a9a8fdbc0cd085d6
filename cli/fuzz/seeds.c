/* Scripts as inputs: what an application is known to do is where fuzzing begins. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/fuzz/fuzz.h"
#include "cli/memory.h"
#include "cli/script/action.h"
#include "fuzz/program.h"

struct conversion {
    struct sb_fuzz *fuzz;
    struct program program;
    const char *names[PROGRAM_SLOTS]; /* of handles, the newest last */
    unsigned next_slot, last_slot;
    struct arena arena; /* what the operations point to */
};

/* The slot of a handle by its name; the last one opened if there is none of it. */
static uint8_t slot_of(const struct conversion *conversion, const char *name)
{
    for (uint8_t slot = 0; name && slot < PROGRAM_SLOTS; slot++)
        if (conversion->names[slot] && strcmp(conversion->names[slot], name) == 0)
            return slot;
    return (uint8_t)conversion->last_slot;
}

static const char *plain_name(const char *path)
{
    static const char prefix[] = "\\\\.\\";
    return strncmp(path, prefix, sizeof(prefix) - 1) == 0 ? path + sizeof(prefix) - 1 : path;
}

static bool same_path(const char *left, const char *right)
{
    return strcasecmp(plain_name(left), plain_name(right)) == 0;
}

/* What is no device of the driver's is opened as its first one. */
static struct operation open_operation(struct conversion *conversion, const struct action *action)
{
    struct operation operation = {.kind = OPERATION_OPEN};
    unsigned slot = conversion->next_slot++ % PROGRAM_SLOTS;
    const char *name = action->as ? action->as : action->path;
    for (uint32_t i = 0; i < sb_fuzz_device_count(conversion->fuzz); i++)
        if (same_path(sb_fuzz_device(conversion->fuzz, i), action->path))
            operation.device = (uint8_t)i;
    conversion->names[slot] = arena_copy(&conversion->arena, name, strlen(name));
    conversion->last_slot = slot;
    operation.slot = (uint8_t)slot;
    return operation;
}

static enum pointer_kind pointer_of(enum action_buffer_kind kind)
{
    switch (kind) {
    case BUFFER_NULL:
        return POINTER_NULL;
    case BUFFER_BAD:
        return POINTER_BAD;
    case BUFFER_KERNEL:
        return POINTER_KERNEL;
    default:
        return POINTER_VALID;
    }
}

static void set_buffers(struct conversion *conversion, const struct action *action,
                        struct operation *operation)
{
    operation->input_pointer = pointer_of(action->input.kind);
    operation->output_pointer = pointer_of(action->output.kind);
    operation->is_same_buffer = action->output.kind == BUFFER_SAME;
    operation->input_length = action->input.data.length ? action->input.room : action->input.length;
    operation->output_length =
        action->output.kind == BUFFER_VALID ? action->output.room : action->output.length;
    operation->data_length = (uint32_t)action->input.data.length;
    if (operation->data_length)
        operation->data = (const uint8_t *)arena_copy(
            &conversion->arena, (const char *)action->input.data.bytes, action->input.data.length);
    operation->code = action->code;
    operation->offset = action->has_offset ? (uint64_t)action->offset : 0;
}

static bool convert(struct conversion *conversion, const struct action *action)
{
    static const struct {
        enum action_kind action;
        enum operation_kind operation;
    } kinds[] = {
        {ACTION_IOCTL, OPERATION_IOCTL},   {ACTION_READ, OPERATION_READ},
        {ACTION_WRITE, OPERATION_WRITE},   {ACTION_CLOSE, OPERATION_CLOSE},
        {ACTION_CANCEL, OPERATION_CANCEL}, {ACTION_FLUSH, OPERATION_FLUSH},
        {ACTION_SLEEP, OPERATION_WAIT},
    };
    struct operation operation = {.slot = slot_of(conversion, action->handle.name)};
    size_t i = 0;
    if (action->kind == ACTION_OPEN) {
        operation = open_operation(conversion, action);
        return program_insert(&conversion->program, conversion->program.count, &operation);
    }
    while (i < sizeof(kinds) / sizeof(*kinds) && kinds[i].action != action->kind)
        i++;
    if (i == sizeof(kinds) / sizeof(*kinds))
        return true; /* nothing that an input has */
    operation.kind = kinds[i].operation;
    if (operation.kind <= OPERATION_WRITE)
        set_buffers(conversion, action, &operation);
    return program_insert(&conversion->program, conversion->program.count, &operation);
}

static bool visit(void *context, const struct script_statement *statement,
                  const struct script_variables *variables, struct script_error *error)
{
    struct conversion *conversion = context;
    struct arena arena = {0};
    struct action action;
    bool fine = action_parse(statement, variables, NULL, &arena, &action, error) &&
                convert(conversion, &action);
    arena_free(&arena);
    return fine;
}

static size_t write_program(struct conversion *conversion, uint8_t input[SB_FUZZ_LONGEST])
{
    uint32_t codes[256];
    struct program_codes known = {codes, sb_fuzz_code_count(conversion->fuzz)};
    for (uint32_t i = 0; i < known.count; i++)
        codes[i] = sb_fuzz_code(conversion->fuzz, i);
    return program_write(&conversion->program, input, SB_FUZZ_LONGEST, &known);
}

size_t seed_from_script(struct sb_fuzz *fuzz, const char *path, uint8_t input[SB_FUZZ_LONGEST])
{
    struct conversion *conversion = memory_allocate(sizeof(*conversion));
    const struct script_walk walk = {visit, conversion, false};
    struct script_error error = {0};
    struct file_contents text;
    struct script script;
    const char *reason;
    size_t length = 0;
    conversion->fuzz = fuzz;
    if (!file_read(path, &text, &reason)) {
        command_fail("--script: %s: %s", path, reason);
    } else if (!script_parse(&script, (char *)text.bytes, text.length, &error)) {
        command_fail("--script: %s:%u: %s", path, error.line, error.text);
        free(text.bytes);
    } else {
        if (!script_walk(&script, &walk, &error) && error.line)
            command_fail("--script: %s:%u: %s", path, error.line, error.text);
        else
            length = write_program(conversion, input);
        script_free(&script);
        free(text.bytes);
    }
    arena_free(&conversion->arena);
    free(conversion);
    return length;
}
