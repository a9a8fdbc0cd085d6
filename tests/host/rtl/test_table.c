/* AVL and splay tables, splay links and dynamic hash tables. */
#include "rtl_test.h"

static int live; /* elements allocated by the tables */

static RTL_GENERIC_COMPARE_RESULTS order(const int *first, const int *second)
{
    return *first < *second   ? GenericLessThan
           : *first > *second ? GenericGreaterThan
                              : GenericEqual;
}

static PVOID allocate(CLONG size)
{
    live++;
    return ExAllocatePoolWithTag(NonPagedPool, size, 0);
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI avl_order(PRTL_AVL_TABLE table, PVOID first, PVOID second)
{
    return order(first, second);
}

static PVOID NTAPI avl_allocate(PRTL_AVL_TABLE table, CLONG size)
{
    return allocate(size);
}

static VOID NTAPI avl_free(PRTL_AVL_TABLE table, PVOID block)
{
    live--;
    ExFreePoolWithTag(block, 0);
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI splay_order(PRTL_GENERIC_TABLE table, PVOID first,
                                                     PVOID second)
{
    return order(first, second);
}

static PVOID NTAPI splay_allocate(PRTL_GENERIC_TABLE table, CLONG size)
{
    return allocate(size);
}

static VOID NTAPI splay_free(PRTL_GENERIC_TABLE table, PVOID block)
{
    live--;
    ExFreePoolWithTag(block, 0);
}

/* Height of a subtree; every node's balance and parent are checked on the way. */
static int checked_height(PRTL_BALANCED_LINKS node)
{
    int left, right;

    if (!node)
        return 0;
    if (node->LeftChild)
        assert_ptr_equal(node, node->LeftChild->Parent);
    if (node->RightChild)
        assert_ptr_equal(node, node->RightChild->Parent);
    left = checked_height(node->LeftChild);
    right = checked_height(node->RightChild);
    assert_int_equal(right - left, node->Balance);
    assert_in_range(node->Balance + 1, 0, 2);
    return 1 + (left > right ? left : right);
}

enum { COUNT = 1000 };

static void an_avl_table_stays_balanced_and_sorted(void **state)
{
    RTL_AVL_TABLE table;
    BOOLEAN is_new;
    int *data, expected = 0;

    RtlInitializeGenericTableAvl(&table, avl_order, avl_allocate, avl_free, NULL);
    assert_true(RtlIsGenericTableEmptyAvl(&table));
    for (int i = 0; i < COUNT; i++) {
        int key = i * 387 % COUNT;
        data = RtlInsertElementGenericTableAvl(&table, &key, sizeof key, &is_new);
        assert_true(is_new);
        assert_int_equal(key, *data);
        assert_int_equal(table.DepthOfTree, checked_height(table.BalancedRoot.RightChild));
    }
    assert_ptr_equal(data, RtlInsertElementGenericTableAvl(&table, data, sizeof *data, &is_new));
    assert_false(is_new);
    assert_int_equal(COUNT, RtlNumberGenericTableElementsAvl(&table));
    for (data = RtlEnumerateGenericTableAvl(&table, TRUE); data;
         data = RtlEnumerateGenericTableAvl(&table, FALSE))
        assert_int_equal(expected++, *data);
    assert_int_equal(COUNT, expected);
    assert_int_equal(70, *(int *)RtlGetElementGenericTableAvl(&table, 70));
    assert_int_equal(60, *(int *)RtlGetElementGenericTableAvl(&table, 60));
    assert_null(RtlGetElementGenericTableAvl(&table, COUNT));
    for (int i = 0; i < COUNT; i++) {
        int key = i * 759 % COUNT;
        assert_true(RtlDeleteElementGenericTableAvl(&table, &key));
        assert_false(RtlDeleteElementGenericTableAvl(&table, &key));
        assert_int_equal(table.DepthOfTree, checked_height(table.BalancedRoot.RightChild));
    }
    assert_true(RtlIsGenericTableEmptyAvl(&table));
    assert_int_equal(0, live);
}

static void an_avl_enumeration_survives_deletion(void **state)
{
    RTL_AVL_TABLE table;
    PVOID node, restart = NULL;
    TABLE_SEARCH_RESULT result;
    int sum = 0, key = 3;

    RtlInitializeGenericTableAvl(&table, avl_order, avl_allocate, avl_free, NULL);
    for (int i = 0; i < 10; i++)
        RtlInsertElementGenericTableAvl(&table, &i, sizeof i, NULL);
    assert_int_equal(3, *(int *)RtlLookupElementGenericTableFullAvl(&table, &key, &node, &result));
    assert_int_equal(TableFoundNode, result);
    key = 30;
    assert_null(RtlLookupElementGenericTableFullAvl(&table, &key, &node, &result));
    assert_int_equal(TableInsertAsRight, result);
    assert_non_null(
        RtlInsertElementGenericTableFullAvl(&table, &key, sizeof key, NULL, node, result));
    for (int *data = RtlEnumerateGenericTableAvl(&table, TRUE); data;
         data = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        int copy = *data;
        sum += copy;
        assert_true(RtlDeleteElementGenericTableAvl(&table, &copy));
    }
    assert_int_equal(75, sum);
    assert_null(RtlEnumerateGenericTableWithoutSplayingAvl(&table, &restart));
    assert_int_equal(0, live);
}

static NTSTATUS NTAPI match_even(PRTL_AVL_TABLE table, PVOID data, PVOID limit)
{
    if (*(int *)data > *(int *)limit)
        return STATUS_NO_MORE_MATCHES;
    return *(int *)data % 2 == 0 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

static void an_avl_table_is_read_like_a_directory(void **state)
{
    RTL_AVL_TABLE table;
    PVOID key = NULL;
    ULONG deletions = 0;
    int from = -1, limit = 6, *data;

    RtlInitializeGenericTableAvl(&table, avl_order, avl_allocate, avl_free, NULL);
    for (int i = 0; i < 10; i++)
        RtlInsertElementGenericTableAvl(&table, &i, sizeof i, NULL);
    data = RtlEnumerateGenericTableLikeADirectory(&table, match_even, &limit, 0, &key, &deletions,
                                                  &from);
    assert_int_equal(0, *data);
    data = RtlEnumerateGenericTableLikeADirectory(&table, match_even, &limit, 1, &key, &deletions,
                                                  &from);
    assert_int_equal(2, *data);
    from = 2;
    assert_true(RtlDeleteElementGenericTableAvl(&table, &from)); /* the key is stale now */
    data = RtlEnumerateGenericTableLikeADirectory(&table, match_even, &limit, 1, &key, &deletions,
                                                  &from);
    assert_int_equal(4, *data);
    from = 7;
    key = NULL;
    assert_null(RtlEnumerateGenericTableLikeADirectory(&table, match_even, &limit, 0, &key,
                                                       &deletions, &from));
    while ((data = RtlGetElementGenericTableAvl(&table, 0)))
        RtlDeleteElementGenericTableAvl(&table, data);
    assert_int_equal(0, live);
}

static void a_splay_table_keeps_both_orders(void **state)
{
    RTL_GENERIC_TABLE table;
    BOOLEAN is_new;
    PVOID restart = NULL;
    int *data, expected = 0;

    RtlInitializeGenericTable(&table, splay_order, splay_allocate, splay_free, NULL);
    for (int i = 0; i < COUNT; i++) {
        int key = i * 387 % COUNT;
        data = RtlInsertElementGenericTable(&table, &key, sizeof key, &is_new);
        assert_true(is_new);
        assert_int_equal(key, *data);
        assert_ptr_equal(data, (PUCHAR)table.TableRoot + 0x28);
    }
    assert_int_equal(COUNT, RtlNumberGenericTableElements(&table));
    assert_int_equal(387, *(int *)RtlGetElementGenericTable(&table, 1));
    assert_int_equal(387 * 9 % COUNT, *(int *)RtlGetElementGenericTable(&table, 9));
    assert_int_equal(387 * 2 % COUNT, *(int *)RtlGetElementGenericTable(&table, 2));
    for (data = RtlEnumerateGenericTable(&table, TRUE); data;
         data = RtlEnumerateGenericTable(&table, FALSE))
        assert_int_equal(expected++, *data);
    assert_int_equal(COUNT, expected);
    expected = 0;
    while ((data = RtlEnumerateGenericTableWithoutSplaying(&table, &restart)))
        assert_int_equal(expected++, *data);
    assert_int_equal(COUNT, expected);
    expected = 500;
    assert_int_equal(500, *(int *)RtlLookupElementGenericTable(&table, &expected));
    for (int i = 0; i < COUNT; i++) {
        int key = i * 759 % COUNT;
        assert_true(RtlDeleteElementGenericTable(&table, &key));
        assert_false(RtlDeleteElementGenericTable(&table, &key));
    }
    assert_true(RtlIsGenericTableEmpty(&table));
    assert_int_equal(0, live);
}

static void splay_links_know_their_neighbours(void **state)
{
    RTL_SPLAY_LINKS links[3];
    PRTL_SPLAY_LINKS root = &links[1];

    RtlInitializeSplayLinks(&links[0]);
    RtlInitializeSplayLinks(&links[1]);
    RtlInitializeSplayLinks(&links[2]);
    RtlInsertAsLeftChild(&links[1], &links[0]);
    RtlInsertAsRightChild(&links[1], &links[2]);
    assert_ptr_equal(&links[1], RtlRealSuccessor(&links[0]));
    assert_ptr_equal(&links[1], RtlRealPredecessor(&links[2]));
    assert_null(RtlRealSuccessor(&links[2]));
    assert_null(RtlRealPredecessor(&links[0]));
    assert_ptr_equal(&links[2], RtlSplay(&links[2]));
    assert_ptr_equal(&links[2], links[2].Parent);
    root = &links[2];
    RtlDeleteNoSplay(&links[1], &root);
    assert_ptr_equal(&links[2], root);
    assert_ptr_equal(&links[0], links[2].LeftChild);
    assert_ptr_equal(&links[0], RtlDelete(&links[2]));
    assert_null(RtlDelete(&links[0]));
}

struct item {
    RTL_DYNAMIC_HASH_TABLE_ENTRY entry;
    int value;
};

static struct item items[COUNT];

static void look_all_up(PRTL_DYNAMIC_HASH_TABLE table)
{
    for (int i = 0; i < COUNT; i++) {
        RTL_DYNAMIC_HASH_TABLE_CONTEXT context = {0};
        PRTL_DYNAMIC_HASH_TABLE_ENTRY entry;
        int found = 0;

        for (entry = RtlLookupEntryHashTable(table, (ULONG_PTR)i / 2, &context); entry;
             entry = RtlGetNextEntryHashTable(table, &context)) {
            assert_int_equal(i / 2 == 0 ? 1 : i / 2, entry->Signature);
            found++;
        }
        assert_int_equal(i / 2 <= 1 ? 4 : 2, found); /* signature 0 is kept as 1 */
    }
}

static void a_hash_table_grows_and_shrinks(void **state)
{
    PRTL_DYNAMIC_HASH_TABLE table = NULL;
    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator;
    int seen = 0;

    assert_true(RtlCreateHashTable(&table, 0, 0));
    for (int i = 0; i < COUNT; i++) {
        items[i].value = i;
        assert_true(RtlInsertEntryHashTable(table, &items[i].entry, (ULONG_PTR)i / 2, NULL));
    }
    assert_int_equal(COUNT, table->NumEntries);
    assert_int_equal(128, table->NonEmptyBuckets);
    look_all_up(table);
    for (int i = 0; i < 400; i++)
        assert_true(RtlExpandHashTable(table));
    assert_int_equal(528, table->TableSize);
    look_all_up(table);
    assert_true(RtlInitEnumerationHashTable(table, &enumerator));
    assert_false(RtlExpandHashTable(table));
    for (PRTL_DYNAMIC_HASH_TABLE_ENTRY entry;
         (entry = RtlEnumerateEntryHashTable(table, &enumerator)); seen++) {
        if (seen % 2 == 0) {
            assert_true(RtlRemoveEntryHashTable(table, entry, NULL));
            assert_true(RtlInsertEntryHashTable(table, entry, entry->Signature, NULL));
        }
        assert_true(seen < 2 * COUNT);
    }
    RtlEndEnumerationHashTable(table, &enumerator);
    assert_in_range(seen, COUNT, 2 * COUNT);
    for (int i = 0; i < 400; i++)
        assert_true(RtlContractHashTable(table));
    assert_false(RtlContractHashTable(table));
    look_all_up(table);
    seen = 0;
    assert_true(RtlInitWeakEnumerationHashTable(table, &enumerator));
    while (RtlWeaklyEnumerateEntryHashTable(table, &enumerator))
        seen++;
    RtlEndWeakEnumerationHashTable(table, &enumerator);
    assert_int_equal(COUNT, seen);
    for (int i = 0; i < COUNT; i++)
        assert_true(RtlRemoveEntryHashTable(table, &items[i].entry, NULL));
    assert_int_equal(0, table->NonEmptyBuckets);
    RtlDeleteHashTable(table);
    assert_int_equal(0, pool_blocks);
}

static void a_hash_table_that_cannot_be_made_leaves_nothing(void **state)
{
    PRTL_DYNAMIC_HASH_TABLE table = NULL;

    assert_false(RtlCreateHashTable(&table, 0, 1));
    pool_fails = 1;
    assert_false(RtlCreateHashTable(&table, 0, 0));
    pool_fails = 0;
    assert_null(table);
    assert_int_equal(0, pool_blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_avl_table_stays_balanced_and_sorted),
        cmocka_unit_test(an_avl_enumeration_survives_deletion),
        cmocka_unit_test(an_avl_table_is_read_like_a_directory),
        cmocka_unit_test(a_splay_table_keeps_both_orders),
        cmocka_unit_test(splay_links_know_their_neighbours),
        cmocka_unit_test(a_hash_table_grows_and_shrinks),
        cmocka_unit_test(a_hash_table_that_cannot_be_made_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
