/*
 * What the benchmarks that run on Linux have in common: the clock, a line for a figure, and the way
 * to give up. A figure is a line "case value unit"; bench/run.py collects them.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <sysbuf/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Nanoseconds of a clock that only goes forward. */
static inline double bench_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static inline void bench_print(const char *name, double value, const char *unit)
{
    printf("%s %.6g %s\n", name, value, unit);
    fflush(stdout);
}

static inline void bench_fail(const char *what, sb_status status)
{
    fprintf(stderr, "bench: %s: status 0x%08x\n", what, (unsigned)status);
    exit(1);
}

static inline void bench_must(const char *what, sb_status status)
{
    if (status != 0)
        bench_fail(what, status);
}

#endif
