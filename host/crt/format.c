/*
 * The formatting engine. One pass over the format; each conversion is parsed into a struct and
 * written through an output that counts what it has no room for.
 */
#include "host/crt/format.h"
#include "host/linux/real.h"
#include "host/rtl/rtl.h"

enum argument_size { SIZE_DEFAULT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_WIDE, SIZE_64 };

struct conversion {
    bool left, plus, space, alternate, zero;
    size_t width;
    int precision; /* -1: none given */
    enum argument_size size;
    ULONG type;
};

struct formatter {
    struct format_output *output;
    const void *next; /* in the format */
    __builtin_ms_va_list arguments;
};

/* One piece of text to write, 8-bit or UTF-16. */
struct piece {
    const void *text;
    size_t length; /* in characters of its own width */
    bool wide;
};

/* ---- reading the format and the arguments ---- */

static ULONG peek(const struct formatter *formatter)
{
    return formatter->output->text == FORMAT_UTF16 ? *(const WCHAR *)formatter->next
                                                   : *(const UCHAR *)formatter->next;
}

static void advance(struct formatter *formatter)
{
    formatter->next = (const UCHAR *)formatter->next +
                      (formatter->output->text == FORMAT_UTF16 ? sizeof(WCHAR) : 1);
}

static bool accept(struct formatter *formatter, ULONG unit)
{
    if (peek(formatter) != unit)
        return false;
    advance(formatter);
    return true;
}

/* Every argument, a double too, is one 8-byte slot in the x64 convention. */
static ULONGLONG take_argument(struct formatter *formatter)
{
    return __builtin_va_arg(formatter->arguments, ULONGLONG);
}

/* ---- writing ---- */

static void put(struct format_output *output, ULONG unit)
{
    if (output->length < output->capacity) {
        if (output->text == FORMAT_UTF16)
            ((WCHAR *)output->buffer)[output->length] = (WCHAR)unit;
        else
            ((UCHAR *)output->buffer)[output->length] = (UCHAR)unit;
    }
    output->length++;
}

static void put_repeated(struct format_output *output, CHAR unit, size_t count)
{
    while (count > 0 && output->length < output->capacity) {
        put(output, (UCHAR)unit);
        count--;
    }
    output->length += count;
}

static void put_bytes(struct format_output *output, const UCHAR *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put(output, output->text == FORMAT_UTF16 ? rtl_ansi_page.to_unicode[bytes[i]] : bytes[i]);
}

static void put_units(struct format_output *output, const WCHAR *units, size_t count)
{
    for (size_t i = 0; i < count;) {
        ULONG code_point;
        UCHAR bytes[4];

        if (output->text != FORMAT_UTF8) {
            WCHAR unit = units[i++];
            put(output,
                output->text == FORMAT_UTF16 ? unit : rtl_unicode_to_byte(&rtl_ansi_page, unit));
            continue;
        }
        i += rtl_decode_utf16(units + i, count - i > 1 ? 2 : 1, &code_point);
        put_bytes(output, bytes, rtl_encode_utf8(code_point, bytes));
    }
}

static void put_piece(struct format_output *output, const struct piece *piece)
{
    if (piece->wide)
        put_units(output, piece->text, piece->length);
    else
        put_bytes(output, piece->text, piece->length);
}

/* Padding, prefix, `zeros` zeros and the text. Zero padding stands behind the prefix. */
static void put_padded(struct format_output *output, const struct conversion *conversion,
                       const struct piece *prefix, size_t zeros, const struct piece *text)
{
    size_t length = prefix->length + zeros + text->length;
    size_t padding = conversion->width > length ? conversion->width - length : 0;

    if (!conversion->left && !conversion->zero)
        put_repeated(output, ' ', padding);
    put_piece(output, prefix);
    if (!conversion->left && conversion->zero)
        put_repeated(output, '0', padding);
    put_repeated(output, '0', zeros);
    put_piece(output, text);
    if (conversion->left)
        put_repeated(output, ' ', padding);
}

static void put_text(struct format_output *output, const struct conversion *conversion,
                     const struct piece *text)
{
    const struct piece none = {"", 0, false};

    put_padded(output, conversion, &none, 0, text);
}

/* ---- numbers ---- */

static ULONGLONG narrow_unsigned(ULONGLONG value, enum argument_size size)
{
    switch (size) {
    case SIZE_CHAR:
        return (UCHAR)value;
    case SIZE_SHORT:
        return (USHORT)value;
    case SIZE_64:
        return value;
    default:
        return (ULONG)value;
    }
}

static LONGLONG narrow_signed(ULONGLONG value, enum argument_size size)
{
    switch (size) {
    case SIZE_CHAR:
        return (signed char)value;
    case SIZE_SHORT:
        return (SHORT)value;
    case SIZE_64:
        return (LONGLONG)value;
    default:
        return (LONG)value;
    }
}

