/* Memory of the command. When there is none left the command says so and ends with exit code 2. */
#ifndef SYSBUF_CLI_MEMORY_H
#define SYSBUF_CLI_MEMORY_H

#include <stddef.h>

/* Zeroed; free() it. */
void *memory_allocate(size_t size);
/* Makes room for one more element of an array that holds count: returns the array, moved perhaps.
 */
void *memory_grow(void *array, size_t count, size_t element_size);
char *memory_copy_text(const char *text);

/* Many small blocks that are given back together. */
struct arena {
    struct arena_block *blocks;
};
void *arena_allocate(struct arena *arena, size_t size);                 /* zeroed */
char *arena_copy(struct arena *arena, const char *text, size_t length); /* terminated */
void arena_free(struct arena *arena);

#endif
