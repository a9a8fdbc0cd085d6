/* Bitmaps. */
#include "rtl_test.h"

enum { BITS = 100 };

static ULONG words[4];
static RTL_BITMAP map;

static int clear_map(void **state)
{
    RtlInitializeBitMap(&map, words, BITS);
    RtlClearAllBits(&map);
    return 0;
}

static void ranges_are_set_across_words(void **state)
{
    RtlSetBits(&map, 30, 40);
    assert_int_equal(0xC0000000, words[0]);
    assert_int_equal(0xFFFFFFFF, words[1]);
    assert_int_equal(0x3F, words[2]);
    assert_int_equal(40, RtlNumberOfSetBits(&map));
    assert_int_equal(60, RtlNumberOfClearBits(&map));
    assert_int_equal(34, RtlNumberOfSetBitsInRange(&map, 35, 34));
    assert_int_equal(1, RtlNumberOfClearBitsInRange(&map, 29, 41));
    assert_true(RtlAreBitsSet(&map, 30, 40));
    assert_false(RtlAreBitsSet(&map, 29, 2));
    assert_false(RtlAreBitsSet(&map, 30, 41));
    assert_true(RtlAreBitsClear(&map, 70, 30));
    assert_false(RtlAreBitsClear(&map, 70, 31));
    assert_false(RtlAreBitsClear(&map, 70, 0));
    RtlClearBits(&map, 32, 32);
    assert_int_equal(0, words[1]);
    RtlSetBit(&map, 99);
    assert_true(RtlTestBit(&map, 99));
    RtlClearBit(&map, 99);
    assert_false(RtlTestBit(&map, 99));
}

static void bits_past_the_end_do_not_count(void **state)
{
    RtlSetAllBits(&map);
    assert_int_equal(100, RtlNumberOfSetBits(&map));
    assert_int_equal(MAXULONG, RtlFindClearBits(&map, 1, 0));
    RtlClearAllBits(&map);
    assert_int_equal(0, RtlFindClearBits(&map, 100, 0));
    assert_int_equal(MAXULONG, RtlFindClearBits(&map, 101, 0));
}

static void a_search_starts_at_the_hint_and_wraps(void **state)
{
    RtlSetBits(&map, 10, 80);
    assert_int_equal(0, RtlFindClearBits(&map, 10, 0));
    assert_int_equal(90, RtlFindClearBits(&map, 5, 20));
    assert_int_equal(0, RtlFindClearBits(&map, 10, 95));
    assert_int_equal(MAXULONG, RtlFindClearBits(&map, 11, 0));
    assert_int_equal(10, RtlFindSetBits(&map, 80, 50));
    assert_int_equal(0, RtlFindClearBits(&map, 1, 500));
    assert_int_equal(90, RtlFindClearBitsAndSet(&map, 3, 30));
    assert_int_equal(93, RtlFindClearBitsAndSet(&map, 3, 30));
    assert_int_equal(10, RtlFindSetBitsAndClear(&map, 86, 0));
    assert_int_equal(0, RtlNumberOfSetBits(&map));
}

static void runs_are_found_in_order_or_by_length(void **state)
{
    RTL_BITMAP_RUN runs[3];
    ULONG start;

    RtlSetAllBits(&map);
    RtlClearBits(&map, 5, 2);
    RtlClearBits(&map, 20, 50);
    RtlClearBits(&map, 80, 7);
    RtlClearBits(&map, 98, 2);
    assert_int_equal(3, RtlFindClearRuns(&map, runs, 3, FALSE));
    assert_int_equal(5, runs[0].StartingIndex);
    assert_int_equal(20, runs[1].StartingIndex);
    assert_int_equal(80, runs[2].StartingIndex);
    assert_int_equal(3, RtlFindClearRuns(&map, runs, 3, TRUE));
    assert_int_equal(20, runs[0].StartingIndex);
    assert_int_equal(80, runs[1].StartingIndex);
    assert_int_equal(5, runs[2].StartingIndex);
    assert_int_equal(50, RtlFindLongestRunClear(&map, &start));
    assert_int_equal(20, start);
    assert_int_equal(2, RtlFindFirstRunClear(&map, &start));
    assert_int_equal(5, start);
    assert_int_equal(10, RtlFindNextForwardRunClear(&map, 60, &start));
    assert_int_equal(60, start);
    assert_int_equal(0, RtlFindNextForwardRunClear(&map, 100, &start));
    assert_int_equal(2, RtlFindLastBackwardRunClear(&map, 19, &start));
    assert_int_equal(5, start);
    assert_int_equal(11, RtlFindLastBackwardRunClear(&map, 30, &start));
    assert_int_equal(20, start);
    assert_int_equal(0, RtlFindLastBackwardRunClear(&map, 4, &start));
}

static void significant_bits(void **state)
{
    assert_int_equal(-1, RtlFindLeastSignificantBit(0));
    assert_int_equal(4, RtlFindLeastSignificantBit(0x30));
    assert_int_equal(63, RtlFindMostSignificantBit(~0ull));
    assert_int_equal(-1, RtlFindMostSignificantBit(0));
    assert_int_equal(33, RtlNumberOfSetBitsUlongPtr(0x1FFFFFFFFull));
}

static void maps_are_copied_with_an_offset(void **state)
{
    ULONG other_words[2] = {0};
    RTL_BITMAP other = {40, other_words};

    RtlSetBits(&map, 3, 4);
    RtlCopyBitMap(&map, &other, 34);
    assert_int_equal(0x0, other_words[0]);
    assert_int_equal(0xE0, other_words[1]); /* bits 37 to 39: the fourth has no room */
    RtlExtractBitMap(&map, &other, 2, 8);
    assert_int_equal(0x1E, other_words[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ranges_are_set_across_words, clear_map),
        cmocka_unit_test_setup(bits_past_the_end_do_not_count, clear_map),
        cmocka_unit_test_setup(a_search_starts_at_the_hint_and_wraps, clear_map),
        cmocka_unit_test_setup(runs_are_found_in_order_or_by_length, clear_map),
        cmocka_unit_test_setup(significant_bits, clear_map),
        cmocka_unit_test_setup(maps_are_copied_with_an_offset, clear_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
