/* C runtime: integers from text and to text, both widths. */
#include "host/rtl/rtl.h"
#include "host/crt/crt.h"

/* ---- from text ---- */

/* A text of either width, read one character at a time. */
struct digits {
    const void *text;
    bool wide;
};

static ULONG unit_at(const struct digits *digits, size_t index)
{
    return digits->wide ? ((const WCHAR *)digits->text)[index]
                        : ((const UCHAR *)digits->text)[index];
}

static ULONG digit_value(ULONG unit)
{
    if (unit >= '0' && unit <= '9')
        return unit - '0';
    unit |= 0x20;
    return unit >= 'a' && unit <= 'z' ? unit - 'a' + 10 : MAXULONG;
}

static bool is_space(ULONG unit)
{
    return unit == ' ' || (unit >= '\t' && unit <= '\r');
}

/* Result of reading: the number's magnitude saturated at `limit`, its sign, and where it ended. */
struct number {
    ULONGLONG magnitude;
    bool negative, overflow;
    size_t end; /* 0: no number */
};

/* The strtol rules: white space, sign, 0x for base 16 and 0, a leading 0 for base 0. */
static struct number read_number(struct digits digits, ULONG base)
{
    struct number number = {0, false, false, 0};
    size_t i = 0, first;

    if (base == 1 || base > 36)
        return number;
    while (is_space(unit_at(&digits, i)))
        i++;
    number.negative = unit_at(&digits, i) == '-';
    if (number.negative || unit_at(&digits, i) == '+')
        i++;
    if ((base == 0 || base == 16) && unit_at(&digits, i) == '0' &&
        (unit_at(&digits, i + 1) | 0x20) == 'x' && digit_value(unit_at(&digits, i + 2)) < 16) {
        i += 2;
        base = 16;
    }
    if (base == 0)
        base = unit_at(&digits, i) == '0' ? 8 : 10;
    for (first = i; digit_value(unit_at(&digits, i)) < base; i++) {
        ULONG digit = digit_value(unit_at(&digits, i));
        if (number.magnitude > (~0ull - digit) / base)
            number.overflow = true;
        number.magnitude = number.magnitude * base + digit;
    }
    number.end = i == first ? 0 : i;
    return number;
}

static void set_end(const struct digits *digits, const struct number *number, void **end)
{
    size_t width = digits->wide ? sizeof(WCHAR) : 1;

    if (end)
        *end = (char *)digits->text + number->end * width;
}

/* Saturates at the ends of a signed type whose greatest value is `greatest`. */
static LONGLONG to_signed(const struct number *number, LONGLONG greatest)
{
    ULONGLONG limit = (ULONGLONG)greatest + number->negative;

    if (number->overflow || number->magnitude > limit)
        return number->negative ? -greatest - 1 : greatest;
    return (LONGLONG)(number->negative ? 0 - number->magnitude : number->magnitude);
}

static ULONGLONG to_unsigned(const struct number *number, ULONGLONG greatest)
{
    if (number->overflow || number->magnitude > greatest)
        return greatest;
    return number->negative ? (0 - number->magnitude) & greatest : number->magnitude;
}

static LONGLONG read_signed(const void *text, bool wide, void **end, ULONG base, LONGLONG greatest)
{
    struct digits digits = {text, wide};
    struct number number = read_number(digits, base);

    set_end(&digits, &number, end);
    return to_signed(&number, greatest);
}

static ULONGLONG read_unsigned(const void *text, bool wide, void **end, ULONG base,
                               ULONGLONG greatest)
{
    struct digits digits = {text, wide};
    struct number number = read_number(digits, base);

    set_end(&digits, &number, end);
    return to_unsigned(&number, greatest);
}

/* LONG, as Windows' long has 32 bits. */
CRT_API LONG crt_strtol(const char *text, char **end, int base)
{
    return (LONG)read_signed(text, false, (void **)end, (ULONG)base, MAXLONG);
}
SB_EXPORT_AS("strtol", crt_strtol)

CRT_API ULONG crt_strtoul(const char *text, char **end, int base)
{
    return (ULONG)read_unsigned(text, false, (void **)end, (ULONG)base, MAXULONG);
}
SB_EXPORT_AS("strtoul", crt_strtoul)

CRT_API ULONGLONG _strtoui64(const char *text, char **end, int base)
{
    return read_unsigned(text, false, (void **)end, (ULONG)base, ~0ull);
}
SB_EXPORT(_strtoui64)

CRT_API LONGLONG _strtoi64(const char *text, char **end, int base)
{
    return read_signed(text, false, (void **)end, (ULONG)base, MAXLONGLONG);
}
SB_EXPORT(_strtoi64)

CRT_API LONG crt_wcstol(const WCHAR *text, WCHAR **end, int base)
{
    return (LONG)read_signed(text, true, (void **)end, (ULONG)base, MAXLONG);
}
SB_EXPORT_AS("wcstol", crt_wcstol)

CRT_API ULONG crt_wcstoul(const WCHAR *text, WCHAR **end, int base)
{
    return (ULONG)read_unsigned(text, true, (void **)end, (ULONG)base, MAXULONG);
}
SB_EXPORT_AS("wcstoul", crt_wcstoul)

CRT_API int crt_atoi(const char *text)
{
    return (int)read_signed(text, false, NULL, 10, MAXLONG);
}
SB_EXPORT_AS("atoi", crt_atoi)
SB_EXPORT_AS("atol", crt_atoi)

