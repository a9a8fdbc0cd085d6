/* LARGE_MCB: a map control block with a lock of its own; MCB, the same with numbers of 32 bits. */
#include "host/fs/mcb.h"
#include "host/mm/mm.h"

enum { LOCK_TAG = 0x6C4D5346 };

VOID NTAPI FsRtlInitializeLargeMcb(PLARGE_MCB mcb, POOL_TYPE pool_type)
{
    mcb->GuardedMutex =
        mm_pool_allocate(current_machine(), NonPagedPoolNx, sizeof(*mcb->GuardedMutex), LOCK_TAG);
    if (!mcb->GuardedMutex)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    KeInitializeGuardedMutex(mcb->GuardedMutex);
    if (FsRtlInitializeBaseMcbEx(&mcb->BaseMcb, pool_type, 0))
        return;
    mm_pool_free(current_machine(), mcb->GuardedMutex);
    mcb->GuardedMutex = NULL;
    ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
}
SB_EXPORT(FsRtlInitializeLargeMcb)

VOID NTAPI FsRtlUninitializeLargeMcb(PLARGE_MCB mcb)
{
    if (!mcb->GuardedMutex)
        return;
    FsRtlUninitializeBaseMcb(&mcb->BaseMcb);
    mm_pool_free(current_machine(), mcb->GuardedMutex);
    mcb->GuardedMutex = NULL;
}
SB_EXPORT(FsRtlUninitializeLargeMcb)

VOID NTAPI FsRtlResetLargeMcb(PLARGE_MCB mcb, BOOLEAN self_synchronized)
{
    if (!self_synchronized)
        KeAcquireGuardedMutex(mcb->GuardedMutex);
    FsRtlResetBaseMcb(&mcb->BaseMcb);
    if (!self_synchronized)
        KeReleaseGuardedMutex(mcb->GuardedMutex);
}
SB_EXPORT(FsRtlResetLargeMcb)

VOID NTAPI FsRtlTruncateLargeMcb(PLARGE_MCB mcb, LONGLONG vbn)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    FsRtlTruncateBaseMcb(&mcb->BaseMcb, vbn);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
}
SB_EXPORT(FsRtlTruncateLargeMcb)

/* FALSE: it meets another mapping. */
BOOLEAN NTAPI FsRtlAddLargeMcbEntry(PLARGE_MCB mcb, LONGLONG vbn, LONGLONG lbn, LONGLONG count)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    NTSTATUS status = FsRtlAddBaseMcbEntryEx(&mcb->BaseMcb, vbn, lbn, count);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
    if (status == STATUS_INSUFFICIENT_RESOURCES)
        ExRaiseStatus(status);
    return NT_SUCCESS(status);
}
SB_EXPORT(FsRtlAddLargeMcbEntry)

VOID NTAPI FsRtlRemoveLargeMcbEntry(PLARGE_MCB mcb, LONGLONG vbn, LONGLONG count)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    BOOLEAN removed = FsRtlRemoveBaseMcbEntry(&mcb->BaseMcb, vbn, count);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
    if (!removed)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
}
SB_EXPORT(FsRtlRemoveLargeMcbEntry)

BOOLEAN NTAPI FsRtlSplitLargeMcb(PLARGE_MCB mcb, LONGLONG vbn, LONGLONG amount)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    BOOLEAN split = FsRtlSplitBaseMcb(&mcb->BaseMcb, vbn, amount);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
    if (!split)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return split;
}
SB_EXPORT(FsRtlSplitLargeMcb)

BOOLEAN NTAPI FsRtlLookupLargeMcbEntry(PLARGE_MCB mcb, LONGLONG vbn, PLONGLONG lbn, PLONGLONG count,
                                       PLONGLONG starting_lbn, PLONGLONG starting_count,
                                       PULONG index)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    BOOLEAN found = FsRtlLookupBaseMcbEntry(&mcb->BaseMcb, vbn, lbn, count, starting_lbn,
                                            starting_count, index);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
    return found;
}
SB_EXPORT(FsRtlLookupLargeMcbEntry)

BOOLEAN NTAPI FsRtlLookupLastLargeMcbEntryAndIndex(PLARGE_MCB mcb, PLONGLONG vbn, PLONGLONG lbn,
                                                   PULONG index)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    BOOLEAN found = FsRtlLookupLastBaseMcbEntryAndIndex(&mcb->BaseMcb, vbn, lbn, index);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
    return found;
}
SB_EXPORT(FsRtlLookupLastLargeMcbEntryAndIndex)

