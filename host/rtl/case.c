/* Rtl: upper and lower case of UTF-16 units, and the two 8-bit code pages. */
#include "host/rtl/rtl.h"
#include "rtl_tables.h"

const struct rtl_code_page rtl_ansi_page = {ansi_to_unicode, ansi_units, ansi_bytes};
const struct rtl_code_page rtl_oem_page = {oem_to_unicode, oem_units, oem_bytes};

WCHAR rtl_upcase(WCHAR unit)
{
    if (unit < 'a')
        return unit;
    if (unit < 128)
        return unit <= 'z' ? unit - ('a' - 'A') : unit;
    return (WCHAR)(unit + upcase_delta[upcase_page[unit >> 8] << 8 | (unit & 0xFF)]);
}

WCHAR rtl_downcase(WCHAR unit)
{
    if (unit < 128)
        return unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
    return (WCHAR)(unit + downcase_delta[downcase_page[unit >> 8] << 8 | (unit & 0xFF)]);
}

UCHAR rtl_unicode_to_byte(const struct rtl_code_page *page, WCHAR unit)
{
    ULONG low = 0, high = 128;

    if (unit < 128)
        return (UCHAR)unit;
    while (low < high) {
        ULONG middle = (low + high) / 2;
        if (page->units[middle] == unit)
            return page->bytes[middle];
        if (page->units[middle] < unit)
            low = middle + 1;
        else
            high = middle;
    }
    return '?';
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR character)
{
    return rtl_upcase(character);
}
SB_EXPORT(RtlUpcaseUnicodeChar)

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR character)
{
    return rtl_downcase(character);
}
SB_EXPORT(RtlDowncaseUnicodeChar)

/* A letter whose capital the code page lacks (0xFF, y with diaeresis, has one) stays as it is. */
CHAR NTAPI RtlUpperChar(CHAR character)
{
    UCHAR byte = (UCHAR)character;
    WCHAR unit = rtl_upcase(rtl_ansi_page.to_unicode[byte]);
    UCHAR upper = rtl_unicode_to_byte(&rtl_ansi_page, unit);

    return upper == '?' && unit != '?' ? character : (CHAR)upper;
}
SB_EXPORT(RtlUpperChar)

VOID NTAPI RtlUpperString(PSTRING destination, const PSTRING source)
{
    USHORT length = source->Length;

    if (length > destination->MaximumLength)
        length = destination->MaximumLength;
    for (USHORT i = 0; i < length; i++)
        destination->Buffer[i] = RtlUpperChar(source->Buffer[i]);
    destination->Length = length;
}
SB_EXPORT(RtlUpperString)