CRT_API LONGLONG _atoi64(const char *text)
{
    return read_signed(text, false, NULL, 10, MAXLONGLONG);
}
SB_EXPORT(_atoi64)

CRT_API int _wtoi(const WCHAR *text)
{
    return (int)read_signed(text, true, NULL, 10, MAXLONG);
}
SB_EXPORT(_wtoi)
SB_EXPORT_AS("_wtol", _wtoi)

CRT_API int crt_abs(int value)
{
    return value < 0 ? (int)(0 - (unsigned)value) : value;
}
SB_EXPORT_AS("abs", crt_abs)
SB_EXPORT_AS("labs", crt_abs)

/* ---- to text ---- */

static void put(void *buffer, bool wide, size_t index, CHAR character)
{
    if (wide)
        ((WCHAR *)buffer)[index] = (UCHAR)character;
    else
        ((CHAR *)buffer)[index] = character;
}

/*
 * Writes `value`, small letters, with a minus sign if `negative`, into `size` characters. Empties
 * the buffer and returns an errno value when they are too few or the base is none of 2 to 36.
 */
static errno_t write_number(ULONGLONG value, bool negative, void *buffer, bool wide, size_t size,
                            int base)
{
    CHAR text[65];
    size_t first, count, used = 0;

    if (!buffer || size == 0)
        return CRT_EINVAL;
    put(buffer, wide, 0, 0);
    if (base < 2 || base > 36)
        return CRT_EINVAL;
    first = rtl_format_digits(value, (ULONG)base, FALSE, text);
    count = sizeof text - first;
    if (count + negative >= size)
        return CRT_ERANGE;
    if (negative)
        put(buffer, wide, used++, '-');
    for (size_t i = 0; i < count; i++)
        put(buffer, wide, used++, text[first + i]);
    put(buffer, wide, used, 0);
    return 0;
}

/* Only base ten shows a sign: in the others the bits are taken as unsigned. */
static errno_t write_signed(LONGLONG value, ULONGLONG bits, void *buffer, bool wide, size_t size,
                            int base)
{
    bool negative = value < 0 && base == 10;

    return write_number(negative ? 0 - (ULONGLONG)value : bits, negative, buffer, wide, size, base);
}

/* The forms without a size trust the buffer to hold 65 digits, a sign and a terminator. */
enum { UNBOUNDED = 67 };

CRT_API errno_t _itoa_s(int value, char *buffer, size_t size, int base)
{
    return write_signed(value, (ULONG)value, buffer, false, size, base);
}
SB_EXPORT(_itoa_s)
SB_EXPORT_AS("_ltoa_s", _itoa_s)

CRT_API errno_t _itow_s(int value, WCHAR *buffer, size_t size, int base)
{
    return write_signed(value, (ULONG)value, buffer, true, size, base);
}
SB_EXPORT(_itow_s)
SB_EXPORT_AS("_ltow_s", _itow_s)

CRT_API errno_t _ultoa_s(ULONG value, char *buffer, size_t size, int base)
{
    return write_number(value, false, buffer, false, size, base);
}
SB_EXPORT(_ultoa_s)

CRT_API errno_t _ultow_s(ULONG value, WCHAR *buffer, size_t size, int base)
{
    return write_number(value, false, buffer, true, size, base);
}
SB_EXPORT(_ultow_s)

CRT_API errno_t _i64toa_s(LONGLONG value, char *buffer, size_t size, int base)
{
    return write_signed(value, (ULONGLONG)value, buffer, false, size, base);
}
SB_EXPORT(_i64toa_s)

CRT_API errno_t _i64tow_s(LONGLONG value, WCHAR *buffer, size_t size, int base)
{
    return write_signed(value, (ULONGLONG)value, buffer, true, size, base);
}
SB_EXPORT(_i64tow_s)

CRT_API errno_t _ui64toa_s(ULONGLONG value, char *buffer, size_t size, int base)
{
    return write_number(value, false, buffer, false, size, base);
}
SB_EXPORT(_ui64toa_s)

CRT_API errno_t _ui64tow_s(ULONGLONG value, WCHAR *buffer, size_t size, int base)
{
    return write_number(value, false, buffer, true, size, base);
}
SB_EXPORT(_ui64tow_s)

CRT_API char *_itoa(int value, char *buffer, int base)
{
    _itoa_s(value, buffer, UNBOUNDED, base);
    return buffer;
}
SB_EXPORT(_itoa)
SB_EXPORT_AS("_ltoa", _itoa)

CRT_API WCHAR *_itow(int value, WCHAR *buffer, int base)
{
    _itow_s(value, buffer, UNBOUNDED, base);
    return buffer;
}
SB_EXPORT(_itow)

CRT_API char *_ultoa(ULONG value, char *buffer, int base)
{
    _ultoa_s(value, buffer, UNBOUNDED, base);
    return buffer;
}
SB_EXPORT(_ultoa)

CRT_API WCHAR *_ultow(ULONG value, WCHAR *buffer, int base)
{
    _ultow_s(value, buffer, UNBOUNDED, base);
    return buffer;
}
SB_EXPORT(_ultow)

CRT_API char *_i64toa(LONGLONG value, char *buffer, int base)
{
    _i64toa_s(value, buffer, UNBOUNDED, base);
    return buffer;
}
SB_EXPORT(_i64toa)

CRT_API WCHAR *_i64tow(LONGLONG value, WCHAR *buffer, int base)
{
    _i64tow_s(value, buffer, UNBOUNDED, base);
    return buffer;
}
SB_EXPORT(_i64tow)
