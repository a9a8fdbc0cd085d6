/* Rtl: integers and GUIDs to and from text. */
#include "host/rtl/rtl.h"

ULONG rtl_format_digits(ULONGLONG value, ULONG base, BOOLEAN upper, CHAR text[65])
{
    const CHAR *digits =
        upper ? "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" : "0123456789abcdefghijklmnopqrstuvwxyz";
    ULONG first = 65;

    do {
        text[--first] = digits[value % base];
        value /= base;
    } while (value != 0);
    return first;
}

static BOOLEAN is_documented_base(ULONG base)
{
    return base == 2 || base == 8 || base == 10 || base == 16;
}

static ULONG digit_value(ULONG unit)
{
    if (unit >= '0' && unit <= '9')
        return unit - '0';
    if (unit >= 'a' && unit <= 'z')
        return unit - 'a' + 10;
    if (unit >= 'A' && unit <= 'Z')
        return unit - 'A' + 10;
    return MAXULONG;
}

static ULONG base_of_prefix(ULONG letter)
{
    return letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
}

BOOLEAN rtl_parse_integer(rtl_next_unit next, void *cursor, ULONG base, ULONGLONG *value)
{
    ULONG unit = next(cursor);
    ULONGLONG magnitude = 0;
    BOOLEAN negative;

    if (base != 0 && !is_documented_base(base))
        return FALSE;
    while (unit != 0 && unit <= ' ')
        unit = next(cursor);
    negative = unit == '-';
    if (unit == '-' || unit == '+')
        unit = next(cursor);
    if (base == 0) {
        base = 10;
        if (unit == '0') {
            unit = next(cursor);
            if (base_of_prefix(unit) != 0) {
                base = base_of_prefix(unit);
                unit = next(cursor);
            }
        }
    }
    for (ULONG digit; (digit = digit_value(unit)) < base; unit = next(cursor))
        magnitude = magnitude * base + digit;
    *value = negative ? 0 - magnitude : magnitude;
    return TRUE;
}

struct unicode_cursor {
    PCWCH next, end;
    BOOLEAN past_end; /* read beyond the last unit */
};

static ULONG next_unicode(void *argument)
{
    struct unicode_cursor *cursor = argument;

    if (cursor->next < cursor->end)
        return *cursor->next++;
    cursor->past_end = TRUE;
    return 0;
}

/* Stays at the terminator once it is there. */
static ULONG next_ansi(void *argument)
{
    const CHAR **cursor = argument;

    return **cursor ? (UCHAR) * (*cursor)++ : 0;
}

/* `end`, if wanted, receives where the number ends in the string. */
static NTSTATUS parse_unicode(PCUNICODE_STRING string, ULONG base, ULONGLONG *value, PWSTR *end)
{
    struct unicode_cursor cursor = {string->Buffer, string->Buffer + string->Length / sizeof(WCHAR),
                                    FALSE};

    if (string->Length < sizeof(WCHAR) || !rtl_parse_integer(next_unicode, &cursor, base, value))
        return STATUS_INVALID_PARAMETER;
    if (end)
        *end = (PWSTR)cursor.next - (cursor.past_end ? 0 : 1);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING string, ULONG base, PULONG value)
{
    ULONGLONG wide;
    NTSTATUS status = parse_unicode(string, base, &wide, NULL);

    if (NT_SUCCESS(status))
        *value = (ULONG)wide;
    return status;
}
SB_EXPORT(RtlUnicodeStringToInteger)

NTSTATUS NTAPI RtlUnicodeStringToInt64(PCUNICODE_STRING string, ULONG base, PLONG64 value,
                                       PWSTR *end)
{
    ULONGLONG wide;
    NTSTATUS status = parse_unicode(string, base, &wide, end);

    if (NT_SUCCESS(status))
        *value = (LONG64)wide;
    return status;
}
SB_EXPORT(RtlUnicodeStringToInt64)

NTSTATUS NTAPI RtlCharToInteger(PCSZ string, ULONG base, PULONG value)
{
    ULONGLONG wide;

    if (!rtl_parse_integer(next_ansi, &string, base, &wide))
        return STATUS_INVALID_PARAMETER;
    *value = (ULONG)wide;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCharToInteger)

