/*
 * Rtl: generic tables over AVL trees. The table's BalancedRoot is the parent of the tree's root,
 * which is its right child; BalancedRoot is its own parent. Balance is the height of the right
 * subtree less that of the left. Locking is the caller's, as documented.
 */
#include "host/rtl/rtl.h"

typedef RTL_BALANCED_LINKS node_t;

/* What the allocate routine's block begins with; the element's data follows. */
struct element {
    node_t links;
    LONGLONG data[];
};

_Static_assert(FIELD_OFFSET(struct element, data) == 0x20, "element header of x64 Windows");

static struct element *element_of(PVOID links)
{
    return links;
}

static node_t *root_of(PRTL_AVL_TABLE table)
{
    return table->BalancedRoot.RightChild;
}

static node_t *leftmost(node_t *node)
{
    while (node && node->LeftChild)
        node = node->LeftChild;
    return node;
}

/* Balanced links begin like splay links, and BalancedRoot ends the way up as a root does. */
static node_t *successor(node_t *node)
{
    return (node_t *)RtlRealSuccessor((PRTL_SPLAY_LINKS)node);
}

static node_t *predecessor(PRTL_AVL_TABLE table, node_t *node)
{
    node = (node_t *)RtlRealPredecessor((PRTL_SPLAY_LINKS)node);
    return node == &table->BalancedRoot ? NULL : node;
}

static TABLE_SEARCH_RESULT search(PRTL_AVL_TABLE table, PVOID buffer, PVOID *node_or_parent)
{
    node_t *node = root_of(table);

    if (!node)
        return TableEmptyTree;
    for (;;) {
        RTL_GENERIC_COMPARE_RESULTS order =
            table->CompareRoutine(table, buffer, element_of(node)->data);
        node_t *child = order == GenericLessThan ? node->LeftChild : node->RightChild;

        *node_or_parent = node;
        if (order == GenericEqual)
            return TableFoundNode;
        if (!child)
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        node = child;
    }
}

/* ---- balance ---- */

/* Hangs `child`, which may be NULL, where `node` hangs. */
static void replace(node_t *node, node_t *child)
{
    if (node->Parent->LeftChild == node)
        node->Parent->LeftChild = child;
    else
        node->Parent->RightChild = child;
    if (child)
        child->Parent = node->Parent;
}

/* Turns `child` up over its parent; balances are the caller's. */
static void rotate(node_t *child)
{
    node_t *parent = child->Parent, *inner;

    replace(parent, child);
    if (parent->LeftChild == child) {
        inner = child->RightChild;
        parent->LeftChild = inner;
        child->RightChild = parent;
    } else {
        inner = child->LeftChild;
        parent->RightChild = inner;
        child->LeftChild = parent;
    }
    if (inner)
        inner->Parent = parent;
    parent->Parent = child;
}

/*
 * `node` leans by two to `side` (-1 left, 1 right): one or two rotations put it right. Returns the
 * top of the subtree; *shorter tells whether that lost a level.
 */
static node_t *rebalance(node_t *node, CHAR side, BOOLEAN *shorter)
{
    node_t *child = side < 0 ? node->LeftChild : node->RightChild, *grandchild;

    *shorter = TRUE;
    if (child->Balance != -side) {
        rotate(child);
        *shorter = child->Balance == side;
        node->Balance = *shorter ? 0 : side;
        child->Balance = *shorter ? 0 : (CHAR)-side;
        return child;
    }
    grandchild = side < 0 ? child->RightChild : child->LeftChild;
    rotate(grandchild);
    rotate(grandchild);
    node->Balance = grandchild->Balance == side ? (CHAR)-side : 0;
    child->Balance = grandchild->Balance == -side ? side : 0;
    grandchild->Balance = 0;
    return grandchild;
}

/* `node` has just become a leaf of the tree. */
static void grow(PRTL_AVL_TABLE table, node_t *node)
{
    while (node->Parent != &table->BalancedRoot) {
        node_t *parent = node->Parent;
        CHAR side = parent->LeftChild == node ? -1 : 1;
        BOOLEAN shorter;

        if (parent->Balance == side) {
            rebalance(parent, side, &shorter);
            return;
        }
        parent->Balance = (CHAR)(parent->Balance + side);
        if (parent->Balance == 0)
            return;
        node = parent;
    }
    table->DepthOfTree++;
}