static const CHAR *sign_of(const struct conversion *conversion, bool negative)
{
    return negative ? "-" : conversion->plus ? "+" : conversion->space ? " " : "";
}

/* A precision gives the least number of digits and switches zero padding off. */
static void put_digits(struct format_output *output, struct conversion conversion,
                       ULONGLONG magnitude, const CHAR *prefix)
{
    ULONG base = conversion.type == 'o' ? 8 : (conversion.type | 0x20) == 'x' ? 16 : 10;
    struct piece before = {prefix, __builtin_strlen(prefix), false};
    size_t wanted = conversion.precision < 0 ? 1 : (size_t)conversion.precision;
    CHAR text[65];
    ULONG first = rtl_format_digits(magnitude, base, conversion.type == 'X', text);
    struct piece digits = {text + first, 65 - first, false};

    if (magnitude == 0)
        digits.length = 0;
    if (base == 8 && conversion.alternate && wanted <= digits.length)
        wanted = digits.length + 1;
    if (conversion.precision >= 0)
        conversion.zero = false;
    put_padded(output, &conversion, &before, wanted > digits.length ? wanted - digits.length : 0,
               &digits);
}

static void put_signed(struct formatter *formatter, const struct conversion *conversion)
{
    LONGLONG value = narrow_signed(take_argument(formatter), conversion->size);
    ULONGLONG magnitude = value < 0 ? 0 - (ULONGLONG)value : (ULONGLONG)value;

    put_digits(formatter->output, *conversion, magnitude, sign_of(conversion, value < 0));
}

static void put_unsigned(struct formatter *formatter, const struct conversion *conversion)
{
    ULONGLONG value = narrow_unsigned(take_argument(formatter), conversion->size);
    const CHAR *prefix = "";

    if (conversion->alternate && value != 0)
        prefix = conversion->type == 'x' ? "0x" : conversion->type == 'X' ? "0X" : "";
    put_digits(formatter->output, *conversion, value, prefix);
}

/* A pointer has all its sixteen digits, in capitals. */
static void put_pointer(struct formatter *formatter, struct conversion conversion)
{
    conversion.type = 'X';
    conversion.size = SIZE_64;
    conversion.precision = 16;
    put_unsigned(formatter, &conversion);
}

static int real_precision(const struct conversion *conversion)
{
    if (conversion->precision < 0)
        return (conversion->type | 0x20) == 'a' ? 13 : 6;
    return conversion->precision > LINUX_REAL_PRECISION ? LINUX_REAL_PRECISION
                                                        : conversion->precision;
}

static void put_real(struct formatter *formatter, const struct conversion *conversion)
{
    ULONGLONG bits = take_argument(formatter);
    CHAR text[LINUX_REAL_CHARACTERS];
    double value;
    struct piece prefix, digits = {text, 0, false};

    __builtin_memcpy(&value, &bits, sizeof value);
    digits.length = linux_format_real(text, value, (char)conversion->type,
                                      real_precision(conversion), conversion->alternate);
    prefix.text = sign_of(conversion, bits >> 63);
    prefix.length = __builtin_strlen(prefix.text);
    prefix.wide = false;
    put_padded(formatter->output, conversion, &prefix, 0, &digits);
}

/* ---- characters and strings ---- */

/* Small letters take the format's own width, capitals the other one; a size decides over both. */
static bool is_wide_argument(const struct formatter *formatter, const struct conversion *conversion)
{
    bool wide_format = formatter->output->text == FORMAT_UTF16;

    if (conversion->size == SIZE_CHAR || conversion->size == SIZE_SHORT)
        return false;
    if (conversion->size == SIZE_LONG || conversion->size == SIZE_WIDE)
        return true;
    return conversion->type == 'c' || conversion->type == 's' ? wide_format : !wide_format;
}

static void put_character(struct formatter *formatter, const struct conversion *conversion)
{
    ULONGLONG argument = take_argument(formatter);
    WCHAR unit = (WCHAR)argument;
    UCHAR byte = (UCHAR)argument;
    bool wide = is_wide_argument(formatter, conversion);
    struct piece text = {wide ? (const void *)&unit : (const void *)&byte, 1, wide};

    put_text(formatter->output, conversion, &text);
}

/* At most `limit` characters are looked at, so that a precision bounds an unterminated string. */
static size_t string_length(const void *text, bool wide, size_t limit)
{
    size_t length = 0;

    while (length < limit &&
           (wide ? ((const WCHAR *)text)[length] : ((const UCHAR *)text)[length]) != 0)
        length++;
    return length;
}

static void put_string(struct formatter *formatter, const struct conversion *conversion)
{
    struct piece text = {(const void *)take_argument(formatter), 0, false};
    size_t limit = conversion->precision < 0 ? SIZE_MAX : (size_t)conversion->precision;

    if (text.text)
        text.wide = is_wide_argument(formatter, conversion);
    else
        text.text = "(null)";
    text.length = string_length(text.text, text.wide, limit);
    put_text(formatter->output, conversion, &text);
}

