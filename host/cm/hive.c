/* The tree of keys. The lock is held throughout; nothing here touches driver memory. */
#include "host/cm/cm.h"
#include "host/rtl/rtl.h"

static LONG compare(PCUNICODE_STRING a, PCUNICODE_STRING b)
{
    ULONG count_a = a->Length / sizeof(WCHAR), count_b = b->Length / sizeof(WCHAR);
    for (ULONG i = 0; i < count_a && i < count_b; i++) {
        LONG difference = (LONG)rtl_upcase(a->Buffer[i]) - (LONG)rtl_upcase(b->Buffer[i]);
        if (difference)
            return difference;
    }
    return (LONG)count_a - (LONG)count_b;
}

static BOOLEAN copy_string(PCUNICODE_STRING from, UNICODE_STRING *to)
{
    UNICODE_STRING copy = {from->Length, from->Length, NULL};
    if (from->Length) {
        copy.Buffer = linux_allocate(from->Length);
        if (!copy.Buffer)
            return FALSE;
        __builtin_memcpy(copy.Buffer, from->Buffer, from->Length);
    }
    *to = copy;
    return TRUE;
}

/* Room for one more element; *array may move. */
static BOOLEAN grow(void **array, ULONG count, ULONG *capacity, size_t size)
{
    if (count < *capacity)
        return TRUE;
    ULONG next = *capacity ? *capacity * 2 : 4;
    void *moved = linux_reallocate(*array, next * size);
    if (!moved)
        return FALSE;
    *array = moved;
    *capacity = next;
    return TRUE;
}

