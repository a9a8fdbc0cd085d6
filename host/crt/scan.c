/*
 * The scanf family. Conversions: d i u o x X p c C s S [set] n e f g and %%, with *, width, and
 * the sizes h hh l ll w I I32 I64 L. In the secure forms each c, s and [ takes a further argument,
 * the room in characters; text that does not fit empties the buffer and ends the scan.
 */
#include "host/crt/crt.h"
#include "host/crt/scan.h"
#include "host/linux/real.h"
#include "host/rtl/rtl.h"

typedef __builtin_ms_va_list arguments_t;

enum { END = -1, INPUT_FAILURE = -1, LONGEST_NUMBER = 128 };

enum argument_size { SIZE_DEFAULT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_WIDE, SIZE_64 };

struct scanner {
    const void *input, *format;
    size_t position, limit; /* in the input, in characters */
    size_t next;            /* in the format */
    bool wide, secure;
    int stored;
    arguments_t arguments;
};

struct conversion {
    bool suppressed;
    size_t width; /* SIZE_MAX: none given */
    enum argument_size size;
    int type;
};

/* ---- reading ---- */

static int unit_of(const struct scanner *scanner, const void *text, size_t index)
{
    return scanner->wide ? ((const WCHAR *)text)[index] : ((const UCHAR *)text)[index];
}

static int peek(const struct scanner *scanner)
{
    int unit;

    if (scanner->position >= scanner->limit)
        return END;
    unit = unit_of(scanner, scanner->input, scanner->position);
    return unit == 0 ? END : unit;
}

static int format_unit(const struct scanner *scanner)
{
    return unit_of(scanner, scanner->format, scanner->next);
}

static bool accept(struct scanner *scanner, int unit)
{
    if (format_unit(scanner) != unit)
        return false;
    scanner->next++;
    return true;
}

static bool is_space(int unit)
{
    return unit == ' ' || (unit >= '\t' && unit <= '\r');
}

static void skip_spaces(struct scanner *scanner)
{
    while (is_space(peek(scanner)))
        scanner->position++;
}

static void *take_pointer(struct scanner *scanner)
{
    return __builtin_va_arg(scanner->arguments, void *);
}

/* ---- numbers ---- */

/* Takes the next character into `text` if the width allows and `wanted` says so. */
static bool take(struct scanner *scanner, struct conversion *conversion, CHAR *text, size_t *length,
                 bool wanted)
{
    if (!wanted || conversion->width == 0 || *length + 1 >= LONGEST_NUMBER)
        return false;
    text[(*length)++] = (CHAR)peek(scanner);
    text[*length] = 0;
    scanner->position++;
    conversion->width--;
    return true;
}

static bool is_digit(int unit, int base)
{
    if (unit >= '0' && unit <= '9')
        return unit - '0' < base;
    return base == 16 && ((unit >= 'a' && unit <= 'f') || (unit >= 'A' && unit <= 'F'));
}

static int base_of(int type)
{
    return type == 'o' ? 8 : type == 'x' || type == 'X' || type == 'p' ? 16 : type == 'i' ? 0 : 10;
}

static void store_integer(struct scanner *scanner, const struct conversion *conversion,
                          ULONGLONG value)
{
    void *target = take_pointer(scanner);

    if (conversion->size == SIZE_64 || conversion->type == 'p')
        *(ULONGLONG *)target = value;
    else if (conversion->size == SIZE_SHORT)
        *(USHORT *)target = (USHORT)value;
    else if (conversion->size == SIZE_CHAR)
        *(UCHAR *)target = (UCHAR)value;
    else
        *(ULONG *)target = (ULONG)value;
}

/* False when there is no number: what was read of it stays read, as the standard has it. */
static bool scan_integer(struct scanner *scanner, struct conversion *conversion)
{
    CHAR text[LONGEST_NUMBER] = "";
    size_t length = 0, digits = 0;
    int base = base_of(conversion->type);
    ULONGLONG value = 0;
    bool negative = peek(scanner) == '-';

    take(scanner, conversion, text, &length, negative || peek(scanner) == '+');
    if ((base == 0 || base == 16) &&
        take(scanner, conversion, text, &length, peek(scanner) == '0')) {
        digits++;
        if (take(scanner, conversion, text, &length, (peek(scanner) | 0x20) == 'x')) {
            base = 16;
            digits = 0;
        } else if (base == 0) {
            base = 8;
        }
    }
    if (base == 0)
        base = 10;
    for (int unit;
         unit = peek(scanner), take(scanner, conversion, text, &length, is_digit(unit, base));
         digits++)
        value = value * (ULONG)base + (ULONG)(unit <= '9' ? unit - '0' : (unit | 0x20) - 'a' + 10);
    if (digits == 0)
        return false;
    if (!conversion->suppressed) {
        store_integer(scanner, conversion, negative ? 0 - value : value);
        scanner->stored++;
    }
    return true;
}

