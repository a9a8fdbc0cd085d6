#include <stdlib.h>
#include <string.h>

#include "host/linux/ranges.h"

static bool grow(struct ranges *ranges)
{
    if (ranges->count < ranges->capacity)
        return true;
    size_t capacity = ranges->capacity ? ranges->capacity * 2 : 64;
    struct range *items = realloc(ranges->items, capacity * sizeof(*items));
    if (!items)
        return false;
    ranges->items = items;
    ranges->capacity = capacity;
    return true;
}

static bool insert(struct ranges *ranges, size_t index, struct range item)
{
    if (!grow(ranges))
        return false;
    memmove(&ranges->items[index + 1], &ranges->items[index],
            (ranges->count - index) * sizeof(item));
    ranges->items[index] = item;
    ranges->count++;
    return true;
}

static void erase(struct ranges *ranges, size_t index)
{
    ranges->count--;
    memmove(&ranges->items[index], &ranges->items[index + 1],
            (ranges->count - index) * sizeof(struct range));
}

/* Cuts [start, start + size) out of the item at index, which contains it. */
static bool cut(struct ranges *ranges, size_t index, uint64_t start, uint64_t size)
{
    struct range item = ranges->items[index];
    struct range tail = {start + size, item.base + item.size - start - size};
    bool head_remains = start > item.base;
    if (head_remains && tail.size && !insert(ranges, index + 1, tail))
        return false;
    if (head_remains)
        ranges->items[index].size = start - item.base;
    else if (tail.size)
        ranges->items[index] = tail;
    else
        erase(ranges, index);
    return true;
}

bool ranges_take(struct ranges *ranges, uint64_t size, uint64_t alignment, uint64_t offset,
                 uint64_t *base)
{
    for (size_t i = 0; i < ranges->count; i++) {
        struct range item = ranges->items[i];
        uint64_t start = ((item.base + offset + alignment - 1) & ~(alignment - 1)) - offset;
        uint64_t end = item.base + item.size;
        if (start > end || end - start < size)
            continue;
        if (!cut(ranges, i, start, size))
            return false;
        *base = start;
        return true;
    }
    return false;
}

bool ranges_take_at(struct ranges *ranges, uint64_t base, uint64_t size)
{
    for (size_t i = 0; i < ranges->count; i++) {
        struct range item = ranges->items[i];
        if (base >= item.base && base - item.base < item.size)
            return item.size - (base - item.base) >= size && cut(ranges, i, base, size);
    }
    return false;
}

bool ranges_give(struct ranges *ranges, uint64_t base, uint64_t size)
{
    size_t low = 0, high = ranges->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges->items[middle].base < base)
            low = middle + 1;
        else
            high = middle;
    }
    struct range *items = ranges->items;
    bool joins_left = low > 0 && items[low - 1].base + items[low - 1].size == base;
    bool joins_right = low < ranges->count && base + size == items[low].base;
    if (joins_left) {
        items[low - 1].size += size;
        if (joins_right) {
            items[low - 1].size += items[low].size;
            erase(ranges, low);
        }
        return true;
    }
    if (joins_right) {
        items[low].base = base;
        items[low].size += size;
        return true;
    }
    return insert(ranges, low, (struct range){base, size});
}