/* Capital digits; terminated where there is room, as documented for MaximumLength. */
NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, PUNICODE_STRING string)
{
    CHAR text[65];
    ULONG first, count;

    if (base == 0)
        base = 10;
    if (!is_documented_base(base))
        return STATUS_INVALID_PARAMETER;
    first = rtl_format_digits(value, base, TRUE, text);
    count = 65 - first;
    if (count * sizeof(WCHAR) > string->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    for (ULONG i = 0; i < count; i++)
        string->Buffer[i] = (UCHAR)text[first + i];
    string->Length = (USHORT)(count * sizeof(WCHAR));
    if (string->Length + sizeof(WCHAR) <= string->MaximumLength)
        string->Buffer[count] = 0;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlInt64ToUnicodeString)

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG value, ULONG base, PUNICODE_STRING string)
{
    return RtlInt64ToUnicodeString(value, base, string);
}
SB_EXPORT(RtlIntegerToUnicodeString)

/* A negative length asks for that many characters, filled with zeros on the left. */
NTSTATUS NTAPI RtlIntegerToChar(ULONG value, ULONG base, LONG length, PCHAR string)
{
    ULONG room = length < 0 ? 0u - (ULONG)length : (ULONG)length;
    ULONG first, count, zeros;
    CHAR text[65];

    if (base == 0)
        base = 10;
    if (!is_documented_base(base))
        return STATUS_INVALID_PARAMETER;
    first = rtl_format_digits(value, base, TRUE, text);
    count = 65 - first;
    if (count > room)
        return STATUS_BUFFER_OVERFLOW;
    zeros = length < 0 ? room - count : 0;
    __builtin_memset(string, '0', zeros);
    __builtin_memcpy(string + zeros, text + first, count);
    if (zeros + count < room)
        string[count] = 0;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlIntegerToChar)

/* "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}" */
enum { GUID_CHARACTERS = 38 };
static const CHAR guid_form[GUID_CHARACTERS + 1] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

/* The sixteen bytes in the order the text shows them. */
static void guid_to_text_order(const GUID *guid, UCHAR bytes[16])
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (UCHAR)(guid->Data1 >> (24 - 8 * i));
    for (int i = 0; i < 2; i++) {
        bytes[4 + i] = (UCHAR)(guid->Data2 >> (8 - 8 * i));
        bytes[6 + i] = (UCHAR)(guid->Data3 >> (8 - 8 * i));
    }
    __builtin_memcpy(bytes + 8, guid->Data4, 8);
}

/* Small letters. Allocates the string; the caller frees it with RtlFreeUnicodeString. */
NTSTATUS NTAPI RtlStringFromGUID(REFGUID guid, PUNICODE_STRING string)
{
    const CHAR *digits = "0123456789abcdef";
    const ULONG size = (GUID_CHARACTERS + 1) * sizeof(WCHAR);
    PWCH buffer = rtl_allocate_string(size);
    UCHAR bytes[16];
    ULONG nibble = 0;

    if (!buffer)
        return STATUS_NO_MEMORY;
    guid_to_text_order(guid, bytes);
    for (ULONG i = 0; i <= GUID_CHARACTERS; i++) {
        buffer[i] = (UCHAR)guid_form[i];
        if (guid_form[i] == 'x') {
            buffer[i] = (UCHAR)digits[bytes[nibble / 2] >> (nibble % 2 ? 0 : 4) & 0xF];
            nibble++;
        }
    }
    string->Length = (USHORT)(size - sizeof(WCHAR));
    string->MaximumLength = (USHORT)size;
    string->Buffer = buffer;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlStringFromGUID)

NTSTATUS NTAPI RtlGUIDFromString(PUNICODE_STRING string, GUID *guid)
{
    UCHAR bytes[16] = {0};
    ULONG nibble = 0;

    if (string->Length < GUID_CHARACTERS * sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < GUID_CHARACTERS; i++) {
        WCHAR unit = string->Buffer[i];
        if (guid_form[i] != 'x') {
            if (unit != guid_form[i])
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        if (digit_value(unit) > 15)
            return STATUS_INVALID_PARAMETER;
        bytes[nibble / 2] = (UCHAR)(bytes[nibble / 2] << 4 | digit_value(unit));
        nibble++;
    }
    guid->Data1 = (ULONG)bytes[0] << 24 | (ULONG)bytes[1] << 16 | (ULONG)bytes[2] << 8 | bytes[3];
    guid->Data2 = (USHORT)(bytes[4] << 8 | bytes[5]);
    guid->Data3 = (USHORT)(bytes[6] << 8 | bytes[7]);
    __builtin_memcpy(guid->Data4, bytes + 8, 8);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGUIDFromString)
