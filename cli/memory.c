#include "cli/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exit_codes.h"

#define BLOCK_SIZE 4096u
#define ALIGNMENT  16u

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

static void *or_end(void *block)
{
    if (!block) {
        fputs("sysbuf: out of memory\n", stderr);
        exit(EXIT_UNUSABLE);
    }
    return block;
}

void *memory_allocate(size_t size)
{
    return or_end(calloc(1, size ? size : 1));
}

void *memory_grow(void *array, size_t count, size_t element_size)
{
    /* A power of two elements each time, so that growing costs little. */
    if (count != 0 && (count & (count - 1)) != 0)
        return array;
    return or_end(realloc(array, (count ? 2 * count : 1) * element_size));
}

char *memory_copy_text(const char *text)
{
    return or_end(strdup(text));
}

void *arena_allocate(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;

    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = memory_allocate(sizeof *block + room);
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    block->used += size;
    return block->bytes + block->used - size;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_allocate(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
