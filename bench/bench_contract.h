/*
 * What the benchmarks on the host and their driver, bench.sys, agree on.
 */
#ifndef BENCH_CONTRACT_H
#define BENCH_CONTRACT_H

#include <sysbuf/contract.h>

#define BENCH_PATH    "\\\\.\\SbBench"
#define BENCH_LONGEST (1u << 20) /* bytes of an echo */

#define BENCH_CODE(function, method) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, method, SB_ACCESS_ANY)

/* Answers with its input, in which the first and the last eight bytes, numbers, are one more: each
   reply shows that the driver had the whole of it. No bytes, or 16 and more. */
#define BENCH_ECHO BENCH_CODE(0x800, SB_METHOD_BUFFERED)
/* The same with the caller's own pages, which are both input and output. */
#define BENCH_DIRECT BENCH_CODE(0x801, SB_METHOD_OUT_DIRECT)
/* Waits until BENCH_RELEASE ends the oldest such call. Neither has input or output. */
#define BENCH_WAIT    BENCH_CODE(0x802, SB_METHOD_BUFFERED)
#define BENCH_RELEASE BENCH_CODE(0x803, SB_METHOD_BUFFERED)
/* Pool: struct bench_pool. */
#define BENCH_POOL BENCH_CODE(0x804, SB_METHOD_BUFFERED)

/* Input: keep so many blocks of 64 bytes, then allocate and free another so often. Output: the
   same structure, with what was done. */
struct bench_pool {
    uint64_t kept;
    uint64_t pairs;
};

SB_ASSERT_SIZE(struct bench_pool, 16);

#endif