static bool is_real_unit(int unit)
{
    return (unit >= '0' && unit <= '9') || unit == '+' || unit == '-' || unit == '.' ||
           unit == 'e' || unit == 'E';
}

static bool scan_real(struct scanner *scanner, struct conversion *conversion)
{
    CHAR text[LONGEST_NUMBER] = "";
    size_t length = 0, used;
    double value;

    while (take(scanner, conversion, text, &length, is_real_unit(peek(scanner))))
        continue;
    used = linux_parse_real(text, &value);
    scanner->position -= length - used;
    if (used == 0)
        return false;
    if (!conversion->suppressed) {
        void *target = take_pointer(scanner);
        if (conversion->size == SIZE_LONG)
            *(double *)target = value;
        else
            *(float *)target = (float)value;
        scanner->stored++;
    }
    return true;
}

/* ---- text ---- */

/* Where text goes. Without a secure form its room is unbounded. */
struct target {
    void *buffer;
    size_t room, length;
    bool wide;
};

static bool put(const struct scanner *scanner, struct target *target, int unit)
{
    if (!target->buffer)
        return true;
    if (target->length >= target->room)
        return false;
    if (target->wide)
        ((WCHAR *)target->buffer)[target->length++] =
            scanner->wide ? (WCHAR)unit : rtl_ansi_page.to_unicode[(UCHAR)unit];
    else
        ((UCHAR *)target->buffer)[target->length++] =
            scanner->wide ? rtl_unicode_to_byte(&rtl_ansi_page, (WCHAR)unit) : (UCHAR)unit;
    return true;
}

static bool is_wide_target(const struct scanner *scanner, const struct conversion *conversion)
{
    if (conversion->size == SIZE_SHORT || conversion->size == SIZE_CHAR)
        return false;
    if (conversion->size == SIZE_LONG || conversion->size == SIZE_WIDE)
        return true;
    return (conversion->type == 'C' || conversion->type == 'S') != scanner->wide;
}

/* The characters of [set]: from `start` to `end` in the format, ^ already taken off. */
struct set {
    size_t start, end;
    bool inverted;
};

static bool set_has(const struct scanner *scanner, const struct set *set, int unit)
{
    for (size_t i = set->start; i < set->end; i++) {
        int first = unit_of(scanner, scanner->format, i), last = first;

        if (i + 2 < set->end && unit_of(scanner, scanner->format, i + 1) == '-') {
            last = unit_of(scanner, scanner->format, i + 2);
            i += 2;
        }
        if ((unit >= first && unit <= last) || (unit >= last && unit <= first))
            return !set->inverted;
    }
    return set->inverted;
}

/* Moves the format past the closing bracket; a bracket that comes first is a member. */
static struct set parse_set(struct scanner *scanner)
{
    struct set set = {0, 0, accept(scanner, '^')};

    set.start = scanner->next;
    if (format_unit(scanner) == ']')
        scanner->next++;
    while (format_unit(scanner) != 0 && format_unit(scanner) != ']')
        scanner->next++;
    set.end = scanner->next;
    accept(scanner, ']');
    return set;
}

static bool belongs(const struct scanner *scanner, const struct conversion *conversion,
                    const struct set *set, int unit)
{
    if (unit == END)
        return false;
    if (conversion->type == '[')
        return set_has(scanner, set, unit);
    return conversion->type == 'c' || conversion->type == 'C' || !is_space(unit);
}

/* Ends the text where it stands, or empties the buffer when that takes more than its room. */
static bool finish(const struct scanner *scanner, struct target *target, bool fits, bool terminate)
{
    if (!target->buffer)
        return true;
    if (fits && (!terminate || put(scanner, target, 0)))
        return true;
    target->length = 0;
    if (target->room != 0)
        put(scanner, target, 0);
    return false;
}

static bool scan_text(struct scanner *scanner, struct conversion *conversion)
{
    bool characters = conversion->type == 'c' || conversion->type == 'C', fits = true;
    struct set set = {0, 0, false};
    struct target target = {NULL, SIZE_MAX, 0, is_wide_target(scanner, conversion)};
    size_t count = 0, wanted = conversion->width;

    if (conversion->type == '[')
        set = parse_set(scanner);
    if (characters && wanted == SIZE_MAX)
        wanted = 1;
    if (!conversion->suppressed) {
        target.buffer = take_pointer(scanner);
        if (scanner->secure)
            target.room = __builtin_va_arg(scanner->arguments, ULONG);
    }
    for (; fits && count < wanted && belongs(scanner, conversion, &set, peek(scanner)); count++) {
        fits = put(scanner, &target, peek(scanner));
        scanner->position++;
    }
    if (count == 0 || (characters && count < wanted))
        return false;
    if (!finish(scanner, &target, fits, !characters))
        return false;
    scanner->stored += !conversion->suppressed;
    return true;
}

/* ---- the format ---- */

