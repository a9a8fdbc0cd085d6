/*
 * A driver under libFuzzer: build with clang -fsanitize=fuzzer (sysbuf-fuzz-libfuzzer is this) and
 *     SYSBUF_DRIVER=driver.sys sysbuf-fuzz-libfuzzer [libFuzzer's options] CORPUS...
 * Blocks reach libFuzzer as extra counters, requests are mutated as requests. What breaks is
 * written as a script to SYSBUF_CRASHES (.), and the process aborts, which libFuzzer takes as a
 * crash. SYSBUF_VERIFY: SB_VERIFY_* as a number; all rules by default.
 */
#include <stdlib.h>
#include <string.h>

#include <sysbuf/fuzz.h>

enum { COUNTERS = 1 << 16 };

__attribute__((used, section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

static struct sb_fuzz *fuzz;

static void start(void)
{
    if (!sb_fuzz_open_for_engine(NULL, false, &fuzz))
        exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sb_fuzz_crash crash;
    if (!fuzz)
        start();
    const struct sb_coverage *coverage = sb_fuzz_coverage(fuzz);
    uint32_t before = coverage->order_count;
    if (!sb_fuzz_run(fuzz, data, size, &crash))
        sb_fuzz_abort(&crash);
    for (uint32_t i = before; i < coverage->order_count; i++)
        counters[coverage->order[i] % COUNTERS] = 1;
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *result, size_t capacity,
                                 unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed)
{
    if (!fuzz)
        start();
    return sb_fuzz_mutate(fuzz, data, size, capacity, NULL, 0, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *result, size_t capacity,
                                 unsigned seed)
{
    size_t size = first_size < capacity ? first_size : capacity;
    memcpy(result, first, size);
    return sb_fuzz_mutate(fuzz, result, size, capacity, second, second_size, seed);
}
