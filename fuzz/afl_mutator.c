/*
 * AFL++'s custom mutator: inputs are changed as requests, with the driver's numbers and texts.
 *     AFL_CUSTOM_MUTATOR_LIBRARY=sysbuf-fuzz-afl-mutator.so SYSBUF_DRIVER=driver.sys afl-fuzz ...
 * Runs in afl-fuzz itself, where the driver's file is read and nothing of it is run.
 */
#include <stdlib.h>
#include <string.h>

#include <sysbuf/fuzz.h>

#define EXPORTED __attribute__((visibility("default")))

struct mutator {
    struct sb_fuzz *fuzz;
    uint64_t seed;
    uint8_t input[SB_FUZZ_LONGEST];
};

EXPORTED void *afl_custom_init(void *afl, unsigned seed);
EXPORTED size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *input, size_t length,
                                uint8_t **result, uint8_t *other, size_t other_length,
                                size_t capacity);
EXPORTED void afl_custom_deinit(struct mutator *mutator);

void *afl_custom_init(void *afl, unsigned seed)
{
    const struct sb_fuzz_options options = {.driver = getenv("SYSBUF_DRIVER"), .is_idle = true};
    struct mutator *mutator = calloc(1, sizeof(*mutator));
    (void)afl;
    if (!mutator || !options.driver || !sb_fuzz_open(&options, &mutator->fuzz, NULL, 0)) {
        free(mutator);
        return NULL; /* afl-fuzz says that it failed */
    }
    mutator->seed = seed;
    return mutator;
}

size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *input, size_t length, uint8_t **result,
                       uint8_t *other, size_t other_length, size_t capacity)
{
    if (capacity > sizeof(mutator->input))
        capacity = sizeof(mutator->input);
    if (length > capacity)
        length = capacity;
    memcpy(mutator->input, input, length);
    *result = mutator->input;
    return sb_fuzz_mutate(mutator->fuzz, mutator->input, length, capacity, other, other_length,
                          mutator->seed++);
}

void afl_custom_deinit(struct mutator *mutator)
{
    sb_fuzz_close(mutator->fuzz);
    free(mutator);
}
