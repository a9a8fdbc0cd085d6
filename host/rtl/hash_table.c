/*
 * Rtl: dynamic hash tables, by linear hashing. A table has TableSize buckets; those below Pivot
 * have been split already and use one bit more of the signature. Buckets never move: block 0 of
 * the directory holds the first BASE_SIZE list heads, block n the next BASE_SIZE << (n - 1).
 * Within a bucket entries stand by rising signature. Locking is the caller's, as documented.
 *
 * An enumerator stands in a chain as an entry with the reserved signature 0; a real entry whose
 * signature would be 0 gets ALTERNATIVE_SIGNATURE.
 */
#include "host/rtl/rtl.h"

typedef RTL_DYNAMIC_HASH_TABLE table_t;
typedef RTL_DYNAMIC_HASH_TABLE_ENTRY entry_t;

enum { BASE_SIZE = 128, BLOCKS = 20, ALTERNATIVE_SIGNATURE = 1 };

/* Flags: the header came from pool. */
enum { ALLOCATED_HEADER = 1 };

#define HASH_TABLE_TAG 0x62744852u /* "RHtb" in memory */

static ULONG block_of(ULONG bucket)
{
    return bucket < BASE_SIZE ? 0 : 32 - (ULONG)__builtin_clz(bucket / BASE_SIZE);
}

static ULONG block_size(ULONG block)
{
    return block == 0 ? BASE_SIZE : (ULONG)BASE_SIZE << (block - 1);
}

static PLIST_ENTRY bucket_head(table_t *table, ULONG bucket)
{
    PLIST_ENTRY *directory = table->Directory;
    ULONG block = block_of(bucket);

    return &directory[block][block == 0 ? bucket : bucket - block_size(block)];
}

static ULONG_PTR real_signature(ULONG_PTR signature)
{
    return signature == 0 ? ALTERNATIVE_SIGNATURE : signature;
}

static PLIST_ENTRY chain_of(table_t *table, ULONG_PTR signature)
{
    ULONG hash = (ULONG)(signature >> table->Shift);
    ULONG bucket = hash & table->DivisorMask;

    if (bucket < table->Pivot)
        bucket = hash & (table->DivisorMask << 1 | 1);
    return bucket_head(table, bucket);
}

static entry_t *entry_of(PLIST_ENTRY linkage)
{
    return CONTAINING_RECORD(linkage, entry_t, Linkage);
}

/* Behind which linkage of its chain an entry of this signature stands or would stand. */
static PLIST_ENTRY find_before(PLIST_ENTRY head, ULONG_PTR signature)
{
    PLIST_ENTRY before = head;

    for (PLIST_ENTRY next = head->Flink; next != head; next = next->Flink) {
        ULONG_PTR other = entry_of(next)->Signature;
        if (other >= signature)
            break;
        if (other != 0)
            before = next;
    }
    return before;
}

static void fill_context(table_t *table, ULONG_PTR signature,
                         PRTL_DYNAMIC_HASH_TABLE_CONTEXT context)
{
    context->ChainHead = chain_of(table, signature);
    context->PrevLinkage = find_before(context->ChainHead, signature);
    context->Signature = signature;
}

/* The first entry of the context's signature behind `linkage`; enumerators are passed over. */
static entry_t *match_behind(const RTL_DYNAMIC_HASH_TABLE_CONTEXT *context, PLIST_ENTRY linkage)
{
    PLIST_ENTRY next = linkage->Flink;

    while (next != context->ChainHead && entry_of(next)->Signature == 0)
        next = next->Flink;
    if (next == context->ChainHead || entry_of(next)->Signature != context->Signature)
        return NULL;
    return entry_of(next);
}

/* Every change of a chain goes through these two, which keep count of the chains in use. */
static void link_behind(table_t *table, PLIST_ENTRY head, PLIST_ENTRY before, PLIST_ENTRY linkage)
{
    if (IsListEmpty(head))
        table->NonEmptyBuckets++;
    InsertHeadList(before, linkage);
}

static void unlink_entry(table_t *table, PLIST_ENTRY linkage)
{
    if (RemoveEntryList(linkage))
        table->NonEmptyBuckets--;
}

/* ---- making and freeing ---- */

static PLIST_ENTRY allocate_block(ULONG block)
{
    ULONG count = block_size(block);
    PLIST_ENTRY heads =
        ExAllocatePoolWithTag(NonPagedPool, count * sizeof(LIST_ENTRY), HASH_TABLE_TAG);

    for (ULONG i = 0; heads && i < count; i++)
        InitializeListHead(&heads[i]);
    return heads;
}

static void free_directory(PLIST_ENTRY *directory)
{
    for (ULONG block = 0; block < BLOCKS; block++) {
        if (directory[block])
            ExFreePoolWithTag(directory[block], HASH_TABLE_TAG);
    }
    ExFreePoolWithTag(directory, HASH_TABLE_TAG);
}

