/* Which numbers stand in which block: what a block that is new compares with is what its successors
 * hide behind. */
#include <stdlib.h>

#include "fuzz/internal.h"

enum { NEWEST = 16 };

static uint32_t block_of(const struct sb_coverage *coverage, uint32_t address)
{
    uint32_t low = 0, high = coverage->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (coverage->addresses[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low; /* 1 more than its index; 0: none */
}

/* A number may be loaded first and compared by registers: all numbers count, in address order. */
bool numbers_collect(struct sb_fuzz *fuzz)
{
    const struct sb_code_constant *constants;
    size_t count = sb_code_constants(fuzz->code, &constants);
    fuzz->numbers = calloc(fuzz->coverage.count + 1, sizeof(*fuzz->numbers));
    if (!fuzz->numbers)
        return false;
    for (size_t i = 0; i < count && constants[i].is_compared; i++) {
        uint32_t block = block_of(&fuzz->coverage, constants[i].address);
        if (block == 0)
            continue;
        struct block_numbers *numbers = &fuzz->numbers[block - 1];
        if (numbers->count == 0)
            numbers->first = (uint32_t)i;
        numbers->count++;
    }
    return true;
}

const struct sb_code_constant *numbers_of_newest(const struct sb_fuzz *fuzz, uint64_t chance)
{
    const struct sb_code_constant *constants;
    const struct sb_coverage *coverage = &fuzz->coverage;
    uint32_t newest = coverage->order_count < NEWEST ? coverage->order_count : NEWEST;
    if (!newest)
        return NULL;
    sb_code_constants(fuzz->code, &constants);
    uint32_t index = coverage->order[coverage->order_count - 1 - chance % newest];
    const struct block_numbers *numbers = &fuzz->numbers[index];
    return numbers->count ? &constants[numbers->first + (chance >> 32) % numbers->count] : NULL;
}