/* The subtree on `side` of `node` has lost a level. */
static void shrink(PRTL_AVL_TABLE table, node_t *node, CHAR side)
{
    while (node != &table->BalancedRoot) {
        node_t *parent = node->Parent;
        CHAR side_of_parent = parent->LeftChild == node ? -1 : 1;

        if (node->Balance == 0) {
            node->Balance = (CHAR)-side;
            return;
        }
        if (node->Balance == side) {
            node->Balance = 0;
        } else {
            BOOLEAN shorter;
            rebalance(node, (CHAR)-side, &shorter);
            if (!shorter)
                return;
        }
        node = parent;
        side = side_of_parent;
    }
    table->DepthOfTree--;
}

/* `other`, already unlinked, takes the place and the balance of `node`. */
static void take_place(node_t *node, node_t *other)
{
    replace(node, other);
    other->Balance = node->Balance;
    other->LeftChild = node->LeftChild;
    other->RightChild = node->RightChild;
    if (other->LeftChild)
        other->LeftChild->Parent = other;
    if (other->RightChild)
        other->RightChild->Parent = other;
}

static void unlink(PRTL_AVL_TABLE table, node_t *node)
{
    node_t *lifted = NULL, *leaving = node, *parent;
    CHAR side;

    if (node->LeftChild && node->RightChild) {
        lifted = leftmost(node->RightChild);
        leaving = lifted;
    }
    parent = leaving->Parent;
    side = parent->LeftChild == leaving ? -1 : 1;
    replace(leaving, leaving->LeftChild ? leaving->LeftChild : leaving->RightChild);
    if (lifted) {
        take_place(node, lifted);
        if (parent == node)
            parent = lifted;
    }
    shrink(table, parent, side);
}

/* ---- exports ---- */

VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE table, PRTL_AVL_COMPARE_ROUTINE compare,
                                        PRTL_AVL_ALLOCATE_ROUTINE allocate,
                                        PRTL_AVL_FREE_ROUTINE free, PVOID context)
{
    __builtin_memset(table, 0, sizeof *table);
    table->BalancedRoot.Parent = &table->BalancedRoot;
    table->CompareRoutine = compare;
    table->AllocateRoutine = allocate;
    table->FreeRoutine = free;
    table->TableContext = context;
}
SB_EXPORT(RtlInitializeGenericTableAvl)

PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE table, PVOID buffer,
                                                PVOID *node_or_parent, TABLE_SEARCH_RESULT *result)
{
    *node_or_parent = NULL;
    *result = search(table, buffer, node_or_parent);
    return *result == TableFoundNode ? element_of(*node_or_parent)->data : NULL;
}
SB_EXPORT(RtlLookupElementGenericTableFullAvl)

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer)
{
    TABLE_SEARCH_RESULT result;
    PVOID node;

    return RtlLookupElementGenericTableFullAvl(table, buffer, &node, &result);
}
SB_EXPORT(RtlLookupElementGenericTableAvl)

static struct element *insert(PRTL_AVL_TABLE table, PVOID buffer, CLONG size, node_t *parent,
                              TABLE_SEARCH_RESULT result)
{
    struct element *element =
        table->AllocateRoutine(table, size + (CLONG)FIELD_OFFSET(struct element, data));

    if (!element)
        return NULL;
    if (result == TableEmptyTree)
        parent = &table->BalancedRoot;
    __builtin_memset(&element->links, 0, sizeof element->links);
    element->links.Parent = parent;
    if (result == TableInsertAsLeft)
        parent->LeftChild = &element->links;
    else
        parent->RightChild = &element->links;
    grow(table, &element->links);
    table->NumberGenericTableElements++;
    if (buffer && size != 0)
        __builtin_memcpy(element->data, buffer, size);
    return element;
}

PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE table, PVOID buffer, CLONG size,
                                                PBOOLEAN is_new, PVOID node_or_parent,
                                                TABLE_SEARCH_RESULT result)
{
    struct element *element = node_or_parent;

    if (result != TableFoundNode)
        element = insert(table, buffer, size, node_or_parent, result);
    if (is_new)
        *is_new = element && result != TableFoundNode;
    if (element && result != TableFoundNode) {
        table->OrderedPointer = NULL;
        table->WhichOrderedElement = 0;
    }
    return element ? element->data : NULL;
}
SB_EXPORT(RtlInsertElementGenericTableFullAvl)

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer, CLONG size,
                                            PBOOLEAN is_new)
{
    PVOID node = NULL;
    TABLE_SEARCH_RESULT result = search(table, buffer, &node);

    return RtlInsertElementGenericTableFullAvl(table, buffer, size, is_new, node, result);
}
SB_EXPORT(RtlInsertElementGenericTableAvl)

