/*
 * What memory holds that nobody has written yet: patterns of four bytes, one for each kind of
 * memory, so that such memory is recognised wherever it was copied to. In a comparison (see
 * comparison.h) every other machine has other patterns. With the machine option verify_fill one
 * byte throughout, for those who compare two runs themselves.
 */
#ifndef SYSBUF_HOST_VERIFIER_FILL_H
#define SYSBUF_HOST_VERIFIER_FILL_H

#include "host/verifier/state.h"

enum verifier_fill {
    VERIFIER_FILL_BUFFER, /* a request's system buffer beyond the input */
    VERIFIER_FILL_POOL,   /* a fresh pool block */
    VERIFIER_FILL_STACK,  /* the stack below a driver's routine */
    VERIFIER_FILL_KINDS,
};

struct verifier_unwritten {
    enum verifier_fill kind;
    SIZE_T start, length;
};

void verifier_fill(void *memory, SIZE_T length, enum verifier_fill kind);
/* The first run of at least four bytes (eight, where there is so much to look at that four may be
 * chance) that were filled and never written. */
BOOLEAN verifier_find_unwritten(const uint8_t *bytes, SIZE_T length,
                                struct verifier_unwritten *found);
/* Whether an address is, but for a field's offset, what unwritten memory holds, and of which kind
 * (with one byte throughout the kinds cannot be told apart). */
BOOLEAN verifier_is_fill(uint64_t address, enum verifier_fill *kind);
/* Fills the stack below the caller, so that what is called next finds none of the host's values. */
void verifier_fill_stack(void);

#endif
