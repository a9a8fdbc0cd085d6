/*
 * Map control blocks: which of a file's blocks (VBN) lie where on its volume (LBN). The runs stand
 * in BASE_MCB.Mapping one behind the other from VBN 0 on, holes among them; neighbours that
 * continue each other are one run, and the last is never a hole.
 */
#include "host/fs/mcb.h"
#include "host/mm/mm.h"

enum { MCB_TAG = 0x6D4D5346, FIRST_CAPACITY = 16 };

static struct mcb_run *runs_of(PBASE_MCB mcb)
{
    return mcb->Mapping;
}

static LONGLONG start_of(PBASE_MCB mcb, ULONG index)
{
    return index ? runs_of(mcb)[index - 1].end : 0;
}

static LONGLONG end_of(PBASE_MCB mcb)
{
    return start_of(mcb, mcb->PairCount);
}

/* The block at vbn of a run, wherever that begins. */
static LONGLONG lbn_at(PBASE_MCB mcb, ULONG index, LONGLONG vbn)
{
    LONGLONG lbn = runs_of(mcb)[index].lbn;
    return lbn == MCB_HOLE ? MCB_HOLE : lbn + (vbn - start_of(mcb, index));
}

static ULONG find(PBASE_MCB mcb, LONGLONG vbn)
{
    ULONG low = 0, high = mcb->PairCount;
    while (low < high) {
        ULONG middle = (low + high) / 2;
        if (runs_of(mcb)[middle].end <= vbn)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- changing the array ---- */

static BOOLEAN reserve(PBASE_MCB mcb, ULONG more)
{
    struct machine *machine = current_machine();
    ULONG wanted = mcb->PairCount + more, capacity = mcb->MaximumPairCount;
    if (wanted <= capacity)
        return TRUE;
    while (capacity < wanted)
        capacity = capacity ? 2 * capacity : FIRST_CAPACITY;
    struct mcb_run *grown =
        mm_pool_allocate(machine, mcb->PoolType, capacity * sizeof(struct mcb_run), MCB_TAG);
    if (!grown)
        return FALSE;
    if (mcb->Mapping) {
        __builtin_memcpy(grown, mcb->Mapping, mcb->PairCount * sizeof(*grown));
        mm_pool_free(machine, mcb->Mapping);
    }
    mcb->Mapping = grown;
    mcb->MaximumPairCount = capacity;
    return TRUE;
}

static void insert(PBASE_MCB mcb, ULONG index, struct mcb_run run)
{
    struct mcb_run *at = runs_of(mcb) + index;
    __builtin_memmove(at + 1, at, (mcb->PairCount - index) * sizeof(*at));
    *at = run;
    mcb->PairCount++;
}

static void drop(PBASE_MCB mcb, ULONG index)
{
    struct mcb_run *at = runs_of(mcb) + index;
    mcb->PairCount--;
    __builtin_memmove(at, at + 1, (mcb->PairCount - index) * sizeof(*at));
}

/* A run begins at vbn, which lies within what there is or at its end: its index. */
static ULONG cut(PBASE_MCB mcb, LONGLONG vbn)
{
    ULONG index = find(mcb, vbn);
    if (index == mcb->PairCount || start_of(mcb, index) == vbn)
        return index;
    LONGLONG behind = lbn_at(mcb, index, vbn);
    insert(mcb, index, (struct mcb_run){vbn, runs_of(mcb)[index].lbn});
    runs_of(mcb)[index + 1].lbn = behind;
    return index + 1;
}

/* The runs at index and in front of it become one if the second continues the first. */
static void join(PBASE_MCB mcb, ULONG index)
{
    if (index == 0 || index >= mcb->PairCount)
        return;
    LONGLONG first = runs_of(mcb)[index - 1].lbn, second = runs_of(mcb)[index].lbn;
    LONGLONG length = start_of(mcb, index) - start_of(mcb, index - 1);
    BOOLEAN continues =
        first == MCB_HOLE ? second == MCB_HOLE : second != MCB_HOLE && second == first + length;
    if (continues)
        drop(mcb, index - 1), runs_of(mcb)[index - 1].lbn = first;
}

static void trim(PBASE_MCB mcb)
{
    while (mcb->PairCount && runs_of(mcb)[mcb->PairCount - 1].lbn == MCB_HOLE)
        mcb->PairCount--;
}

/* [vbn, end) becomes one run. There is room for three more. */
static void replace(PBASE_MCB mcb, LONGLONG vbn, LONGLONG end, LONGLONG lbn)
{
    if (vbn > end_of(mcb))
        insert(mcb, mcb->PairCount, (struct mcb_run){vbn, MCB_HOLE});
    ULONG first = cut(mcb, vbn);
    ULONG last = end < end_of(mcb) ? cut(mcb, end) : mcb->PairCount;
    while (last > first)
        drop(mcb, --last);
    insert(mcb, first, (struct mcb_run){end, lbn});
    join(mcb, first + 1);
    join(mcb, first);
    trim(mcb);
}

/* Is [vbn, end) free, or mapped just so already? */
static BOOLEAN may_map(PBASE_MCB mcb, LONGLONG vbn, LONGLONG end, LONGLONG lbn)
{
    for (ULONG i = find(mcb, vbn); i < mcb->PairCount && start_of(mcb, i) < end; i++) {
        LONGLONG start = start_of(mcb, i) > vbn ? start_of(mcb, i) : vbn;
        LONGLONG there = lbn_at(mcb, i, start);
        if (there != MCB_HOLE && there != lbn + (start - vbn))
            return FALSE;
    }
    return TRUE;
}

/* ---- BASE_MCB: the caller keeps others away ---- */

BOOLEAN NTAPI FsRtlInitializeBaseMcbEx(PBASE_MCB mcb, POOL_TYPE pool_type, USHORT flags)
{
    *mcb = (BASE_MCB){.PoolType = (USHORT)pool_type, .Flags = flags};
    if (reserve(mcb, FIRST_CAPACITY))
        return TRUE;
    if (flags & MCB_FLAG_RAISE_ON_ALLOCATION_FAILURE)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return FALSE;
}
SB_EXPORT(FsRtlInitializeBaseMcbEx)

VOID NTAPI FsRtlInitializeBaseMcb(PBASE_MCB mcb, POOL_TYPE pool_type)
{
    FsRtlInitializeBaseMcbEx(mcb, pool_type, MCB_FLAG_RAISE_ON_ALLOCATION_FAILURE);
}
SB_EXPORT(FsRtlInitializeBaseMcb)

VOID NTAPI FsRtlUninitializeBaseMcb(PBASE_MCB mcb)
{
    if (mcb->Mapping)
        mm_pool_free(current_machine(), mcb->Mapping);
    mcb->Mapping = NULL;
    mcb->PairCount = mcb->MaximumPairCount = 0;
}
SB_EXPORT(FsRtlUninitializeBaseMcb)

VOID NTAPI FsRtlResetBaseMcb(PBASE_MCB mcb)
{
    mcb->PairCount = 0;
}
SB_EXPORT(FsRtlResetBaseMcb)

VOID NTAPI FsRtlTruncateBaseMcb(PBASE_MCB mcb, LONGLONG vbn)
{
    ULONG index = find(mcb, vbn);
    if (index == mcb->PairCount)
        return;
    BOOLEAN is_whole = start_of(mcb, index) == vbn;
    if (!is_whole)
        runs_of(mcb)[index].end = vbn;
    mcb->PairCount = index + !is_whole;
    trim(mcb);
}
SB_EXPORT(FsRtlTruncateBaseMcb)

NTSTATUS NTAPI FsRtlAddBaseMcbEntryEx(PBASE_MCB mcb, LONGLONG vbn, LONGLONG lbn, LONGLONG count)
{
    if (vbn < 0 || count <= 0 || !may_map(mcb, vbn, vbn + count, lbn))
        return STATUS_UNSUCCESSFUL;
    if (!reserve(mcb, 4))
        return STATUS_INSUFFICIENT_RESOURCES;
    replace(mcb, vbn, vbn + count, lbn);
    return STATUS_SUCCESS;
}
SB_EXPORT(FsRtlAddBaseMcbEntryEx)

static BOOLEAN no_memory(PBASE_MCB mcb)
{
    if (mcb->Flags & MCB_FLAG_RAISE_ON_ALLOCATION_FAILURE)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return FALSE;
}

BOOLEAN NTAPI FsRtlAddBaseMcbEntry(PBASE_MCB mcb, LONGLONG vbn, LONGLONG lbn, LONGLONG count)
{
    NTSTATUS status = FsRtlAddBaseMcbEntryEx(mcb, vbn, lbn, count);
    return status == STATUS_INSUFFICIENT_RESOURCES ? no_memory(mcb) : NT_SUCCESS(status);
}
SB_EXPORT(FsRtlAddBaseMcbEntry)

BOOLEAN NTAPI FsRtlRemoveBaseMcbEntry(PBASE_MCB mcb, LONGLONG vbn, LONGLONG count)
{
    LONGLONG end = vbn + count < end_of(mcb) ? vbn + count : end_of(mcb);
    if (count <= 0 || vbn >= end)
        return TRUE;
    if (!reserve(mcb, 3))
        return no_memory(mcb);
    replace(mcb, vbn, end, MCB_HOLE);
    return TRUE;
}
SB_EXPORT(FsRtlRemoveBaseMcbEntry)

/* What lies from vbn on moves up; a hole is left. */
BOOLEAN NTAPI FsRtlSplitBaseMcb(PBASE_MCB mcb, LONGLONG vbn, LONGLONG amount)
{
    if (vbn >= end_of(mcb))
        return TRUE;
    if (!reserve(mcb, 2))
        return no_memory(mcb);
    ULONG index = cut(mcb, vbn);
    for (ULONG i = index; i < mcb->PairCount; i++)
        runs_of(mcb)[i].end += amount;
    insert(mcb, index, (struct mcb_run){vbn + amount, MCB_HOLE});
    join(mcb, index + 1);
    join(mcb, index);
    return TRUE;
}
SB_EXPORT(FsRtlSplitBaseMcb)

/* ---- asking ---- */

ULONG NTAPI FsRtlNumberOfRunsInBaseMcb(PBASE_MCB mcb)
{
    return mcb->PairCount;
}
SB_EXPORT(FsRtlNumberOfRunsInBaseMcb)

BOOLEAN NTAPI FsRtlGetNextBaseMcbEntry(PBASE_MCB mcb, ULONG index, PLONGLONG vbn, PLONGLONG lbn,
                                       PLONGLONG count)
{
    if (index >= mcb->PairCount)
        return FALSE;
    *vbn = start_of(mcb, index);
    *lbn = runs_of(mcb)[index].lbn;
    *count = runs_of(mcb)[index].end - *vbn;
    return TRUE;
}
SB_EXPORT(FsRtlGetNextBaseMcbEntry)

BOOLEAN NTAPI FsRtlLookupBaseMcbEntry(PBASE_MCB mcb, LONGLONG vbn, PLONGLONG lbn, PLONGLONG count,
                                      PLONGLONG starting_lbn, PLONGLONG starting_count,
                                      PULONG index)
{
    ULONG found = find(mcb, vbn);
    if (vbn < 0 || found == mcb->PairCount)
        return FALSE;
    const struct mcb_run *run = &runs_of(mcb)[found];
    if (lbn)
        *lbn = lbn_at(mcb, found, vbn);
    if (count)
        *count = run->end - vbn;
    if (starting_lbn)
        *starting_lbn = run->lbn;
    if (starting_count)
        *starting_count = run->end - start_of(mcb, found);
    if (index)
        *index = found;
    return TRUE;
}
SB_EXPORT(FsRtlLookupBaseMcbEntry)

BOOLEAN NTAPI FsRtlLookupLastBaseMcbEntryAndIndex(PBASE_MCB mcb, PLONGLONG vbn, PLONGLONG lbn,
                                                  PULONG index)
{
    if (!mcb->PairCount)
        return FALSE;
    *index = mcb->PairCount - 1;
    *vbn = end_of(mcb) - 1;
    *lbn = lbn_at(mcb, *index, *vbn);
    return TRUE;
}
SB_EXPORT(FsRtlLookupLastBaseMcbEntryAndIndex)

BOOLEAN NTAPI FsRtlLookupLastBaseMcbEntry(PBASE_MCB mcb, PLONGLONG vbn, PLONGLONG lbn)
{
    ULONG index;
    return FsRtlLookupLastBaseMcbEntryAndIndex(mcb, vbn, lbn, &index);
}
SB_EXPORT(FsRtlLookupLastBaseMcbEntry)
