#include "memory.h"

static void unlock_twice(void)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(block, PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmUnlockPages(mdl);
    MmUnlockPages(mdl);
}

void make_mistake(enum mistake mistake)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);
    switch (mistake) {
    case FREE_TWICE:
        ExFreePoolWithTag(block, TAG);
        ExFreePoolWithTag(block, TAG);
        break;
    case FREE_WITH_OTHER_TAG:
        ExFreePoolWithTag(block, 0x7265684F /* another */);
        break;
    case FREE_NONSENSE:
        ExFreePool(block + 8);
        break;
    case RUN_DATA:
        block[0] = 0xC3;
        ((void (*)(void))block)();
        break;
    default:
        unlock_twice();
    }
}
