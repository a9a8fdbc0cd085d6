/* Rtl: bitmaps. Bit n of a map is bit n % 32 of its ULONG n / 32. */
#include "host/rtl/rtl.h"

#define NOT_FOUND MAXULONG

static BOOLEAN bit_is_set(PRTL_BITMAP map, ULONG bit)
{
    return (map->Buffer[bit / 32] >> bit % 32 & 1) != 0;
}

/* The bits [first, first + count) of one ULONG, count at most 32 - first. */
static ULONG word_mask(ULONG first, ULONG count)
{
    return (count == 32 ? MAXULONG : (1u << count) - 1) << first;
}

/* How many bits from `bit` on, below `end`, have the value `set`. Whole words go at once. */
static ULONG run_length(PRTL_BITMAP map, ULONG bit, ULONG end, BOOLEAN set)
{
    ULONG start = bit;

    while (bit < end) {
        ULONG word = map->Buffer[bit / 32], other = (set ? ~word : word) >> bit % 32;
        ULONG length = other ? (ULONG)__builtin_ctz(other) : 32 - bit % 32;

        if (length > end - bit)
            length = end - bit;
        bit += length;
        if (bit % 32 != 0 || length == 0)
            break;
    }
    return bit - start;
}

/* The next run of `set` bits in [bit, end): its first bit, or `end`; its length in *length. */
static ULONG next_run(PRTL_BITMAP map, ULONG bit, ULONG end, BOOLEAN set, ULONG *length)
{
    bit += run_length(map, bit, end, !set);
    *length = run_length(map, bit, end, set);
    return bit;
}

static void write_bits(PRTL_BITMAP map, ULONG start, ULONG count, BOOLEAN set)
{
    while (count != 0) {
        ULONG length = 32 - start % 32;
        ULONG mask = word_mask(start % 32, length < count ? length : count);

        if (length > count)
            length = count;
        if (set)
            map->Buffer[start / 32] |= mask;
        else
            map->Buffer[start / 32] &= ~mask;
        start += length;
        count -= length;
    }
}

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP map, PULONG buffer, ULONG size)
{
    map->SizeOfBitMap = size;
    map->Buffer = buffer;
}
SB_EXPORT(RtlInitializeBitMap)

VOID NTAPI RtlSetAllBits(PRTL_BITMAP map)
{
    __builtin_memset(map->Buffer, 0xFF, (map->SizeOfBitMap + 31ull) / 32 * sizeof(ULONG));
}
SB_EXPORT(RtlSetAllBits)

VOID NTAPI RtlClearAllBits(PRTL_BITMAP map)
{
    __builtin_memset(map->Buffer, 0, (map->SizeOfBitMap + 31ull) / 32 * sizeof(ULONG));
}
SB_EXPORT(RtlClearAllBits)

VOID NTAPI RtlSetBit(PRTL_BITMAP map, ULONG bit)
{
    map->Buffer[bit / 32] |= 1u << bit % 32;
}
SB_EXPORT(RtlSetBit)

VOID NTAPI RtlClearBit(PRTL_BITMAP map, ULONG bit)
{
    map->Buffer[bit / 32] &= ~(1u << bit % 32);
}
SB_EXPORT(RtlClearBit)

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP map, ULONG bit)
{
    return bit_is_set(map, bit);
}
SB_EXPORT(RtlTestBit)

VOID NTAPI RtlSetBits(PRTL_BITMAP map, ULONG start, ULONG count)
{
    write_bits(map, start, count, TRUE);
}
SB_EXPORT(RtlSetBits)

VOID NTAPI RtlClearBits(PRTL_BITMAP map, ULONG start, ULONG count)
{
    write_bits(map, start, count, FALSE);
}
SB_EXPORT(RtlClearBits)

/* False for an empty range and for one past the end. */
static BOOLEAN range_is(PRTL_BITMAP map, ULONG start, ULONG count, BOOLEAN set)
{
    if (count == 0 || start >= map->SizeOfBitMap || count > map->SizeOfBitMap - start)
        return FALSE;
    return run_length(map, start, start + count, set) == count;
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP map, ULONG start, ULONG count)
{
    return range_is(map, start, count, TRUE);
}
SB_EXPORT(RtlAreBitsSet)

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP map, ULONG start, ULONG count)
{
    return range_is(map, start, count, FALSE);
}
SB_EXPORT(RtlAreBitsClear)

ULONG NTAPI RtlNumberOfSetBitsInRange(PRTL_BITMAP map, ULONG start, ULONG length)
{
    ULONG count = 0;

    while (length != 0) {
        ULONG bits = 32 - start % 32 < length ? 32 - start % 32 : length;
        count += (ULONG)__builtin_popcount(map->Buffer[start / 32] & word_mask(start % 32, bits));
        start += bits;
        length -= bits;
    }
    return count;
}
SB_EXPORT(RtlNumberOfSetBitsInRange)

ULONG NTAPI RtlNumberOfClearBitsInRange(PRTL_BITMAP map, ULONG start, ULONG length)
{
    return length - RtlNumberOfSetBitsInRange(map, start, length);
}
SB_EXPORT(RtlNumberOfClearBitsInRange)

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP map)
{
    return RtlNumberOfSetBitsInRange(map, 0, map->SizeOfBitMap);
}
SB_EXPORT(RtlNumberOfSetBits)

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP map)
{
    return map->SizeOfBitMap - RtlNumberOfSetBits(map);
}
SB_EXPORT(RtlNumberOfClearBits)

ULONG NTAPI RtlNumberOfSetBitsUlongPtr(ULONG_PTR target)
{
    return (ULONG)__builtin_popcountll(target);
}
SB_EXPORT(RtlNumberOfSetBitsUlongPtr)

