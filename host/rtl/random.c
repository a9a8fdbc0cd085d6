/*
 * Rtl: pseudo-random numbers. The generator's whole state is the caller's seed, so that a run can
 * be repeated; x -> 0x7FFFFFED * x + 0x7FFFFFC3 modulo 2^31 - 1 is the one documented for NT.
 */
#include "host/rtl/rtl.h"

static ULONG step(PULONG seed)
{
    *seed = (ULONG)((*seed * 0x7FFFFFEDull + 0x7FFFFFC3ull) % 0x7FFFFFFFull);
    return *seed;
}

/* Two steps, so that the number does not tell the seed that follows it. */
ULONG NTAPI RtlRandom(PULONG seed)
{
    ULONG number = step(seed);

    step(seed);
    return number;
}
SB_EXPORT(RtlRandom)

ULONG NTAPI RtlRandomEx(PULONG seed) __attribute__((alias("RtlRandom")));
SB_EXPORT(RtlRandomEx)
