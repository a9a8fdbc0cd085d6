#include "executive.h"

struct node {
    SLIST_ENTRY link;
    ULONG value;
};

void check_slist(void)
{
    SLIST_HEADER *head = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*head), TAG);
    struct node *nodes = ExAllocatePoolWithTag(NonPagedPoolNx, 4 * sizeof(*nodes), TAG);
    InitializeSListHead(head);
    CHECK(ExQueryDepthSList(head) == 0 && ExpInterlockedPopEntrySList(head) == NULL);
    CHECK(ExpInterlockedPushEntrySList(head, &nodes[0].link) == NULL);
    CHECK(ExpInterlockedPushEntrySList(head, &nodes[1].link) == &nodes[0].link);
    CHECK(ExpInterlockedPushEntrySList(head, &nodes[2].link) == &nodes[1].link);
    CHECK(ExQueryDepthSList(head) == 3 && (USHORT)head->Alignment == 3);
    CHECK(ExpInterlockedPopEntrySList(head) == &nodes[2].link);
    CHECK(ExpInterlockedFlushSList(head) == &nodes[1].link);
    CHECK(nodes[1].link.Next == &nodes[0].link && nodes[0].link.Next == NULL);
    CHECK(ExQueryDepthSList(head) == 0 && ExpInterlockedFlushSList(head) == NULL);
    ExFreePoolWithTag(nodes, TAG);
    ExFreePoolWithTag(head, TAG);
}

struct contest {
    SLIST_HEADER head;
    LONG popped;
};

static VOID NTAPI pop_and_push(PVOID context)
{
    struct contest *contest = context;
    for (int i = 0; i < 2000; i++) {
        PSLIST_ENTRY entry = ExpInterlockedPopEntrySList(&contest->head);
        if (!entry)
            continue;
        InterlockedIncrement(&contest->popped);
        ExpInterlockedPushEntrySList(&contest->head, entry);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void check_slist_between_threads(void)
{
    struct contest *contest = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*contest), TAG);
    struct node *nodes = ExAllocatePoolWithTag(NonPagedPoolNx, 4 * sizeof(*nodes), TAG);
    PKTHREAD threads[3];
    InitializeSListHead(&contest->head);
    contest->popped = 0;
    for (int i = 0; i < 4; i++)
        ExpInterlockedPushEntrySList(&contest->head, &nodes[i].link);
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(pop_and_push, contest);
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    CHECK(ExQueryDepthSList(&contest->head) == 4 && contest->popped == 6000);
    ExFreePoolWithTag(nodes, TAG);
    ExFreePoolWithTag(contest, TAG);
}

void check_interlocked_lists(void)
{
    LIST_ENTRY head, entries[3];
    SINGLE_LIST_ENTRY single = {NULL}, singles[2];
    KSPIN_LOCK lock;
    LARGE_INTEGER sum = {.QuadPart = 5}, step = {.QuadPart = -7};
    ULONG number = 0xFFFFFFFF;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == NULL);
    CHECK(ExInterlockedInsertHeadList(&head, &entries[0], &lock) == NULL);
    CHECK(ExInterlockedInsertHeadList(&head, &entries[1], &lock) == &entries[0]);
    CHECK(ExInterlockedInsertTailList(&head, &entries[2], &lock) == &entries[0]);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[1]);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[0]);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[2] && IsListEmpty(&head));
    CHECK(ExInterlockedPushEntryList(&single, &singles[0], &lock) == NULL);
    CHECK(ExInterlockedPushEntryList(&single, &singles[1], &lock) == &singles[0]);
    CHECK(ExInterlockedPopEntryList(&single, &lock) == &singles[1]);
    CHECK(ExInterlockedPopEntryList(&single, &lock) == &singles[0]);
    CHECK(ExInterlockedPopEntryList(&single, &lock) == NULL);
    CHECK(ExInterlockedAddLargeInteger(&sum, step, &lock).QuadPart == 5 && sum.QuadPart == -2);
    CHECK(ExInterlockedAddUlong(&number, 2, &lock) == 0xFFFFFFFF && number == 1);
}

static LONG allocated;

static PVOID NTAPI count_allocate(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX list)
{
    (void)list;
    allocated++;
    return ExAllocatePoolWithTag(type, size, tag);
}

static VOID NTAPI count_free(PVOID block, PLOOKASIDE_LIST_EX list)
{
    (void)list;
    allocated--;
    ExFreePool(block);
}

void check_lookaside(void)
{
    NPAGED_LOOKASIDE_LIST *list =
        ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizeof(*list), TAG);
    PAGED_LOOKASIDE_LIST *paged =
        ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizeof(*paged), TAG);
    PVOID blocks[8];
    ExInitializeNPagedLookasideList(list, NULL, NULL, 512 /* POOL_NX_ALLOCATION */, 96, TAG, 0);
    for (int i = 0; i < 8; i++)
        CHECK((blocks[i] = ExAllocateFromNPagedLookasideList(list)) != NULL);
    for (int i = 0; i < 8; i++)
        ExFreeToNPagedLookasideList(list, blocks[i]);
    CHECK(ExQueryDepthSList(&list->L.ListHead) > 0);
    CHECK(ExAllocateFromNPagedLookasideList(list) != NULL && list->L.TotalAllocates == 9);
    CHECK(list->L.AllocateMisses == 8 && list->L.Type == NonPagedPoolNx);
    ExFreeToNPagedLookasideList(list, blocks[3]);
    ExDeleteNPagedLookasideList(list);
    CHECK(ExQueryDepthSList(&list->L.ListHead) == 0);
    ExInitializePagedLookasideList(paged, NULL, NULL, 0, 2, TAG, 0);
    CHECK((blocks[0] = ExAllocateFromPagedLookasideList(paged)) != NULL);
    ExFreeToPagedLookasideList(paged, blocks[0]);
    ExDeletePagedLookasideList(paged);
    ExFreePoolWithTag(list, TAG);
    ExFreePoolWithTag(paged, TAG);
}

void check_lookaside_ex(void)
{
    LOOKASIDE_LIST_EX *list = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*list), TAG);
    CHECK_STATUS(STATUS_SUCCESS, ExInitializeLookasideListEx(list, count_allocate, count_free,
                                                             PagedPool, 0, 40, TAG, 0));
    PVOID first = ExAllocateFromLookasideListEx(list), second = ExAllocateFromLookasideListEx(list);
    CHECK(first && second && allocated == 2);
    ExFreeToLookasideListEx(list, first);
    CHECK(allocated == 2 && ExAllocateFromLookasideListEx(list) == first && allocated == 2);
    ExFreeToLookasideListEx(list, first);
    ExFreeToLookasideListEx(list, second);
    ExFlushLookasideListEx(list);
    CHECK(allocated == 0);
    ExDeleteLookasideListEx(list);
    CHECK_STATUS(STATUS_INVALID_PARAMETER_5,
                 ExInitializeLookasideListEx(list, NULL, NULL, PagedPool, 3, 40, TAG, 0));
    ExFreePoolWithTag(list, TAG);
}