/* The index of a child, or where it would be. */
static BOOLEAN find_index(const struct cm_node *node, PCUNICODE_STRING name, ULONG *index)
{
    ULONG low = 0, high = node->child_count;
    while (low < high) {
        ULONG middle = low + (high - low) / 2;
        LONG order = compare(&node->children[middle]->name, name);
        if (order == 0) {
            *index = middle;
            return TRUE;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return FALSE;
}

void cm_touch(struct cm_node *node)
{
    node->last_write = linux_system_time();
}

static void insert_child(struct cm_node *parent, struct cm_node *node)
{
    ULONG index;
    find_index(parent, &node->name, &index);
    __builtin_memmove(&parent->children[index + 1], &parent->children[index],
                      (parent->child_count - index) * sizeof(*parent->children));
    parent->children[index] = node;
    parent->child_count++;
}

static void remove_child(struct cm_node *parent, struct cm_node *node)
{
    ULONG index;
    if (!find_index(parent, &node->name, &index))
        return;
    parent->child_count--;
    __builtin_memmove(&parent->children[index], &parent->children[index + 1],
                      (parent->child_count - index) * sizeof(*parent->children));
}

static void value_free(struct cm_value *value)
{
    linux_free(value->name.Buffer);
    linux_free(value->data);
}

static void node_free(struct cm_node *node)
{
    RemoveEntryList(&node->all_link);
    for (ULONG i = 0; i < node->value_count; i++)
        value_free(&node->values[i]);
    linux_free(node->values);
    linux_free(node->children);
    linux_free(node->name.Buffer);
    linux_free(node->class.Buffer);
    linux_free(node);
}

void cm_node_release(struct cm_node *node)
{
    while (node && --node->references == 0) {
        struct cm_node *parent = node->parent;
        node_free(node);
        node = parent;
    }
}

void cm_tree_free(struct cm_state *cm)
{
    while (!IsListEmpty(&cm->nodes))
        node_free(CONTAINING_RECORD(cm->nodes.Flink, struct cm_node, all_link));
}

static struct cm_node *node_allocate(struct cm_state *cm, PCUNICODE_STRING name,
                                     PCUNICODE_STRING class)
{
    static const UNICODE_STRING none;
    struct cm_node *node = linux_allocate(sizeof(*node));
    if (!node)
        return NULL;
    node->references = 1;
    node->id = ++cm->last_id;
    InsertTailList(&cm->nodes, &node->all_link);
    if (!copy_string(name, &node->name) || !copy_string(class ? class : &none, &node->class)) {
        cm_node_release(node);
        return NULL;
    }
    cm_touch(node);
    return node;
}

NTSTATUS cm_node_create(struct cm_state *cm, struct cm_node *parent, PCUNICODE_STRING name,
                        PCUNICODE_STRING class, BOOLEAN is_volatile, struct cm_node **created)
{
    if (parent && parent->is_deleted)
        return STATUS_KEY_DELETED;
    if (name->Length == 0 || name->Length > CM_KEY_NAME_BYTES)
        return STATUS_INVALID_PARAMETER;
    if (parent && parent->is_volatile && !is_volatile)
        return STATUS_CHILD_MUST_BE_VOLATILE;
    if (parent && !grow((void **)&parent->children, parent->child_count, &parent->child_capacity,
                        sizeof(*parent->children)))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct cm_node *node = node_allocate(cm, name, class);
    if (!node)
        return STATUS_INSUFFICIENT_RESOURCES;
    node->is_volatile = is_volatile;
    node->parent = parent;
    if (parent) {
        parent->references++; /* a deleted key still knows its path */
        insert_child(parent, node);
        cm_touch(parent);
    }
    *created = node;
    return STATUS_SUCCESS;
}

NTSTATUS cm_node_delete(struct cm_node *node)
{
    if (node->is_deleted)
        return STATUS_KEY_DELETED;
    if (node->child_count || !node->parent)
        return STATUS_CANNOT_DELETE;
    remove_child(node->parent, node);
    cm_touch(node->parent);
    node->is_deleted = TRUE;
    cm_node_release(node); /* the tree's reference */
    return STATUS_SUCCESS;
}

NTSTATUS cm_node_rename(struct cm_node *node, PCUNICODE_STRING name)
{
    UNICODE_STRING copy;
    ULONG index;
    if (node->is_deleted)
        return STATUS_KEY_DELETED;
    if (!node->parent)
        return STATUS_ACCESS_DENIED;
    if (find_index(node->parent, name, &index) && node->parent->children[index] != node)
        return STATUS_CANNOT_DELETE;
    if (!copy_string(name, &copy))
        return STATUS_INSUFFICIENT_RESOURCES;
    remove_child(node->parent, node);
    linux_free(node->name.Buffer);
    node->name = copy;
    insert_child(node->parent, node);
    cm_touch(node->parent);
    cm_touch(node);
    return STATUS_SUCCESS;
}

struct cm_value *cm_value_find(struct cm_node *node, PCUNICODE_STRING name)
{
    for (ULONG i = 0; i < node->value_count; i++)
        if (compare(&node->values[i].name, name) == 0)
            return &node->values[i];
    return NULL;
}

NTSTATUS cm_value_set(struct cm_node *node, PCUNICODE_STRING name, ULONG type, const void *data,
                      ULONG size)
{
    struct cm_value *value = cm_value_find(node, name);
    void *copy = NULL;
    if (size && !(copy = linux_allocate(size)))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (size)
        __builtin_memcpy(copy, data, size);
    if (!value) {
        UNICODE_STRING name_copy;
        if (!grow((void **)&node->values, node->value_count, &node->value_capacity,
                  sizeof(*node->values)) ||
            !copy_string(name, &name_copy)) {
            linux_free(copy);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        value = &node->values[node->value_count++];
        *value = (struct cm_value){.name = name_copy};
    }
    linux_free(value->data);
    value->type = type;
    value->size = size;
    value->data = copy;
    cm_touch(node);
    return STATUS_SUCCESS;
}

NTSTATUS cm_value_delete(struct cm_node *node, PCUNICODE_STRING name)
{
    struct cm_value *value = cm_value_find(node, name);
    if (!value)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    value_free(value);
    ULONG index = (ULONG)(value - node->values);
    node->value_count--;
    __builtin_memmove(value, value + 1, (node->value_count - index) * sizeof(*value));
    cm_touch(node);
    return STATUS_SUCCESS;
}

BOOLEAN cm_node_path(const struct cm_node *node, UNICODE_STRING *path)
{
    ULONG length = 0;
    for (const struct cm_node *step = node; step; step = step->parent)
        length += step->name.Length + sizeof(WCHAR);
    if (length > MAXUSHORT || !(path->Buffer = linux_allocate(length)))
        return FALSE;
    path->Length = path->MaximumLength = (USHORT)length;
    ULONG at = length / sizeof(WCHAR);
    for (const struct cm_node *step = node; step; step = step->parent) {
        at -= step->name.Length / sizeof(WCHAR);
        __builtin_memcpy(&path->Buffer[at], step->name.Buffer, step->name.Length);
        path->Buffer[--at] = '\\';
    }
    return TRUE;
}

static BOOLEAN next_component(UNICODE_STRING *path, UNICODE_STRING *component)
{
    USHORT count = path->Length / sizeof(WCHAR), start = 0;
    while (start < count && path->Buffer[start] == '\\')
        start++;
    USHORT end = start;
    while (end < count && path->Buffer[end] != '\\')
        end++;
    component->Buffer = path->Buffer + start;
    component->Length = component->MaximumLength = (USHORT)((end - start) * sizeof(WCHAR));
    path->Buffer += end;
    path->Length = (USHORT)((count - end) * sizeof(WCHAR));
    return end > start;
}

/* Replaces path by the link's target and what is left of path. The target begins with the root's
 * name, which is dropped. */
static NTSTATUS follow_link(struct cm_state *cm, struct cm_node *link, UNICODE_STRING *path,
                            struct cm_walk *walk)
{
    UNICODE_STRING name = SB_UNICODE(L"SymbolicLinkValue"), target, root;
    struct cm_value *value = cm_value_find(link, &name);
    if (!value || value->type != REG_LINK || value->size % sizeof(WCHAR))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    target = (UNICODE_STRING){(USHORT)value->size, 0, value->data};
    if (!next_component(&target, &root) || compare(&root, &cm->root->name) != 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    ULONG length = (ULONG)target.Length + path->Length;
    WCHAR *joined = length <= MAXUSHORT - 1u ? linux_allocate(length + sizeof(WCHAR)) : NULL;
    if (!joined)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(joined, target.Buffer, target.Length);
    if (path->Length)
        __builtin_memcpy((char *)joined + target.Length, path->Buffer, path->Length);
    linux_free(walk->owned);
    walk->owned = joined;
    *path = (UNICODE_STRING){(USHORT)length, (USHORT)length, joined};
    return STATUS_SUCCESS;
}

NTSTATUS cm_walk(struct cm_state *cm, struct cm_node *start, UNICODE_STRING path, BOOLEAN open_link,
                 struct cm_walk *walk)
{
    UNICODE_STRING component;
    ULONG index, links = 0;
    *walk = (struct cm_walk){.node = start};
    while (next_component(&path, &component)) {
        if (walk->node->is_deleted)
            return STATUS_KEY_DELETED;
        if (!find_index(walk->node, &component, &index)) {
            UNICODE_STRING rest = path, next;
            walk->missing = component;
            walk->is_last = !next_component(&rest, &next);
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        struct cm_node *child = walk->node->children[index];
        UNICODE_STRING rest = path, next;
        BOOLEAN at_end = !next_component(&rest, &next);
        walk->node = child;
        if (!child->is_link || (at_end && open_link))
            continue;
        NTSTATUS status =
            links++ < CM_LINK_DEPTH ? follow_link(cm, child, &path, walk) : STATUS_NAME_TOO_LONG;
        if (!NT_SUCCESS(status))
            return status;
        walk->node = cm->root;
    }
    return walk->node->is_deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

void cm_walk_end(struct cm_walk *walk)
{
    linux_free(walk->owned);
    walk->owned = NULL;
}
