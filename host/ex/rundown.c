/*
 * Rundown protection: a word. Even: twice the number of holders. Odd: rundown has begun; then above
 * bit 0 stands the waiting thread's block (on its stack), or nothing when it is complete.
 */
#include "host/ex/ex.h"
#include "host/mm/mm.h"

struct wait_block {
    ULONG_PTR holders;
    KEVENT empty;
} __attribute__((aligned(16)));

static ULONG_PTR load(PEX_RUNDOWN_REF reference)
{
    return __atomic_load_n(&reference->Count, __ATOMIC_ACQUIRE);
}

static BOOLEAN exchange(PEX_RUNDOWN_REF reference, ULONG_PTR *expected, ULONG_PTR wanted)
{
    return __atomic_compare_exchange_n(&reference->Count, expected, wanted, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

#undef ExInitializeRundownProtection
VOID FASTCALL ExInitializeRundownProtection(PEX_RUNDOWN_REF reference)
{
    reference->Count = 0;
}
SB_EXPORT(ExInitializeRundownProtection)

#undef ExReInitializeRundownProtection
VOID FASTCALL ExReInitializeRundownProtection(PEX_RUNDOWN_REF reference)
{
    __atomic_store_n(&reference->Count, 0, __ATOMIC_RELEASE);
}
SB_EXPORT(ExReInitializeRundownProtection)

#undef ExAcquireRundownProtectionEx
BOOLEAN FASTCALL ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF reference, ULONG count)
{
    schedule_choice(current_machine());
    ULONG_PTR value = load(reference);
    do {
        if (value & EX_RUNDOWN_ACTIVE)
            return FALSE;
    } while (!exchange(reference, &value, value + (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC));
    return TRUE;
}
SB_EXPORT(ExAcquireRundownProtectionEx)

#undef ExAcquireRundownProtection
BOOLEAN FASTCALL ExAcquireRundownProtection(PEX_RUNDOWN_REF reference)
{
    return ExAcquireRundownProtectionEx(reference, 1);
}
SB_EXPORT(ExAcquireRundownProtection)

#undef ExReleaseRundownProtectionEx
VOID FASTCALL ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF reference, ULONG count)
{
    ULONG_PTR value = load(reference);
    while (!(value & EX_RUNDOWN_ACTIVE))
        if (exchange(reference, &value, value - (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC)) {
            schedule_choice(current_machine());
            return;
        }
    struct wait_block *block = (struct wait_block *)(value & ~(ULONG_PTR)EX_RUNDOWN_ACTIVE);
    if (__atomic_sub_fetch(&block->holders, count, __ATOMIC_ACQ_REL) == 0)
        KeSetEvent(&block->empty, IO_NO_INCREMENT, FALSE);
}
SB_EXPORT(ExReleaseRundownProtectionEx)

#undef ExReleaseRundownProtection
VOID FASTCALL ExReleaseRundownProtection(PEX_RUNDOWN_REF reference)
{
    ExReleaseRundownProtectionEx(reference, 1);
}
SB_EXPORT(ExReleaseRundownProtection)

#undef ExRundownCompleted
VOID FASTCALL ExRundownCompleted(PEX_RUNDOWN_REF reference)
{
    __atomic_store_n(&reference->Count, EX_RUNDOWN_ACTIVE, __ATOMIC_RELEASE);
}
SB_EXPORT(ExRundownCompleted)

#undef ExWaitForRundownProtectionRelease
VOID FASTCALL ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF reference)
{
    struct wait_block block;
    ULONG_PTR value = load(reference), holders;
    KeInitializeEvent(&block.empty, SynchronizationEvent, FALSE);
    do {
        if (value & EX_RUNDOWN_ACTIVE)
            return; /* run down already */
        holders = block.holders = value / EX_RUNDOWN_COUNT_INC;
    } while (!exchange(reference, &value,
                       holders ? (ULONG_PTR)&block | EX_RUNDOWN_ACTIVE : EX_RUNDOWN_ACTIVE));
    if (holders == 0) /* the block is the holders' by now: not read again */
        return;
    KeWaitForSingleObject(&block.empty, Executive, KernelMode, FALSE, NULL);
    ExRundownCompleted(reference);
}
SB_EXPORT(ExWaitForRundownProtectionRelease)

/* ---- cache aware: one counter does, as what it saves is contention, not meaning ---- */
struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF reference;
    BOOLEAN is_pool;
};

SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID)
{
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE);
}
SB_EXPORT(ExSizeOfRundownProtectionCacheAware)

VOID NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE aware, SIZE_T size)
{
    aware->reference.Count = 0;
    aware->is_pool = FALSE;
}
SB_EXPORT(ExInitializeRundownProtectionCacheAware)

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag)
{
    PEX_RUNDOWN_REF_CACHE_AWARE aware =
        mm_pool_allocate(current_machine(), type, sizeof(*aware), tag);
    if (aware) {
        aware->reference.Count = 0;
        aware->is_pool = TRUE;
    }
    return aware;
}
SB_EXPORT(ExAllocateCacheAwareRundownProtection)

VOID NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE aware)
{
    if (!aware->is_pool || !mm_pool_free(current_machine(), aware))
        KeBugCheckEx(BAD_POOL_CALLER, 0x46, (ULONG_PTR)aware, 0, 0);
}
SB_EXPORT(ExFreeCacheAwareRundownProtection)

BOOLEAN FASTCALL ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE aware)
{
    return ExAcquireRundownProtectionEx(&aware->reference, 1);
}
SB_EXPORT(ExAcquireRundownProtectionCacheAware)

BOOLEAN FASTCALL ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE aware,
                                                        ULONG count)
{
    return ExAcquireRundownProtectionEx(&aware->reference, count);
}
SB_EXPORT(ExAcquireRundownProtectionCacheAwareEx)

VOID FASTCALL ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE aware)
{
    ExReleaseRundownProtectionEx(&aware->reference, 1);
}
SB_EXPORT(ExReleaseRundownProtectionCacheAware)

VOID FASTCALL ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE aware, ULONG count)
{
    ExReleaseRundownProtectionEx(&aware->reference, count);
}
SB_EXPORT(ExReleaseRundownProtectionCacheAwareEx)

VOID FASTCALL ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE aware)
{
    ExWaitForRundownProtectionRelease(&aware->reference);
}
SB_EXPORT(ExWaitForRundownProtectionReleaseCacheAware)

VOID FASTCALL ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE aware)
{
    ExRundownCompleted(&aware->reference);
}
SB_EXPORT(ExRundownCompletedCacheAware)

VOID FASTCALL ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE aware)
{
    ExReInitializeRundownProtection(&aware->reference);
}
SB_EXPORT(ExReInitializeRundownProtectionCacheAware)