BOOLEAN NTAPI FsRtlLookupLastLargeMcbEntry(PLARGE_MCB mcb, PLONGLONG vbn, PLONGLONG lbn)
{
    ULONG index;
    return FsRtlLookupLastLargeMcbEntryAndIndex(mcb, vbn, lbn, &index);
}
SB_EXPORT(FsRtlLookupLastLargeMcbEntry)

ULONG NTAPI FsRtlNumberOfRunsInLargeMcb(PLARGE_MCB mcb)
{
    return FsRtlNumberOfRunsInBaseMcb(&mcb->BaseMcb);
}
SB_EXPORT(FsRtlNumberOfRunsInLargeMcb)

BOOLEAN NTAPI FsRtlGetNextLargeMcbEntry(PLARGE_MCB mcb, ULONG index, PLONGLONG vbn, PLONGLONG lbn,
                                        PLONGLONG count)
{
    KeAcquireGuardedMutex(mcb->GuardedMutex);
    BOOLEAN found = FsRtlGetNextBaseMcbEntry(&mcb->BaseMcb, index, vbn, lbn, count);
    KeReleaseGuardedMutex(mcb->GuardedMutex);
    return found;
}
SB_EXPORT(FsRtlGetNextLargeMcbEntry)

/* ---- numbers of 32 bits ---- */

static PLARGE_MCB large(PMCB mcb)
{
    return &mcb->DummyFieldThatSizesThisStructureCorrectly;
}

VOID NTAPI FsRtlInitializeMcb(PMCB mcb, POOL_TYPE pool_type)
{
    FsRtlInitializeLargeMcb(large(mcb), pool_type);
}
SB_EXPORT(FsRtlInitializeMcb)

VOID NTAPI FsRtlUninitializeMcb(PMCB mcb)
{
    FsRtlUninitializeLargeMcb(large(mcb));
}
SB_EXPORT(FsRtlUninitializeMcb)

VOID NTAPI FsRtlTruncateMcb(PMCB mcb, VBN vbn)
{
    FsRtlTruncateLargeMcb(large(mcb), vbn);
}
SB_EXPORT(FsRtlTruncateMcb)

BOOLEAN NTAPI FsRtlAddMcbEntry(PMCB mcb, VBN vbn, LBN lbn, ULONG count)
{
    return FsRtlAddLargeMcbEntry(large(mcb), vbn, lbn, count);
}
SB_EXPORT(FsRtlAddMcbEntry)

VOID NTAPI FsRtlRemoveMcbEntry(PMCB mcb, VBN vbn, ULONG count)
{
    FsRtlRemoveLargeMcbEntry(large(mcb), vbn, count);
}
SB_EXPORT(FsRtlRemoveMcbEntry)

BOOLEAN NTAPI FsRtlLookupMcbEntry(PMCB mcb, VBN vbn, PLBN lbn, PULONG count, PULONG index)
{
    LONGLONG large_lbn, large_count;
    if (!FsRtlLookupLargeMcbEntry(large(mcb), vbn, &large_lbn, &large_count, NULL, NULL, index))
        return FALSE;
    *lbn = (LBN)large_lbn;
    if (count)
        *count = (ULONG)large_count;
    return TRUE;
}
SB_EXPORT(FsRtlLookupMcbEntry)

BOOLEAN NTAPI FsRtlLookupLastMcbEntry(PMCB mcb, PVBN vbn, PLBN lbn)
{
    LONGLONG large_vbn, large_lbn;
    if (!FsRtlLookupLastLargeMcbEntry(large(mcb), &large_vbn, &large_lbn))
        return FALSE;
    *vbn = (VBN)large_vbn;
    *lbn = (LBN)large_lbn;
    return TRUE;
}
SB_EXPORT(FsRtlLookupLastMcbEntry)

ULONG NTAPI FsRtlNumberOfRunsInMcb(PMCB mcb)
{
    return FsRtlNumberOfRunsInLargeMcb(large(mcb));
}
SB_EXPORT(FsRtlNumberOfRunsInMcb)

BOOLEAN NTAPI FsRtlGetNextMcbEntry(PMCB mcb, ULONG index, PVBN vbn, PLBN lbn, PULONG count)
{
    LONGLONG large_vbn, large_lbn, large_count;
    if (!FsRtlGetNextLargeMcbEntry(large(mcb), index, &large_vbn, &large_lbn, &large_count))
        return FALSE;
    *vbn = (VBN)large_vbn;
    *lbn = (LBN)large_lbn;
    *count = (ULONG)large_count;
    return TRUE;
}
SB_EXPORT(FsRtlGetNextMcbEntry)
