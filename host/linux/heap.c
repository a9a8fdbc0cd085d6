/* The host's own heap: libc's, which lies above LINUX_SYSTEM_START in a position independent
 * program and is never handed to drivers. */
#include <stdlib.h>

#include "host/linux/linux.h"

void *linux_allocate(size_t size)
{
    return calloc(1, size);
}

void *linux_reallocate(void *block, size_t size)
{
    return realloc(block, size);
}

void linux_free(void *block)
{
    free(block);
}
