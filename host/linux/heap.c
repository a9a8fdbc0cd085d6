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

#ifdef __SANITIZE_ADDRESS__
/* AddressSanitizer notes who allocates. Going by frame pointers, as it does on its own, it would
 * take a driver's for one, go astray and read the page that fences a dispatch routine in. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}
#endif
