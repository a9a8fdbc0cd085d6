/* Rtl: altitudes of file system filters, decimal numbers of any length as text. */
#include "host/rtl/rtl.h"

/* The digits before and behind the point of one altitude. */
struct altitude {
    const WCHAR *whole, *fraction;
    ULONG whole_count, fraction_count;
};

/* Leading zeros of the whole part do not count. */
static struct altitude parse(PCUNICODE_STRING string)
{
    ULONG count = string->Length / sizeof(WCHAR), start = 0, point = 0;
    struct altitude altitude = {0};

    while (point < count && string->Buffer[point] != '.')
        point++;
    while (start < point && string->Buffer[start] == '0')
        start++;
    altitude.whole = string->Buffer + start;
    altitude.whole_count = point - start;
    if (point < count) {
        altitude.fraction = string->Buffer + point + 1;
        altitude.fraction_count = count - point - 1;
    }
    return altitude;
}

/* Trailing zeros of the fraction do not count. */
static LONG compare_fractions(const struct altitude *first, const struct altitude *second)
{
    for (ULONG i = 0; i < first->fraction_count || i < second->fraction_count; i++) {
        LONG left = i < first->fraction_count ? first->fraction[i] : '0';
        LONG right = i < second->fraction_count ? second->fraction[i] : '0';
        if (left != right)
            return left < right ? -1 : 1;
    }
    return 0;
}

LONG NTAPI RtlCompareAltitudes(PCUNICODE_STRING first, PCUNICODE_STRING second)
{
    struct altitude left = parse(first), right = parse(second);

    if (left.whole_count != right.whole_count)
        return left.whole_count < right.whole_count ? -1 : 1;
    for (ULONG i = 0; i < left.whole_count; i++) {
        if (left.whole[i] != right.whole[i])
            return left.whole[i] < right.whole[i] ? -1 : 1;
    }
    return compare_fractions(&left, &right);
}
SB_EXPORT(RtlCompareAltitudes)
