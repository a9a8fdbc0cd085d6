/*
 * What bench/dispatch.c and its driver agree on.
 */
#ifndef BENCH_DISPATCH_CONTRACT_H
#define BENCH_DISPATCH_CONTRACT_H

#include <stdbool.h>
#include <sysbuf/contract.h>

#define DISPATCH_COMMAND \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY)
#define DISPATCH_INPUT  20u /* bytes, exactly; the first four are a number */
#define DISPATCH_OUTPUT 4u  /* bytes at least; the number and one */

extern bool dispatch_by_hand; /* which of the two dispatch routines serves */

#endif
