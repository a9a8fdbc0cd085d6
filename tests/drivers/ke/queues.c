#include "ke.h"

enum { WORKERS = 4, ENTRIES = 400 };

struct work {
    KQUEUE queue;
    LONG running, most, done;
    BOOLEAN blocks;
};

struct entry {
    LIST_ENTRY link;
    BOOLEAN last;
};

static VOID NTAPI work(PVOID context)
{
    struct work *shared = context;
    for (;;) {
        PLIST_ENTRY link = KeRemoveQueue(&shared->queue, KernelMode, NULL);
        struct entry *entry = CONTAINING_RECORD(link, struct entry, link);
        LONG running = InterlockedIncrement(&shared->running);
        if (running > shared->most)
            shared->most = running;
        if (entry->last) {
            InterlockedDecrement(&shared->running);
            return;
        }
        InterlockedIncrement(&shared->done);
        YieldProcessor();
        InterlockedDecrement(&shared->running);
    }
}

void check_queue_workers(void)
{
    static struct entry entries[ENTRIES + WORKERS];
    static struct work shared;
    PKTHREAD threads[WORKERS];
    KeInitializeQueue(&shared.queue, 1); /* one runs at a time */
    for (int i = 0; i < WORKERS; i++)
        threads[i] = ke_start(work, &shared);
    for (int i = 0; i < ENTRIES + WORKERS; i++) {
        entries[i].last = i >= ENTRIES;
        KeInsertQueue(&shared.queue, &entries[i].link);
    }
    for (int i = 0; i < WORKERS; i++)
        ke_join(threads[i]);
    CHECK(shared.done == ENTRIES && shared.most == 1);
    CHECK(KeReadStateQueue(&shared.queue) == 0 && KeRundownQueue(&shared.queue) == NULL);
}

static VOID NTAPI wait_in_vain(PVOID context)
{
    CHECK(KeRemoveQueue(context, KernelMode, NULL) == (PLIST_ENTRY)(ULONG_PTR)STATUS_ABANDONED);
}

void check_queue(void)
{
    KQUEUE queue;
    struct entry entries[3];
    LARGE_INTEGER now = {{0}}, soon = milliseconds(1);
    PKTHREAD thread;
    KeInitializeQueue(&queue, 0);
    CHECK(queue.MaximumCount == KeQueryActiveProcessorCount(NULL));
    CHECK(KeRemoveQueue(&queue, KernelMode, &now) == (PLIST_ENTRY)(ULONG_PTR)STATUS_TIMEOUT);
    CHECK(KeInsertQueue(&queue, &entries[0].link) == 0);
    CHECK(KeInsertQueue(&queue, &entries[1].link) == 1);
    CHECK(KeInsertHeadQueue(&queue, &entries[2].link) == 2 && KeReadStateQueue(&queue) == 3);
    CHECK(KeRemoveQueue(&queue, KernelMode, NULL) == &entries[2].link);
    CHECK(KeRemoveQueue(&queue, KernelMode, &now) == &entries[0].link);
    CHECK(KeRundownQueue(&queue) == &entries[1].link && entries[1].link.Flink == &entries[1].link);
    KeInitializeQueue(&queue, 0);
    thread = ke_start(wait_in_vain, &queue);
    while (*(PLIST_ENTRY volatile *)&queue.Header.WaitListHead.Flink == &queue.Header.WaitListHead)
        KeDelayExecutionThread(KernelMode, FALSE, &soon);
    CHECK(KeRundownQueue(&queue) == NULL);
    ke_join(thread);
}