/* An enumeration that stood at the element goes on behind the one before it. */
BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer)
{
    PVOID node = NULL;

    if (search(table, buffer, &node) != TableFoundNode)
        return FALSE;
    if (table->RestartKey == node)
        table->RestartKey = predecessor(table, node);
    table->DeleteCount++;
    unlink(table, node);
    table->NumberGenericTableElements--;
    table->OrderedPointer = NULL;
    table->WhichOrderedElement = 0;
    table->FreeRoutine(table, node);
    return TRUE;
}
SB_EXPORT(RtlDeleteElementGenericTableAvl)

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE table, PVOID *restart_key)
{
    node_t *node = *restart_key ? successor(*restart_key) : leftmost(root_of(table));

    if (!node)
        return NULL;
    *restart_key = node;
    return element_of(node)->data;
}
SB_EXPORT(RtlEnumerateGenericTableWithoutSplayingAvl)

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE table, BOOLEAN restart)
{
    if (restart)
        table->RestartKey = NULL;
    return RtlEnumerateGenericTableWithoutSplayingAvl(table, (PVOID *)&table->RestartKey);
}
SB_EXPORT(RtlEnumerateGenericTableAvl)

/* A compare routine may call several elements equal to a key: the first of them is found. */
PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer,
                                                         PVOID *restart_key)
{
    PVOID found = NULL;
    node_t *before;

    if (search(table, buffer, &found) != TableFoundNode)
        return NULL;
    while ((before = predecessor(table, found)) &&
           table->CompareRoutine(table, buffer, element_of(before)->data) == GenericEqual)
        found = before;
    *restart_key = found;
    return element_of(found)->data;
}
SB_EXPORT(RtlLookupFirstMatchingElementGenericTableAvl)

/* Where a directory enumeration goes on: at its key, or at the place of `buffer` when deletions
 * may have made the key stale. `next`: behind that element rather than at it. */
static node_t *resume(PRTL_AVL_TABLE table, node_t *key, PVOID buffer, ULONG next)
{
    PVOID node = key;

    if (key)
        return next ? successor(key) : key;
    switch (search(table, buffer, &node)) {
    case TableFoundNode:
        return next ? successor(node) : node;
    case TableInsertAsRight:
        return successor(node);
    default:
        return node;
    }
}

PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE table,
                                                   PRTL_AVL_MATCH_FUNCTION match, PVOID match_data,
                                                   ULONG next, PVOID *restart_key,
                                                   PULONG delete_count, PVOID buffer)
{
    BOOLEAN stale = *delete_count != table->DeleteCount;
    node_t *node = resume(table, stale ? NULL : *restart_key, buffer, next);
    NTSTATUS status = STATUS_SUCCESS;

    while (node && match) {
        status = match(table, element_of(node)->data, match_data);
        if (status != STATUS_NO_MATCH)
            break;
        node = successor(node);
    }
    if (status != STATUS_SUCCESS)
        node = NULL;
    *restart_key = node;
    *delete_count = table->DeleteCount;
    return node ? element_of(node)->data : NULL;
}
SB_EXPORT(RtlEnumerateGenericTableLikeADirectory)

/* Elements are numbered in the order of their keys; the last one asked for is remembered. */
PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE table, ULONG index)
{
    if (index >= table->NumberGenericTableElements)
        return NULL;
    if (table->WhichOrderedElement == 0) {
        table->OrderedPointer = leftmost(root_of(table));
        table->WhichOrderedElement = 1;
    }
    for (; table->WhichOrderedElement > index + 1; table->WhichOrderedElement--)
        table->OrderedPointer = predecessor(table, table->OrderedPointer);
    for (; table->WhichOrderedElement < index + 1; table->WhichOrderedElement++)
        table->OrderedPointer = successor(table->OrderedPointer);
    return element_of(table->OrderedPointer)->data;
}
SB_EXPORT(RtlGetElementGenericTableAvl)

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE table)
{
    return table->NumberGenericTableElements;
}
SB_EXPORT(RtlNumberGenericTableElementsAvl)

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE table)
{
    return table->NumberGenericTableElements == 0;
}
SB_EXPORT(RtlIsGenericTableEmptyAvl)
