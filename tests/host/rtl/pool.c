/* Pool for the Rtl tests: libc's heap, counted, and able to run dry. */
#include <stdlib.h>

#include "pool.h"

int pool_blocks;
int pool_fails;

__attribute__((ms_abi)) void *ExAllocatePoolWithTag(int type, size_t size, unsigned tag)
{
    void *block = pool_fails ? NULL : malloc(size);

    (void)type;
    (void)tag;
    pool_blocks += block != NULL;
    return block;
}

__attribute__((ms_abi)) void ExFreePoolWithTag(void *block, unsigned tag)
{
    (void)tag;
    pool_blocks--;
    free(block);
}
