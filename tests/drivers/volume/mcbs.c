/* Map control blocks: runs of a file's blocks on its volume. */
#include "volume.h"

static LARGE_MCB mcb;

static BOOLEAN add(LONGLONG vbn, LONGLONG lbn, LONGLONG count)
{
    return FsRtlAddLargeMcbEntry(&mcb, vbn, lbn, count);
}

/* The run with that index is just so. */
static BOOLEAN is_run(ULONG index, LONGLONG vbn, LONGLONG lbn, LONGLONG count)
{
    LONGLONG seen_vbn = -2, seen_lbn = -2, seen_count = -2;

    return FsRtlGetNextLargeMcbEntry(&mcb, index, &seen_vbn, &seen_lbn, &seen_count) &&
           seen_vbn == vbn && seen_lbn == lbn && seen_count == count;
}

static ULONG runs(void)
{
    return FsRtlNumberOfRunsInLargeMcb(&mcb);
}

void check_mcb_runs(void)
{
    LONGLONG lbn = 0, count = 0, starting_lbn = 0, starting_count = 0, vbn = 0;
    ULONG index = 9;

    FsRtlInitializeLargeMcb(&mcb, PagedPool);
    CHECK(runs() == 0 && !FsRtlLookupLargeMcbEntry(&mcb, 0, &lbn, NULL, NULL, NULL, NULL));
    CHECK(!FsRtlLookupLastLargeMcbEntry(&mcb, &vbn, &lbn));
    CHECK(add(0, 100, 10));
    CHECK(add(20, 200, 10)); /* a hole is left between */
    CHECK(runs() == 3 && is_run(0, 0, 100, 10) && is_run(1, 10, -1, 10) && is_run(2, 20, 200, 10));
    CHECK(!is_run(3, 0, 0, 0));
    CHECK(FsRtlLookupLargeMcbEntry(&mcb, 23, &lbn, &count, &starting_lbn, &starting_count, &index));
    CHECK(lbn == 203 && count == 7 && starting_lbn == 200 && starting_count == 10 && index == 2);
    CHECK(FsRtlLookupLargeMcbEntry(&mcb, 12, &lbn, &count, NULL, NULL, &index));
    CHECK(lbn == -1 && count == 8 && index == 1);
    CHECK(!FsRtlLookupLargeMcbEntry(&mcb, 30, &lbn, NULL, NULL, NULL, NULL));
    CHECK(FsRtlLookupLastLargeMcbEntryAndIndex(&mcb, &vbn, &lbn, &index));
    CHECK(vbn == 29 && lbn == 209 && index == 2);

    CHECK(add(10, 110, 5)); /* continues the first */
    CHECK(runs() == 3 && is_run(0, 0, 100, 15) && is_run(1, 15, -1, 5));
    CHECK(add(2, 102, 3) && runs() == 3); /* is there already */
    CHECK(!add(2, 300, 3));               /* is elsewhere */
    CHECK(!add(14, 300, 3));
    CHECK(add(15, 195, 5));
    CHECK(runs() == 2 && is_run(1, 15, 195, 15)); /* the hole is full, and what follows continues */
    FsRtlUninitializeLargeMcb(&mcb);
}

void check_mcb_changes(void)
{
    MCB small;
    VBN vbn;
    LBN lbn;
    ULONG count, index;

    FsRtlInitializeLargeMcb(&mcb, NonPagedPool);
    CHECK(add(0, 100, 30));
    FsRtlRemoveLargeMcbEntry(&mcb, 10, 5);
    CHECK(runs() == 3 && is_run(0, 0, 100, 10) && is_run(1, 10, -1, 5) && is_run(2, 15, 115, 15));
    FsRtlRemoveLargeMcbEntry(&mcb, 20, 100); /* no hole at the end */
    CHECK(runs() == 3 && is_run(2, 15, 115, 5));
    CHECK(FsRtlSplitLargeMcb(&mcb, 5, 3));
    CHECK(is_run(0, 0, 100, 5) && is_run(1, 5, -1, 3) && is_run(2, 8, 105, 5) &&
          is_run(3, 13, -1, 5) && is_run(4, 18, 115, 5) && runs() == 5);
    FsRtlTruncateLargeMcb(&mcb, 15);
    CHECK(runs() == 3 && is_run(2, 8, 105, 5));
    FsRtlTruncateLargeMcb(&mcb, 2);
    CHECK(runs() == 1 && is_run(0, 0, 100, 2));
    FsRtlResetLargeMcb(&mcb, FALSE);
    CHECK(runs() == 0);
    for (LONGLONG i = 0; i < 100; i++)
        CHECK(add(2 * i, 1000 + 7 * i, 1));
    CHECK(runs() == 199 && is_run(198, 198, 1693, 1));
    FsRtlUninitializeLargeMcb(&mcb);

    FsRtlInitializeMcb(&small, PagedPool);
    CHECK(FsRtlAddMcbEntry(&small, 3, 50, 4));
    CHECK(FsRtlLookupMcbEntry(&small, 1, &lbn, &count, &index) && lbn == (LBN)-1 && count == 2);
    CHECK(FsRtlLookupLastMcbEntry(&small, &vbn, &lbn) && vbn == 6 && lbn == 53);
    CHECK(FsRtlNumberOfRunsInMcb(&small) == 2);
    CHECK(FsRtlGetNextMcbEntry(&small, 1, &vbn, &lbn, &count) && vbn == 3 && lbn == 50 &&
          count == 4);
    FsRtlUninitializeMcb(&small);
}
