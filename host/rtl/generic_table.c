/* Rtl: generic tables over splay trees. Locking is the caller's, as documented. */
#include "host/rtl/rtl.h"

/* What the allocate routine's block begins with; the element's data follows. */
struct element {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order;
    LONGLONG data[];
};

_Static_assert(FIELD_OFFSET(struct element, data) == 0x28, "element header of x64 Windows");

static struct element *element_of(PVOID links)
{
    return links;
}

static TABLE_SEARCH_RESULT search(PRTL_GENERIC_TABLE table, PVOID buffer, PVOID *node_or_parent)
{
    PRTL_SPLAY_LINKS node = table->TableRoot;

    if (!node)
        return TableEmptyTree;
    for (;;) {
        RTL_GENERIC_COMPARE_RESULTS order =
            table->CompareRoutine(table, buffer, element_of(node)->data);
        PRTL_SPLAY_LINKS child = order == GenericLessThan ? node->LeftChild : node->RightChild;

        *node_or_parent = node;
        if (order == GenericEqual)
            return TableFoundNode;
        if (!child)
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        node = child;
    }
}

VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                                     PRTL_GENERIC_ALLOCATE_ROUTINE allocate,
                                     PRTL_GENERIC_FREE_ROUTINE free, PVOID context)
{
    table->TableRoot = NULL;
    InitializeListHead(&table->InsertOrderList);
    table->OrderedPointer = &table->InsertOrderList;
    table->WhichOrderedElement = 0;
    table->NumberGenericTableElements = 0;
    table->CompareRoutine = compare;
    table->AllocateRoutine = allocate;
    table->FreeRoutine = free;
    table->TableContext = context;
}
SB_EXPORT(RtlInitializeGenericTable)

PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE table, PVOID buffer,
                                             PVOID *node_or_parent, TABLE_SEARCH_RESULT *result)
{
    *node_or_parent = NULL;
    *result = search(table, buffer, node_or_parent);
    if (*result != TableFoundNode)
        return NULL;
    table->TableRoot = RtlSplay(*node_or_parent);
    return element_of(*node_or_parent)->data;
}
SB_EXPORT(RtlLookupElementGenericTableFull)

PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer)
{
    TABLE_SEARCH_RESULT result;
    PVOID node;

    return RtlLookupElementGenericTableFull(table, buffer, &node, &result);
}
SB_EXPORT(RtlLookupElementGenericTable)

static struct element *insert(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                              PRTL_SPLAY_LINKS parent, TABLE_SEARCH_RESULT result)
{
    struct element *element =
        table->AllocateRoutine(table, size + (CLONG)FIELD_OFFSET(struct element, data));

    if (!element)
        return NULL;
    element->links = (RTL_SPLAY_LINKS){&element->links, NULL, NULL};
    if (result != TableEmptyTree) {
        element->links.Parent = parent;
        if (result == TableInsertAsLeft)
            parent->LeftChild = &element->links;
        else
            parent->RightChild = &element->links;
    }
    InsertTailList(&table->InsertOrderList, &element->order);
    table->NumberGenericTableElements++;
    if (buffer && size != 0)
        __builtin_memcpy(element->data, buffer, size);
    return element;
}

PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                                             PBOOLEAN is_new, PVOID node_or_parent,
                                             TABLE_SEARCH_RESULT result)
{
    struct element *element = node_or_parent;

    if (result != TableFoundNode)
        element = insert(table, buffer, size, node_or_parent, result);
    if (is_new)
        *is_new = element && result != TableFoundNode;
    if (!element)
        return NULL;
    table->TableRoot = RtlSplay(&element->links);
    return element->data;
}
SB_EXPORT(RtlInsertElementGenericTableFull)

PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                                         PBOOLEAN is_new)
{
    PVOID node = NULL;
    TABLE_SEARCH_RESULT result = search(table, buffer, &node);

    return RtlInsertElementGenericTableFull(table, buffer, size, is_new, node, result);
}
SB_EXPORT(RtlInsertElementGenericTable)

BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer)
{
    PVOID node = NULL;

    if (search(table, buffer, &node) != TableFoundNode)
        return FALSE;
    table->TableRoot = RtlDelete(node);
    RemoveEntryList(&element_of(node)->order);
    table->NumberGenericTableElements--;
    table->WhichOrderedElement = 0;
    table->OrderedPointer = &table->InsertOrderList;
    table->FreeRoutine(table, node);
    return TRUE;
}
SB_EXPORT(RtlDeleteElementGenericTable)

static PRTL_SPLAY_LINKS leftmost(PRTL_SPLAY_LINKS node)
{
    while (node && node->LeftChild)
        node = node->LeftChild;
    return node;
}

/* The last one given is the root, so the next is the root's successor. */
PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE table, BOOLEAN restart)
{
    PRTL_SPLAY_LINKS node = table->TableRoot;

    if (node)
        node = restart ? leftmost(node) : RtlRealSuccessor(node);
    if (!node)
        return NULL;
    table->TableRoot = RtlSplay(node);
    return element_of(node)->data;
}
SB_EXPORT(RtlEnumerateGenericTable)

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE table, PVOID *restart_key)
{
    PRTL_SPLAY_LINKS node = *restart_key;

    node = node ? RtlRealSuccessor(node) : leftmost(table->TableRoot);
    if (!node)
        return NULL;
    *restart_key = node;
    return element_of(node)->data;
}
SB_EXPORT(RtlEnumerateGenericTableWithoutSplaying)

/* Elements are numbered in the order of their insertion; the last one asked for is remembered. */
PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE table, ULONG index)
{
    if (index >= table->NumberGenericTableElements)
        return NULL;
    for (; table->WhichOrderedElement > index + 1; table->WhichOrderedElement--)
        table->OrderedPointer = table->OrderedPointer->Blink;
    for (; table->WhichOrderedElement < index + 1; table->WhichOrderedElement++)
        table->OrderedPointer = table->OrderedPointer->Flink;
    return CONTAINING_RECORD(table->OrderedPointer, struct element, order)->data;
}
SB_EXPORT(RtlGetElementGenericTable)

ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE table)
{
    return table->NumberGenericTableElements;
}
SB_EXPORT(RtlNumberGenericTableElements)

BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE table)
{
    return table->TableRoot == NULL;
}
SB_EXPORT(RtlIsGenericTableEmpty)
