/*
 * Replies of machines that do the same while unwritten memory holds one thing or the other (see
 * include/sysbuf/host.h): what a reply lets through of it, as it is or computed with, differs.
 */
#ifndef SYSBUF_HOST_VERIFIER_COMPARISON_H
#define SYSBUF_HOST_VERIFIER_COMPARISON_H

#include <sysbuf/host.h>

#include "host/nt.h"

struct comparison_difference {
    SIZE_T start, length;
    uint8_t values[2]; /* of the first byte, with either filling */
};

/* Which of the two fillings the present machine has: 0 or 1. */
unsigned comparison_fill(const struct sb_comparison *comparison);
/* An application sends a request: its number. */
ULONG comparison_next_request(struct sb_comparison *comparison);
/* The request's reply. TRUE: the machine is the last, and *found is what changed. */
BOOLEAN comparison_note(struct sb_comparison *comparison, ULONG request, ULONG control_code,
                        const uint8_t *bytes, SIZE_T length, struct comparison_difference *found);

#endif
