/*
 * Sequenced singly linked lists: a 16-byte header of depth, sequence and first entry, exchanged as
 * one, in the layout that drivers' inlined ExQueryDepthSList reads.
 */
#include "host/ex/ex.h"

struct header {
    ULONGLONG depth_and_sequence; /* 16 and 48 bits */
    ULONGLONG next;               /* the entry's address; the low bits are flags */
} __attribute__((aligned(16)));
_Static_assert(sizeof(SLIST_HEADER) == sizeof(struct header), "SLIST_HEADER");

static const ULONGLONG sequence_step = 0x10000, depth_mask = 0xFFFF, entry_mask = ~0xFull;

static struct header read(struct header *list)
{
    struct header value;
    value.depth_and_sequence = __atomic_load_n(&list->depth_and_sequence, __ATOMIC_ACQUIRE);
    value.next = __atomic_load_n(&list->next, __ATOMIC_ACQUIRE);
    return value; /* the two may not belong together; then the exchange fails */
}

static bool exchange(struct header *list, const struct header *expected, struct header wanted)
{
    bool done;
    ULONGLONG low = expected->depth_and_sequence, high = expected->next;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*list), "+a"(low), "+d"(high)
                     : "b"(wanted.depth_and_sequence), "c"(wanted.next)
                     : "memory");
    return done;
}

#undef InitializeSListHead
VOID NTAPI nt_InitializeSListHead(PSLIST_HEADER head)
{
    struct header *list = (struct header *)head;
    if ((ULONG_PTR)head & 15)
        ExRaiseDatatypeMisalignment();
    list->depth_and_sequence = 0;
    list->next = 1; /* HeaderType: the 16-byte form */
}
SB_EXPORT_AS("InitializeSListHead", nt_InitializeSListHead)
SB_EXPORT_AS("RtlInitializeSListHead", nt_InitializeSListHead)

#undef ExInterlockedPushEntrySList
PSLIST_ENTRY FASTCALL nt_push_entry(PSLIST_HEADER head, PSLIST_ENTRY entry)
{
    struct header *list = (struct header *)head, before, after;
    do {
        before = read(list);
        __atomic_store_n(&entry->Next, (PSLIST_ENTRY)(before.next & entry_mask), __ATOMIC_RELAXED);
        ULONGLONG depth = (before.depth_and_sequence + 1) & depth_mask;
        after.depth_and_sequence =
            ((before.depth_and_sequence + sequence_step) & ~depth_mask) | depth;
        after.next = (ULONGLONG)entry | 1;
    } while (!exchange(list, &before, after));
    return (PSLIST_ENTRY)(before.next & entry_mask);
}
SB_EXPORT_AS("ExpInterlockedPushEntrySList", nt_push_entry)
SB_EXPORT_AS("ExInterlockedPushEntrySList", nt_push_entry)
SB_EXPORT_AS("RtlInterlockedPushEntrySList", nt_push_entry)
SB_EXPORT_AS("InterlockedPushEntrySList", nt_push_entry)

/* Reads an entry that another thread may have popped, and its memory unmapped, meanwhile. */
static bool read_next(struct header *list, const struct header *before, ULONGLONG *next)
{
    PSLIST_ENTRY entry = (PSLIST_ENTRY)(before->next & entry_mask);
    if (linux_copy_guarded(next, &entry->Next, sizeof(*next)))
        return true;
    struct header now = read(list);
    if (now.depth_and_sequence == before->depth_and_sequence && now.next == before->next)
        *next = (ULONGLONG)entry->Next; /* the list itself is bad: fault like NT */
    return false;
}

#undef ExInterlockedPopEntrySList
PSLIST_ENTRY FASTCALL nt_pop_entry(PSLIST_HEADER head)
{
    struct header *list = (struct header *)head, before, after;
    ULONGLONG next;
    do {
        do {
            before = read(list);
            if (!(before.next & entry_mask))
                return NULL;
        } while (!read_next(list, &before, &next));
        ULONGLONG depth = (before.depth_and_sequence - 1) & depth_mask;
        after.depth_and_sequence =
            ((before.depth_and_sequence + sequence_step) & ~depth_mask) | depth;
        after.next = next | 1;
    } while (!exchange(list, &before, after));
    return (PSLIST_ENTRY)(before.next & entry_mask);
}
SB_EXPORT_AS("ExpInterlockedPopEntrySList", nt_pop_entry)
SB_EXPORT_AS("ExInterlockedPopEntrySList", nt_pop_entry)
SB_EXPORT_AS("RtlInterlockedPopEntrySList", nt_pop_entry)
SB_EXPORT_AS("InterlockedPopEntrySList", nt_pop_entry)

#undef ExInterlockedFlushSList
PSLIST_ENTRY FASTCALL nt_flush_list(PSLIST_HEADER head)
{
    struct header *list = (struct header *)head, before, after;
    do {
        before = read(list);
        if (!(before.next & entry_mask))
            return NULL;
        after.depth_and_sequence = (before.depth_and_sequence + sequence_step) & ~depth_mask;
        after.next = 1;
    } while (!exchange(list, &before, after));
    return (PSLIST_ENTRY)(before.next & entry_mask);
}
SB_EXPORT_AS("ExpInterlockedFlushSList", nt_flush_list)
SB_EXPORT_AS("ExInterlockedFlushSList", nt_flush_list)
SB_EXPORT_AS("RtlInterlockedFlushSList", nt_flush_list)
SB_EXPORT_AS("InterlockedFlushSList", nt_flush_list)

#undef ExQueryDepthSList
USHORT NTAPI nt_query_depth(PSLIST_HEADER head)
{
    return (USHORT)__atomic_load_n(&((struct header *)head)->depth_and_sequence, __ATOMIC_ACQUIRE);
}
SB_EXPORT_AS("ExQueryDepthSList", nt_query_depth)
SB_EXPORT_AS("RtlQueryDepthSList", nt_query_depth)
SB_EXPORT_AS("QueryDepthSList", nt_query_depth)

PSLIST_ENTRY NTAPI nt_first_entry(PSLIST_HEADER head)
{
    return (PSLIST_ENTRY)(read((struct header *)head).next & entry_mask);
}
SB_EXPORT_AS("FirstEntrySList", nt_first_entry)
SB_EXPORT_AS("RtlFirstEntrySList", nt_first_entry)
