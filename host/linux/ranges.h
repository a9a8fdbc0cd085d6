/*
 * A set of free address ranges, kept sorted and merged, handed out first fit. Not locked: the
 * caller serialises.
 */
#ifndef SYSBUF_HOST_LINUX_RANGES_H
#define SYSBUF_HOST_LINUX_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t base, size;
};

struct ranges {
    struct range *items;
    size_t count, capacity;
};

/* Takes size bytes whose base is `offset` below an aligned address. False when nothing fits. */
bool ranges_take(struct ranges *ranges, uint64_t size, uint64_t alignment, uint64_t offset,
                 uint64_t *base);
/* Takes exactly this range. False when part of it is not free. */
bool ranges_take_at(struct ranges *ranges, uint64_t base, uint64_t size);
/* Gives a range (back). False only when the host heap is exhausted: the range is then lost. */
bool ranges_give(struct ranges *ranges, uint64_t base, uint64_t size);

#endif
