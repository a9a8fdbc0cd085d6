#include "host/verifier/table.h"

#include "host/linux/linux.h"

enum { SLOT_FREE, SLOT_REMOVED, FIRST_CAPACITY = 64 };

static SIZE_T hash(uint64_t key, SIZE_T capacity)
{
    return (SIZE_T)((key * 0x9E3779B97F4A7C15ull) >> 20) & (capacity - 1);
}

/* The key's slot, or the free one where the search ended. */
static struct verifier_slot *probe(const struct verifier_table *table, uint64_t key)
{
    SIZE_T at = hash(key, table->capacity);
    while (table->slots[at].key != key && table->slots[at].key != SLOT_FREE)
        at = (at + 1) & (table->capacity - 1);
    return &table->slots[at];
}

static BOOLEAN grow(struct verifier_table *table)
{
    struct verifier_table grown = {.capacity = FIRST_CAPACITY};
    while (grown.capacity < table->count * 4)
        grown.capacity *= 2;
    grown.slots = linux_allocate(grown.capacity * sizeof(*grown.slots));
    if (!grown.slots)
        return FALSE;
    for (SIZE_T i = 0; i < table->capacity; i++) {
        if (table->slots[i].key <= SLOT_REMOVED)
            continue;
        *probe(&grown, table->slots[i].key) = table->slots[i];
        grown.used++;
    }
    grown.count = grown.used;
    linux_free(table->slots);
    *table = grown;
    return TRUE;
}

void *verifier_table_find(const struct verifier_table *table, const void *key)
{
    return table->capacity ? probe(table, (uint64_t)key)->value : NULL;
}

BOOLEAN verifier_table_set(struct verifier_table *table, const void *key, void *value)
{
    if ((table->used + 1) * 2 > table->capacity && !grow(table))
        return FALSE;
    struct verifier_slot *slot = probe(table, (uint64_t)key);
    if (slot->key == SLOT_FREE) {
        table->used++;
        table->count++;
    }
    *slot = (struct verifier_slot){(uint64_t)key, value};
    return TRUE;
}

void *verifier_table_remove(struct verifier_table *table, const void *key)
{
    if (!table->capacity)
        return NULL;
    struct verifier_slot *slot = probe(table, (uint64_t)key);
    void *value = slot->value;
    if (slot->key == SLOT_FREE)
        return NULL;
    *slot = (struct verifier_slot){SLOT_REMOVED, NULL};
    table->count--;
    return value;
}

void *verifier_table_next(const struct verifier_table *table, SIZE_T *position)
{
    while (*position < table->capacity) {
        const struct verifier_slot *slot = &table->slots[(*position)++];
        if (slot->key > SLOT_REMOVED)
            return slot->value;
    }
    return NULL;
}

void verifier_table_destroy(struct verifier_table *table)
{
    linux_free(table->slots);
    *table = (struct verifier_table){0};
}
