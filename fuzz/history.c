/* The inputs that the machine has run: what a crash may need besides the last one. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

void history_clear(struct sb_fuzz *fuzz)
{
    fuzz->history_length = 0;
    fuzz->history_count = 0;
}

/* Each with its length in front and behind, so that it can be read from both ends. Without memory
 * the history is not whole, and a crash may not be reproduced. */
void history_add(struct sb_fuzz *fuzz, const uint8_t *input, size_t length)
{
    uint32_t size = (uint32_t)length;
    size_t needed = fuzz->history_length + length + 2 * sizeof(size);
    fuzz->history_count++;
    if (needed > fuzz->history_capacity) {
        uint8_t *grown = realloc(fuzz->history, needed * 2);
        if (!grown)
            return;
        fuzz->history = grown;
        fuzz->history_capacity = needed * 2;
    }
    uint8_t *at = fuzz->history + fuzz->history_length;
    memcpy(at, &size, sizeof(size));
    if (length)
        memcpy(at + sizeof(size), input, length);
    memcpy(at + sizeof(size) + length, &size, sizeof(size));
    fuzz->history_length = needed;
}

/* An input's operations and the closing of what it left open, in front of what is there. */
static bool prepend(const struct sb_fuzz *fuzz, struct program *program, struct program *part,
                    const uint8_t *input, size_t length)
{
    program_read(part, input, length, &fuzz->codes);
    for (unsigned slot = 0; slot < PROGRAM_SLOTS; slot++)
        program_insert(part, part->count,
                       &(struct operation){.kind = OPERATION_CLOSE, .slot = (uint8_t)slot});
    if (part->count > PROGRAM_MOST_OPERATIONS - program->count)
        return false;
    memmove(program->operations + part->count, program->operations,
            program->count * sizeof(*program->operations));
    memcpy(program->operations, part->operations, part->count * sizeof(*part->operations));
    program->count += part->count;
    return true;
}

void history_program(const struct sb_fuzz *fuzz, struct program *program)
{
    struct program *part = malloc(sizeof(*part));
    size_t end = fuzz->history_length;
    uint32_t size;
    program->count = 0;
    while (part && end) {
        memcpy(&size, fuzz->history + end - sizeof(size), sizeof(size));
        end -= sizeof(size) + size;
        if (!prepend(fuzz, program, part, fuzz->history + end, size))
            break;
        end -= sizeof(size);
    }
    free(part);
}
