/*
 * What the ring's benchmarks and their driver agree on. Each message begins with a word, and ends
 * with the same word where it has 16 bytes or more: the verb in the top byte, its number below.
 */
#ifndef BENCH_RING_CONTRACT_H
#define BENCH_RING_CONTRACT_H

#include <sysbuf/contract.h>

#define BENCH_RING_PATH   "\\\\.\\SbRingBench"
#define BENCH_RING_SLEEPY "\\\\.\\SbRingSleepy" /* the same driver, but its thread never spins */

#define BENCH_SINK  0ull /* counted, and compared with the number that is due */
#define BENCH_ECHO  1ull /* sent back */
#define BENCH_FLOOD 2ull /* so many messages come, of this one's length, numbered from 0 */

#define BENCH_WORD(verb, number) ((verb) << 56 | (uint64_t)(number))
#define BENCH_VERB(word)         ((word) >> 56)
#define BENCH_NUMBER(word)       ((word)&0xFFFFFFFFFFFFFFull)

/* No input; struct bench_ring_count, which begins anew at 0. By DeviceIoControl or by the ring. */
#define BENCH_RING_COUNT \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* 16 bytes in, counted as a message; none out: what the ring is compared with. */
#define BENCH_RING_SINK SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x801, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

struct bench_ring_count {
    uint64_t messages;
    uint64_t bytes;
    uint64_t mistakes;
};

SB_ASSERT_SIZE(struct bench_ring_count, 24);

#endif
