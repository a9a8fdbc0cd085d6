/* The host's own heap: libc's, which lies above LINUX_SYSTEM_START in a position independent
 * program and is never handed to drivers. */
#include <stdlib.h>
#include <string.h>

#include "host/linux/linux.h"

/* glibc's calloc goes past the blocks that a thread keeps for itself; its malloc does not. What is
 * large may come from the system, clear already. */
void *linux_allocate(size_t size)
{
    enum { SMALL = 1024 };
    if (size > SMALL)
        return calloc(1, size);
    void *block = malloc(size);
    __asm__ volatile("" : "+r"(block)); /* or the compiler makes a calloc of the two */
    return block ? memset(block, 0, size) : NULL;
}

void *linux_reallocate(void *block, size_t size)
{
    return realloc(block, size);
}

void linux_free(void *block)
{
    free(block);
}
