/*
 * Cache-aware push locks. Windows spreads the shared holders over locks of the processors' own;
 * here one lock on a cache line of its own serves all: the rules are the same.
 */
#include "host/ex/ex.h"
#include "host/mm/mm.h"

enum { LINE = 64, TAG = 0x4C707845 };

VOID NTAPI nt_acquire_exclusive(volatile ULONG_PTR *lock, ULONG flags);
VOID NTAPI nt_acquire_shared(volatile ULONG_PTR *lock, ULONG flags);
VOID NTAPI nt_release(volatile ULONG_PTR *lock, ULONG flags);

PVOID NTAPI nt_ExAllocateCacheAwarePushLock(VOID)
{
    return mm_pool_allocate_zero(current_machine(), LINE, TAG);
}
SB_EXPORT_AS("ExAllocateCacheAwarePushLock", nt_ExAllocateCacheAwarePushLock)

VOID NTAPI nt_ExFreeCacheAwarePushLock(PVOID lock)
{
    mm_pool_free(current_machine(), lock);
}
SB_EXPORT_AS("ExFreeCacheAwarePushLock", nt_ExFreeCacheAwarePushLock)

/* What the shared holder gives back when it releases. */
PVOID NTAPI nt_acquire_cache_aware_shared(PVOID lock, ULONG flags)
{
    nt_acquire_shared(lock, flags);
    return lock;
}
SB_EXPORT_AS("ExAcquireCacheAwarePushLockSharedEx", nt_acquire_cache_aware_shared)
SB_EXPORT_AS("ExReleaseCacheAwarePushLockSharedEx", nt_release)
SB_EXPORT_AS("ExAcquireCacheAwarePushLockExclusive", nt_acquire_exclusive)
SB_EXPORT_AS("ExAcquireCacheAwarePushLockExclusiveEx", nt_acquire_exclusive)
SB_EXPORT_AS("ExReleaseCacheAwarePushLockExclusive", nt_release)
SB_EXPORT_AS("ExReleaseCacheAwarePushLockExclusiveEx", nt_release)