static PLIST_ENTRY *allocate_directory(ULONG size)
{
    PLIST_ENTRY *directory =
        ExAllocatePoolWithTag(NonPagedPool, BLOCKS * sizeof *directory, HASH_TABLE_TAG);

    if (!directory)
        return NULL;
    __builtin_memset(directory, 0, BLOCKS * sizeof *directory);
    for (ULONG block = 0; block <= block_of(size - 1); block++) {
        directory[block] = allocate_block(block);
        if (!directory[block]) {
            free_directory(directory);
            return NULL;
        }
    }
    return directory;
}

/* `size` is a power of two; a NULL *hash_table asks for the header too. */
static BOOLEAN create(PRTL_DYNAMIC_HASH_TABLE *hash_table, ULONG size, ULONG shift)
{
    table_t *table = *hash_table;
    PLIST_ENTRY *directory = allocate_directory(size);
    ULONG flags = 0;

    if (!directory)
        return FALSE;
    if (!table) {
        table = ExAllocatePoolWithTag(NonPagedPool, sizeof *table, HASH_TABLE_TAG);
        flags = ALLOCATED_HEADER;
    }
    if (!table) {
        free_directory(directory);
        return FALSE;
    }
    __builtin_memset(table, 0, sizeof *table);
    table->Flags = flags;
    table->Shift = shift;
    table->TableSize = size;
    table->DivisorMask = size - 1;
    table->Directory = directory;
    *hash_table = table;
    return TRUE;
}

BOOLEAN NTAPI RtlCreateHashTable(PRTL_DYNAMIC_HASH_TABLE *table, ULONG shift, ULONG flags)
{
    return flags == 0 && shift < 64 && create(table, BASE_SIZE, shift);
}
SB_EXPORT(RtlCreateHashTable)

/* The first size is rounded up to a power of two. */
BOOLEAN NTAPI RtlCreateHashTableEx(PRTL_DYNAMIC_HASH_TABLE *table, ULONG size, ULONG shift,
                                   ULONG flags)
{
    ULONG rounded = BASE_SIZE;

    while (rounded < size && rounded < (ULONG)BASE_SIZE << (BLOCKS - 2))
        rounded *= 2;
    return flags == 0 && shift < 64 && size <= rounded && create(table, rounded, shift);
}
SB_EXPORT(RtlCreateHashTableEx)

VOID NTAPI RtlDeleteHashTable(PRTL_DYNAMIC_HASH_TABLE table)
{
    free_directory(table->Directory);
    table->Directory = NULL;
    if (table->Flags & ALLOCATED_HEADER)
        ExFreePoolWithTag(table, HASH_TABLE_TAG);
}
SB_EXPORT(RtlDeleteHashTable)

/* ---- entries ---- */

BOOLEAN NTAPI RtlInsertEntryHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                      PRTL_DYNAMIC_HASH_TABLE_ENTRY entry, ULONG_PTR signature,
                                      PRTL_DYNAMIC_HASH_TABLE_CONTEXT context)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT local = {0};

    if (!context)
        context = &local;
    entry->Signature = real_signature(signature);
    if (!context->ChainHead)
        fill_context(table, entry->Signature, context);
    link_behind(table, context->ChainHead, context->PrevLinkage, &entry->Linkage);
    table->NumEntries++;
    return TRUE;
}
SB_EXPORT(RtlInsertEntryHashTable)

/* Leaves a context that can insert the entry again. */
BOOLEAN NTAPI RtlRemoveEntryHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                      PRTL_DYNAMIC_HASH_TABLE_ENTRY entry,
                                      PRTL_DYNAMIC_HASH_TABLE_CONTEXT context)
{
    unlink_entry(table, &entry->Linkage);
    table->NumEntries--;
    if (context && !context->ChainHead)
        fill_context(table, entry->Signature, context);
    return TRUE;
}
SB_EXPORT(RtlRemoveEntryHashTable)

PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlLookupEntryHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                                            ULONG_PTR signature,
                                                            PRTL_DYNAMIC_HASH_TABLE_CONTEXT context)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT local;

    if (!context)
        context = &local;
    fill_context(table, real_signature(signature), context);
    return match_behind(context, context->PrevLinkage);
}
SB_EXPORT(RtlLookupEntryHashTable)

/* The next entry of the same signature; the context moves on to it. */
PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI
RtlGetNextEntryHashTable(PRTL_DYNAMIC_HASH_TABLE table, PRTL_DYNAMIC_HASH_TABLE_CONTEXT context)
{
    entry_t *current = match_behind(context, context->PrevLinkage);

    (void)table;
    if (!current)
        return NULL;
    context->PrevLinkage = &current->Linkage;
    return match_behind(context, context->PrevLinkage);
}
SB_EXPORT(RtlGetNextEntryHashTable)

/* ---- enumeration ---- */

/* The next real entry behind `linkage`, in the enumerator's chain or a later one. */
static entry_t *next_entry(table_t *table, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator,
                           PLIST_ENTRY linkage)
{
    for (;;) {
        PLIST_ENTRY next = linkage->Flink;

        while (next != enumerator->ChainHead && entry_of(next)->Signature == 0)
            next = next->Flink;
        if (next != enumerator->ChainHead)
            return entry_of(next);
        if (enumerator->BucketIndex + 1 >= table->TableSize)
            return NULL;
        enumerator->ChainHead = bucket_head(table, ++enumerator->BucketIndex);
        linkage = enumerator->ChainHead;
    }
}

