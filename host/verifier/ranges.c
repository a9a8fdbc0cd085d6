#include "host/verifier/ranges.h"

#include "host/linux/linux.h"

/* The index of the first range that ends at or above address. */
static SIZE_T first_ending_from(const struct verifier_ranges *set, uint64_t address)
{
    SIZE_T low = 0, high = set->count;
    while (low < high) {
        SIZE_T middle = (low + high) / 2;
        if (set->ranges[middle].end < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static BOOLEAN make_room(struct verifier_ranges *set)
{
    if (set->count < set->capacity)
        return TRUE;
    SIZE_T capacity = set->capacity ? set->capacity * 2 : 16;
    void *grown = linux_reallocate(set->ranges, capacity * sizeof(*set->ranges));
    if (!grown)
        return FALSE;
    set->ranges = grown;
    set->capacity = capacity;
    return TRUE;
}

void verifier_ranges_add(struct verifier_ranges *set, uint64_t start, uint64_t end)
{
    SIZE_T first = first_ending_from(set, start), last = first;
    if (start >= end || !make_room(set))
        return;
    while (last < set->count && set->ranges[last].start <= end) {
        if (set->ranges[last].start < start)
            start = set->ranges[last].start;
        if (set->ranges[last].end > end)
            end = set->ranges[last].end;
        last++;
    }
    __builtin_memmove(&set->ranges[first + 1], &set->ranges[last],
                      (set->count - last) * sizeof(*set->ranges));
    set->ranges[first] = (struct verifier_range){start, end};
    set->count += 1 - (last - first);
}

const struct verifier_range *verifier_ranges_below(const struct verifier_ranges *set,
                                                   uint64_t address)
{
    SIZE_T index = first_ending_from(set, address);
    if (index < set->count && set->ranges[index].start <= address)
        return &set->ranges[index];
    return index ? &set->ranges[index - 1] : NULL;
}

BOOLEAN verifier_ranges_cover(const struct verifier_ranges *set, uint64_t start, uint64_t end)
{
    SIZE_T index = first_ending_from(set, end);
    return index < set->count && set->ranges[index].start <= start;
}

void verifier_ranges_destroy(struct verifier_ranges *set)
{
    linux_free(set->ranges);
    *set = (struct verifier_ranges){0};
}