/* %Z is an ANSI_STRING, %wZ and %lZ a UNICODE_STRING; a precision does not apply. */
static void put_counted_string(struct formatter *formatter, const struct conversion *conversion)
{
    const STRING *string = (const STRING *)take_argument(formatter);
    struct piece text = {"(null)", 6, false};

    if (string && string->Buffer) {
        text.wide = conversion->size == SIZE_WIDE || conversion->size == SIZE_LONG;
        text.text = string->Buffer;
        text.length = text.wide ? string->Length / sizeof(WCHAR) : string->Length;
    }
    put_text(formatter->output, conversion, &text);
}

/* ---- parsing a conversion ---- */

static void parse_flags(struct formatter *formatter, struct conversion *conversion)
{
    for (;; advance(formatter)) {
        switch (peek(formatter)) {
        case '-':
            conversion->left = true;
            break;
        case '+':
            conversion->plus = true;
            break;
        case ' ':
            conversion->space = true;
            break;
        case '#':
            conversion->alternate = true;
            break;
        case '0':
            conversion->zero = true;
            break;
        default:
            return;
        }
    }
}

/* Digits or '*'; saturates far above any text that fits in memory. */
static int parse_number(struct formatter *formatter)
{
    int number = 0;

    if (accept(formatter, '*'))
        return (int)take_argument(formatter);
    for (; peek(formatter) >= '0' && peek(formatter) <= '9'; advance(formatter)) {
        if (number < MAXLONG / 16)
            number = number * 10 + (int)(peek(formatter) - '0');
    }
    return number;
}

static void parse_width(struct formatter *formatter, struct conversion *conversion)
{
    int width = parse_number(formatter);

    if (width < 0)
        conversion->left = true;
    conversion->width = width < 0 ? (size_t)(0 - (LONGLONG)width) : (size_t)width;
    conversion->precision = -1;
    if (accept(formatter, '.')) {
        conversion->precision = parse_number(formatter);
        if (conversion->precision < 0)
            conversion->precision = -1;
    }
}

/* I64 and I32 are sizes as a whole; any other I is that of a pointer. */
static enum argument_size parse_fixed_size(struct formatter *formatter)
{
    const void *start = formatter->next;

    if (accept(formatter, '6') && accept(formatter, '4'))
        return SIZE_64;
    formatter->next = start;
    if (accept(formatter, '3') && accept(formatter, '2'))
        return SIZE_DEFAULT;
    formatter->next = start;
    return SIZE_64;
}

static enum argument_size parse_size(struct formatter *formatter)
{
    if (accept(formatter, 'h'))
        return accept(formatter, 'h') ? SIZE_CHAR : SIZE_SHORT;
    if (accept(formatter, 'l'))
        return accept(formatter, 'l') ? SIZE_64 : SIZE_LONG;
    if (accept(formatter, 'w'))
        return SIZE_WIDE;
    if (accept(formatter, 'I'))
        return parse_fixed_size(formatter);
    if (accept(formatter, 'j') || accept(formatter, 't') || accept(formatter, 'z'))
        return SIZE_64;
    accept(formatter, 'L');
    return SIZE_DEFAULT;
}

/* Writes one conversion. False for %n. A letter that is no conversion is written as it is. */
static bool put_conversion(struct formatter *formatter, const struct conversion *conversion)
{
    switch (conversion->type) {
    case 'd':
    case 'i':
        put_signed(formatter, conversion);
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_unsigned(formatter, conversion);
        return true;
    case 'p':
        put_pointer(formatter, *conversion);
        return true;
    case 'c':
    case 'C':
        put_character(formatter, conversion);
        return true;
    case 's':
    case 'S':
        put_string(formatter, conversion);
        return true;
    case 'Z':
        put_counted_string(formatter, conversion);
        return true;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        put_real(formatter, conversion);
        return true;
    case 'n':
        return false;
    default:
        put(formatter->output, conversion->type);
        return true;
    }
}

bool format_arguments(struct format_output *output, const void *format,
                      __builtin_ms_va_list arguments)
{
    struct formatter formatter = {.output = output, .next = format};
    bool accepted = true;

    __builtin_ms_va_copy(formatter.arguments, arguments);
    while (accepted && peek(&formatter) != 0) {
        struct conversion conversion = {0};

        if (!accept(&formatter, '%')) {
            put(output, peek(&formatter));
            advance(&formatter);
            continue;
        }
        parse_flags(&formatter, &conversion);
        parse_width(&formatter, &conversion);
        conversion.size = parse_size(&formatter);
        conversion.type = peek(&formatter);
        if (conversion.type == 0)
            break;
        advance(&formatter);
        accepted = put_conversion(&formatter, &conversion);
    }
    __builtin_ms_va_end(formatter.arguments);
    return accepted;
}
