/* Sets of address ranges. */
#ifndef SYSBUF_HOST_VERIFIER_RANGES_H
#define SYSBUF_HOST_VERIFIER_RANGES_H

#include "host/nt.h"

struct verifier_range {
    uint64_t start, end;
};

/* All zero is an empty set: sorted, disjoint, not touching. */
struct verifier_ranges {
    struct verifier_range *ranges;
    SIZE_T count, capacity;
};

/* Unites the set with a range; without memory the set stays as it is. */
void verifier_ranges_add(struct verifier_ranges *set, uint64_t start, uint64_t end);
BOOLEAN verifier_ranges_cover(const struct verifier_ranges *set, uint64_t start, uint64_t end);
/* The last range that begins at or below address, or NULL. */
const struct verifier_range *verifier_ranges_below(const struct verifier_ranges *set,
                                                   uint64_t address);
void verifier_ranges_destroy(struct verifier_ranges *set);

#endif
