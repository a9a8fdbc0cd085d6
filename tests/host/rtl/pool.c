/* What the Rtl tests need of other components: a pool, counted, that can run dry. */
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

/* The dispatcher, which only a contended initialisation would reach. */
__attribute__((ms_abi)) void KeInitializeEvent(void *event, int type, unsigned char state)
{
    (void)event;
    (void)type;
    (void)state;
    abort();
}

__attribute__((ms_abi)) int KeSetEvent(void *event, int increment, unsigned char wait)
{
    (void)event;
    (void)increment;
    (void)wait;
    abort();
}

__attribute__((ms_abi)) int KeWaitForSingleObject(void *object, int reason, char mode,
                                                  unsigned char alertable, void *timeout)
{
    (void)object;
    (void)reason;
    (void)mode;
    (void)alertable;
    (void)timeout;
    abort();
}

/* Out of memory is not reached, and no assertion fails, in these tests. */
__attribute__((ms_abi)) void ExRaiseStatus(int status)
{
    (void)status;
    abort();
}

__attribute__((ms_abi)) void DbgBreakPoint(void)
{
    abort();
}

__attribute__((ms_abi)) unsigned DbgPrintEx(unsigned component, unsigned level, const char *format,
                                            ...)
{
    (void)component;
    (void)level;
    (void)format;
    abort();
}

int linux_time_zone_bias(void)
{
    return 60;
}