BOOLEAN NTAPI RtlInitEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                          PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    enumerator->BucketIndex = 0;
    enumerator->ChainHead = bucket_head(table, 0);
    enumerator->HashEntry.Signature = 0;
    link_behind(table, enumerator->ChainHead, enumerator->ChainHead,
                &enumerator->HashEntry.Linkage);
    table->NumEnumerators++;
    return TRUE;
}
SB_EXPORT(RtlInitEnumerationHashTable)

/* The enumerator moves behind what it gives, so that this entry may be removed meanwhile. */
PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlEnumerateEntryHashTable(
    PRTL_DYNAMIC_HASH_TABLE table, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    PLIST_ENTRY own = &enumerator->HashEntry.Linkage;
    ULONG bucket = enumerator->BucketIndex;
    entry_t *entry = next_entry(table, enumerator, own);

    if (!entry) {
        enumerator->BucketIndex = bucket;
        enumerator->ChainHead = bucket_head(table, bucket);
        return NULL;
    }
    unlink_entry(table, own);
    link_behind(table, enumerator->ChainHead, &entry->Linkage, own);
    return entry;
}
SB_EXPORT(RtlEnumerateEntryHashTable)

VOID NTAPI RtlEndEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                      PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    unlink_entry(table, &enumerator->HashEntry.Linkage);
    table->NumEnumerators--;
    enumerator->ChainHead = NULL;
}
SB_EXPORT(RtlEndEnumerationHashTable)

/* A weak enumerator only points at the last entry given, which must stay in the table. */
BOOLEAN NTAPI RtlInitWeakEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                              PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    enumerator->BucketIndex = 0;
    enumerator->ChainHead = bucket_head(table, 0);
    enumerator->HashEntry.Signature = 0;
    enumerator->HashEntry.Linkage.Flink = enumerator->ChainHead;
    table->NumEnumerators++;
    return TRUE;
}
SB_EXPORT(RtlInitWeakEnumerationHashTable)

PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlWeaklyEnumerateEntryHashTable(
    PRTL_DYNAMIC_HASH_TABLE table, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    entry_t *entry = next_entry(table, enumerator, enumerator->HashEntry.Linkage.Flink);

    enumerator->HashEntry.Linkage.Flink = entry ? &entry->Linkage : enumerator->ChainHead->Blink;
    return entry;
}
SB_EXPORT(RtlWeaklyEnumerateEntryHashTable)

VOID NTAPI RtlEndWeakEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE table,
                                          PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    table->NumEnumerators--;
    enumerator->ChainHead = NULL;
}
SB_EXPORT(RtlEndWeakEnumerationHashTable)

/* ---- size; refused while anyone enumerates ---- */

/* Takes the entries of one chain anew to where they belong now. */
static void rehash(table_t *table, PLIST_ENTRY head)
{
    LIST_ENTRY entries;

    if (IsListEmpty(head))
        return;
    InitializeListHead(&entries);
    while (!IsListEmpty(head)) {
        PLIST_ENTRY linkage = RemoveHeadList(head);
        InsertTailList(&entries, linkage);
    }
    table->NonEmptyBuckets--;
    while (!IsListEmpty(&entries)) {
        PLIST_ENTRY linkage = RemoveTailList(&entries), chain;
        chain = chain_of(table, entry_of(linkage)->Signature);
        link_behind(table, chain, find_before(chain, entry_of(linkage)->Signature), linkage);
    }
}

BOOLEAN NTAPI RtlExpandHashTable(PRTL_DYNAMIC_HASH_TABLE table)
{
    PLIST_ENTRY *directory = table->Directory;
    ULONG block = block_of(table->TableSize);
    ULONG split = table->Pivot;

    if (table->NumEnumerators != 0 || block >= BLOCKS)
        return FALSE;
    if (!directory[block])
        directory[block] = allocate_block(block);
    if (!directory[block])
        return FALSE;
    table->TableSize++;
    table->Pivot++;
    rehash(table, bucket_head(table, split));
    if (table->Pivot > table->DivisorMask) {
        table->DivisorMask = table->DivisorMask << 1 | 1;
        table->Pivot = 0;
    }
    return TRUE;
}
SB_EXPORT(RtlExpandHashTable)

BOOLEAN NTAPI RtlContractHashTable(PRTL_DYNAMIC_HASH_TABLE table)
{
    PLIST_ENTRY last;

    if (table->NumEnumerators != 0 || table->TableSize <= BASE_SIZE)
        return FALSE;
    if (table->Pivot == 0) {
        table->DivisorMask >>= 1;
        table->Pivot = table->DivisorMask + 1;
    }
    table->TableSize--;
    table->Pivot--;
    last = bucket_head(table, table->TableSize);
    rehash(table, last);
    return TRUE;
}
SB_EXPORT(RtlContractHashTable)
