/* Rtl: filling, moving and comparing memory. */
#include "host/rtl/rtl.h"
#include "host/crt/crt.h"

/* wdm.h makes inline forms or macros of these names; the exports need functions. */
#undef RtlCopyMemory
#undef RtlMoveMemory
#undef RtlFillMemory
#undef RtlZeroMemory
#undef RtlCopyMemoryNonTemporal

/* How many bytes of two words are equal before the first that differs, in memory's order. */
static SIZE_T equal_bytes(ULONGLONG difference)
{
    return (SIZE_T)__builtin_ctzll(difference) / 8;
}

static ULONGLONG load64(const UCHAR *bytes)
{
    ULONGLONG word;

    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

SIZE_T NTAPI RtlCompareMemory(CONST VOID *first, CONST VOID *second, SIZE_T length)
{
    const UCHAR *left = first, *right = second;
    SIZE_T i = 0;

    for (; length - i >= 8; i += 8) {
        ULONGLONG difference = load64(left + i) ^ load64(right + i);
        if (difference != 0)
            return i + equal_bytes(difference);
    }
    while (i < length && left[i] == right[i])
        i++;
    return i;
}
SB_EXPORT(RtlCompareMemory)

/* Documented to give zero when the address or the length is no multiple of a ULONG. */
SIZE_T NTAPI RtlCompareMemoryUlong(PVOID source, SIZE_T length, ULONG pattern)
{
    const ULONG *words = source;
    SIZE_T count = length / sizeof(ULONG), i = 0;

    if ((ULONG_PTR)source % sizeof(ULONG) != 0 || length % sizeof(ULONG) != 0)
        return 0;
    while (i < count && words[i] == pattern)
        i++;
    return i * sizeof(ULONG);
}
SB_EXPORT(RtlCompareMemoryUlong)

static VOID NTAPI move_memory(VOID *destination, CONST VOID *source, SIZE_T length)
{
    if (SB_UNLIKELY(crt_is_user_copy(destination, source)))
        crt_move_user(destination, source, length, __builtin_return_address(0));
    else
        memmove(destination, source, length);
}
SB_EXPORT_AS("RtlMoveMemory", move_memory)
SB_EXPORT_AS("RtlCopyMemory", move_memory)
SB_EXPORT_AS("RtlCopyMemoryNonTemporal", move_memory)

static VOID NTAPI fill_memory(VOID *destination, SIZE_T length, UCHAR fill)
{
    memset(destination, fill, length);
}
SB_EXPORT_AS("RtlFillMemory", fill_memory)

static VOID NTAPI zero_memory(VOID *destination, SIZE_T length)
{
    memset(destination, 0, length);
}
SB_EXPORT_AS("RtlZeroMemory", zero_memory)

/* One PREFETCHNTA a cache line; a prefetch never faults. */
VOID FASTCALL RtlPrefetchMemoryNonTemporal(PVOID source, SIZE_T length)
{
    const char *bytes = source;

    for (SIZE_T i = 0; i < length; i += 64)
        __builtin_prefetch(bytes + i, 0, 0);
}
SB_EXPORT(RtlPrefetchMemoryNonTemporal)

/* The reflected CRC-32 of IEEE 802.3; `partial` is an earlier result or zero. */
ULONG NTAPI RtlComputeCrc32(ULONG partial, const VOID *buffer, ULONG length)
{
    const UCHAR *bytes = buffer;
    ULONG crc = ~partial;

    for (ULONG i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xEDB88320u & (0 - (crc & 1)));
    }
    return ~crc;
}
SB_EXPORT(RtlComputeCrc32)

ULONG NTAPI RtlCrc32(const VOID *buffer, SIZE_T size, ULONG initial)
{
    const UCHAR *bytes = buffer;

    for (; size > MAXULONG; size -= MAXULONG, bytes += MAXULONG)
        initial = RtlComputeCrc32(initial, bytes, MAXULONG);
    return RtlComputeCrc32(initial, bytes, (ULONG)size);
}
SB_EXPORT(RtlCrc32)

BOOLEAN NTAPI RtlIsZeroMemory(PVOID buffer, SIZE_T length)
{
    const UCHAR *bytes = buffer;

    for (SIZE_T i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return FALSE;
    }
    return TRUE;
}
SB_EXPORT(RtlIsZeroMemory)