static enum argument_size parse_size(struct scanner *scanner)
{
    if (accept(scanner, 'h'))
        return accept(scanner, 'h') ? SIZE_CHAR : SIZE_SHORT;
    if (accept(scanner, 'l'))
        return accept(scanner, 'l') ? SIZE_64 : SIZE_LONG;
    if (accept(scanner, 'L'))
        return SIZE_LONG;
    if (accept(scanner, 'w'))
        return SIZE_WIDE;
    if (!accept(scanner, 'I'))
        return SIZE_DEFAULT;
    if (format_unit(scanner) == '3' &&
        unit_of(scanner, scanner->format, scanner->next + 1) == '2') {
        scanner->next += 2;
        return SIZE_DEFAULT;
    }
    if (format_unit(scanner) == '6' && unit_of(scanner, scanner->format, scanner->next + 1) == '4')
        scanner->next += 2;
    return SIZE_64;
}

static struct conversion parse_conversion(struct scanner *scanner)
{
    struct conversion conversion = {accept(scanner, '*'), 0, SIZE_DEFAULT, 0};

    while (format_unit(scanner) >= '0' && format_unit(scanner) <= '9') {
        if (conversion.width < MAXLONG)
            conversion.width = conversion.width * 10 + (size_t)(format_unit(scanner) - '0');
        scanner->next++;
    }
    if (conversion.width == 0)
        conversion.width = SIZE_MAX;
    conversion.size = parse_size(scanner);
    conversion.type = format_unit(scanner);
    if (conversion.type != 0)
        scanner->next++;
    return conversion;
}

/* False ends the scan. */
static bool scan_conversion(struct scanner *scanner)
{
    struct conversion conversion = parse_conversion(scanner);
    int type = conversion.type;

    if (type == 'n') {
        if (!conversion.suppressed)
            store_integer(scanner, &conversion, scanner->position);
        return true;
    }
    if (type != 'c' && type != 'C' && type != '[')
        skip_spaces(scanner);
    if (peek(scanner) == END) {
        if (scanner->stored == 0)
            scanner->stored = INPUT_FAILURE;
        return false;
    }
    switch (type) {
    case '%':
        return peek(scanner) == '%' ? (scanner->position++, true) : false;
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
    case 'p':
        return scan_integer(scanner, &conversion);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        return scan_real(scanner, &conversion);
    case 'c':
    case 'C':
    case 's':
    case 'S':
    case '[':
        return scan_text(scanner, &conversion);
    default:
        return false;
    }
}

static int scan(struct scanner *scanner)
{
    int unit;

    if (!scanner->input || !scanner->format)
        return INPUT_FAILURE;
    while ((unit = format_unit(scanner)) != 0) {
        scanner->next++;
        if (is_space(unit)) {
            skip_spaces(scanner);
        } else if (unit == '%') {
            if (!scan_conversion(scanner))
                break;
        } else if (peek(scanner) == unit) {
            scanner->position++;
        } else {
            if (peek(scanner) == END && scanner->stored == 0)
                scanner->stored = INPUT_FAILURE;
            break;
        }
    }
    return scanner->stored;
}

/* ---- exports ---- */

CRT_API int nt_sscanf(const char *input, const char *format, ...)
{
    struct scanner scanner = {.input = input, .format = format, .limit = SIZE_MAX};
    int result;

    __builtin_ms_va_start(scanner.arguments, format);
    result = scan(&scanner);
    __builtin_ms_va_end(scanner.arguments);
    return result;
}
SB_EXPORT_AS("sscanf", nt_sscanf)

CRT_API int sscanf_s(const char *input, const char *format, ...)
{
    struct scanner scanner = {.input = input, .format = format, .limit = SIZE_MAX, .secure = true};
    int result;

    __builtin_ms_va_start(scanner.arguments, format);
    result = scan(&scanner);
    __builtin_ms_va_end(scanner.arguments);
    return result;
}
SB_EXPORT(sscanf_s)

CRT_API int _snscanf_s(const char *input, size_t length, const char *format, ...)
{
    struct scanner scanner = {.input = input, .format = format, .limit = length, .secure = true};
    int result;

    __builtin_ms_va_start(scanner.arguments, format);
    result = scan(&scanner);
    __builtin_ms_va_end(scanner.arguments);
    return result;
}
SB_EXPORT(_snscanf_s)

CRT_API int swscanf_s(const WCHAR *input, const WCHAR *format, ...)
{
    struct scanner scanner = {
        .input = input, .format = format, .limit = SIZE_MAX, .wide = true, .secure = true};
    int result;

    __builtin_ms_va_start(scanner.arguments, format);
    result = scan(&scanner);
    __builtin_ms_va_end(scanner.arguments);
    return result;
}
SB_EXPORT(swscanf_s)

CRT_API int _snwscanf_s(const WCHAR *input, size_t length, const WCHAR *format, ...)
{
    struct scanner scanner = {
        .input = input, .format = format, .limit = length, .wide = true, .secure = true};
    int result;

    __builtin_ms_va_start(scanner.arguments, format);
    result = scan(&scanner);
    __builtin_ms_va_end(scanner.arguments);
    return result;
}
SB_EXPORT(_snwscanf_s)
