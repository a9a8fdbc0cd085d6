/* C runtime: rand. One generator for each machine, as the kernel has one for all drivers. */
#include "host/crt/crt.h"
#include "host/machine.h"

/* A new machine's field is zero, which stands for the seed 1 of the standard. */
enum { INITIAL_SEED = 1 };

CRT_API void nt_srand(unsigned seed)
{
    __atomic_store_n(&current_machine()->random_state, seed ^ INITIAL_SEED, __ATOMIC_RELAXED);
}
SB_EXPORT_AS("srand", nt_srand)

/* 0 to 32767, by the generator of Microsoft's runtime. */
CRT_API int nt_rand(void)
{
    uint32_t *state = &current_machine()->random_state;
    uint32_t before = __atomic_load_n(state, __ATOMIC_RELAXED), after;

    do
        after = (before ^ INITIAL_SEED) * 214013u + 2531011u;
    while (!__atomic_compare_exchange_n(state, &before, after ^ INITIAL_SEED, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return (int)(after >> 16 & 0x7FFF);
}
SB_EXPORT_AS("rand", nt_rand)