/* The first run of at least `count` bits that begins in [bit, last). */
static ULONG find_run(PRTL_BITMAP map, ULONG bit, ULONG last, ULONG count, BOOLEAN set)
{
    while (bit < last) {
        ULONG length, start = next_run(map, bit, map->SizeOfBitMap, set, &length);

        if (start >= last)
            break;
        if (length >= count)
            return start;
        bit = start + length;
    }
    return NOT_FOUND;
}

/* From the hint to the end, then from the beginning; a hint past the end counts as zero. */
static ULONG find_bits(PRTL_BITMAP map, ULONG count, ULONG hint, BOOLEAN set)
{
    ULONG found;

    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (count == 0)
        return hint & ~7u;
    if (count > map->SizeOfBitMap)
        return NOT_FOUND;
    found = find_run(map, hint, map->SizeOfBitMap, count, set);
    return found == NOT_FOUND ? find_run(map, 0, hint, count, set) : found;
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    return find_bits(map, count, hint, FALSE);
}
SB_EXPORT(RtlFindClearBits)

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    return find_bits(map, count, hint, TRUE);
}
SB_EXPORT(RtlFindSetBits)

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    ULONG found = find_bits(map, count, hint, FALSE);

    if (found != NOT_FOUND)
        write_bits(map, found, count, TRUE);
    return found;
}
SB_EXPORT(RtlFindClearBitsAndSet)

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    ULONG found = find_bits(map, count, hint, TRUE);

    if (found != NOT_FOUND)
        write_bits(map, found, count, FALSE);
    return found;
}
SB_EXPORT(RtlFindSetBitsAndClear)

/* Puts a run where it belongs among `found` runs sorted by falling length. */
static ULONG insert_run(PRTL_BITMAP_RUN runs, ULONG found, ULONG capacity, RTL_BITMAP_RUN run)
{
    ULONG place = found;

    while (place > 0 && runs[place - 1].NumberOfBits < run.NumberOfBits)
        place--;
    if (place >= capacity)
        return found;
    if (found < capacity)
        found++;
    for (ULONG i = found - 1; i > place; i--)
        runs[i] = runs[i - 1];
    runs[place] = run;
    return found;
}

ULONG NTAPI RtlFindClearRuns(PRTL_BITMAP map, PRTL_BITMAP_RUN runs, ULONG capacity, BOOLEAN longest)
{
    ULONG found = 0, length;
    ULONG start = next_run(map, 0, map->SizeOfBitMap, FALSE, &length);

    while (length != 0 && capacity != 0 && (longest || found < capacity)) {
        RTL_BITMAP_RUN run = {start, length};
        if (longest)
            found = insert_run(runs, found, capacity, run);
        else
            runs[found++] = run;
        start = next_run(map, start + length, map->SizeOfBitMap, FALSE, &length);
    }
    return found;
}
SB_EXPORT(RtlFindClearRuns)

ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP map, PULONG start)
{
    RTL_BITMAP_RUN run = {0, 0};

    RtlFindClearRuns(map, &run, 1, TRUE);
    *start = run.StartingIndex;
    return run.NumberOfBits;
}
SB_EXPORT(RtlFindLongestRunClear)

ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP map, ULONG from, PULONG start)
{
    ULONG length = 0;

    *start = from;
    if (from < map->SizeOfBitMap)
        *start = next_run(map, from, map->SizeOfBitMap, FALSE, &length);
    return length;
}
SB_EXPORT(RtlFindNextForwardRunClear)

ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP map, PULONG start)
{
    return RtlFindNextForwardRunClear(map, 0, start);
}
SB_EXPORT(RtlFindFirstRunClear)

/* The last clear run that begins at or below `from`; of one that spans it, the part below. */
ULONG NTAPI RtlFindLastBackwardRunClear(PRTL_BITMAP map, ULONG from, PULONG start)
{
    ULONG bit = from < map->SizeOfBitMap ? from + 1 : map->SizeOfBitMap, end;

    while (bit > 0 && bit_is_set(map, bit - 1))
        bit--;
    end = bit;
    while (bit > 0 && !bit_is_set(map, bit - 1))
        bit--;
    *start = bit;
    return end - bit;
}
SB_EXPORT(RtlFindLastBackwardRunClear)

CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG set)
{
    return set ? (CCHAR)__builtin_ctzll(set) : -1;
}
SB_EXPORT(RtlFindLeastSignificantBit)

CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG set)
{
    return set ? (CCHAR)(63 - __builtin_clzll(set)) : -1;
}
SB_EXPORT(RtlFindMostSignificantBit)

static void copy_bits(PRTL_BITMAP source, ULONG from, PRTL_BITMAP destination, ULONG to,
                      ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        write_bits(destination, to + i, 1, bit_is_set(source, from + i));
}

/* All of the source goes to the destination from bit `target` on, as far as there is room. */
VOID NTAPI RtlCopyBitMap(PRTL_BITMAP source, PRTL_BITMAP destination, ULONG target)
{
    ULONG room = target < destination->SizeOfBitMap ? destination->SizeOfBitMap - target : 0;

    copy_bits(source, 0, destination, target,
              source->SizeOfBitMap < room ? source->SizeOfBitMap : room);
}
SB_EXPORT(RtlCopyBitMap)

/* `count` bits of the source from bit `target` on go to the beginning of the destination. */
VOID NTAPI RtlExtractBitMap(PRTL_BITMAP source, PRTL_BITMAP destination, ULONG target, ULONG count)
{
    copy_bits(source, target, destination, 0,
              count < destination->SizeOfBitMap ? count : destination->SizeOfBitMap);
}
SB_EXPORT(RtlExtractBitMap)
