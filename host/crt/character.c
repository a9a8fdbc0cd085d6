/* C runtime: classes and case of characters, in the C locale. */
#include "host/rtl/rtl.h"
#include "host/crt/crt.h"

/* Windows returns the class bits, of which only "not zero" is documented. */
CRT_API int nt_isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}
SB_EXPORT_AS("isupper", nt_isupper)

CRT_API int nt_islower(int c)
{
    return c >= 'a' && c <= 'z';
}
SB_EXPORT_AS("islower", nt_islower)

CRT_API int nt_isalpha(int c)
{
    return nt_isupper(c) || nt_islower(c);
}
SB_EXPORT_AS("isalpha", nt_isalpha)

CRT_API int nt_isdigit(int c)
{
    return c >= '0' && c <= '9';
}
SB_EXPORT_AS("isdigit", nt_isdigit)

CRT_API int nt_isxdigit(int c)
{
    return nt_isdigit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}
SB_EXPORT_AS("isxdigit", nt_isxdigit)

CRT_API int nt_isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
SB_EXPORT_AS("isspace", nt_isspace)

CRT_API int nt_isprint(int c)
{
    return c >= ' ' && c <= '~';
}
SB_EXPORT_AS("isprint", nt_isprint)

CRT_API int nt_tolower(int c)
{
    return nt_isupper(c) ? c + ('a' - 'A') : c;
}
SB_EXPORT_AS("tolower", nt_tolower)

CRT_API int nt_toupper(int c)
{
    return nt_islower(c) ? c - ('a' - 'A') : c;
}
SB_EXPORT_AS("toupper", nt_toupper)

/* The wide ones use NT's case table. */
CRT_API wint_t nt_towlower(wint_t c)
{
    return rtl_downcase(c);
}
SB_EXPORT_AS("towlower", nt_towlower)

CRT_API wint_t nt_towupper(wint_t c)
{
    return rtl_upcase(c);
}
SB_EXPORT_AS("towupper", nt_towupper)

/* ---- conversions between char and WCHAR, by the ANSI code page ---- */

/* Returns the bytes taken, 0 at the terminator. */
CRT_API int nt_mbtowc(wchar_t *unit, const char *string, size_t count)
{
    if (!string || count == 0)
        return 0;
    if (unit)
        *unit = rtl_ansi_page.to_unicode[(UCHAR)*string];
    return *string != 0;
}
SB_EXPORT_AS("mbtowc", nt_mbtowc)

/* -1 for a character that the code page lacks. */
CRT_API int nt_wctomb(char *string, wchar_t unit)
{
    UCHAR byte = rtl_unicode_to_byte(&rtl_ansi_page, unit);

    if (!string)
        return 0;
    if (byte == '?' && unit != '?')
        return -1;
    *string = (char)byte;
    return 1;
}
SB_EXPORT_AS("wctomb", nt_wctomb)

/* Both return the characters without the terminator; a NULL destination asks for the length. */
CRT_API size_t nt_mbstowcs(wchar_t *destination, const char *source, size_t count)
{
    size_t i = 0;

    for (; !destination || i < count; i++) {
        if (destination)
            destination[i] = rtl_ansi_page.to_unicode[(UCHAR)source[i]];
        if (source[i] == 0)
            break;
    }
    return i;
}
SB_EXPORT_AS("mbstowcs", nt_mbstowcs)

CRT_API size_t nt_wcstombs(char *destination, const wchar_t *source, size_t count)
{
    size_t i = 0;
    char byte;

    for (; !destination || i < count; i++) {
        if (nt_wctomb(&byte, source[i]) < 0)
            return (size_t)-1;
        if (destination)
            destination[i] = byte;
        if (source[i] == 0)
            break;
    }
    return i;
}
SB_EXPORT_AS("wcstombs", nt_wcstombs)
