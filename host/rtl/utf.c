/* Rtl: UTF-8 and UTF-16. What is malformed becomes U+FFFD, one for each maximal part of it. */
#include "host/rtl/rtl.h"

enum { REPLACEMENT = 0xFFFD };

ULONG rtl_decode_utf16(const WCHAR *units, ULONG count, ULONG *code_point)
{
    WCHAR first = units[0];

    *code_point = first;
    if (first < 0xD800 || first > 0xDFFF)
        return 1;
    if (first < 0xDC00 && count > 1 && units[1] >= 0xDC00 && units[1] <= 0xDFFF) {
        *code_point = 0x10000 + ((ULONG)(first - 0xD800) << 10) + (units[1] - 0xDC00u);
        return 2;
    }
    *code_point = REPLACEMENT;
    return 1;
}

ULONG rtl_encode_utf8(ULONG code_point, UCHAR bytes[4])
{
    if (code_point < 0x80) {
        bytes[0] = (UCHAR)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (UCHAR)(0xC0 | code_point >> 6);
        bytes[1] = (UCHAR)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        bytes[0] = (UCHAR)(0xE0 | code_point >> 12);
        bytes[1] = (UCHAR)(0x80 | (code_point >> 6 & 0x3F));
        bytes[2] = (UCHAR)(0x80 | (code_point & 0x3F));
        return 3;
    }
    bytes[0] = (UCHAR)(0xF0 | code_point >> 18);
    bytes[1] = (UCHAR)(0x80 | (code_point >> 12 & 0x3F));
    bytes[2] = (UCHAR)(0x80 | (code_point >> 6 & 0x3F));
    bytes[3] = (UCHAR)(0x80 | (code_point & 0x3F));
    return 4;
}

/* How many bytes follow a lead byte, and the range of the first of them (the Unicode standard's
 * table of well-formed sequences); 0 for ASCII and for what is no lead byte. */
static ULONG trail_bytes(UCHAR lead, UCHAR *low, UCHAR *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 1;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 2;
    return lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
}

/* Takes one character from `count` bytes (at least one), returns the bytes taken. */
static ULONG decode_utf8(const UCHAR *bytes, ULONG count, ULONG *code_point, BOOLEAN *malformed)
{
    UCHAR low, high;
    ULONG trail = trail_bytes(bytes[0], &low, &high), taken = 1, value;

    value = trail == 0 ? bytes[0] : bytes[0] & (0x3Fu >> trail);
    while (taken <= trail && taken < count && bytes[taken] >= low && bytes[taken] <= high) {
        value = value << 6 | (bytes[taken++] & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    *malformed = taken <= trail || (trail == 0 && bytes[0] >= 0x80);
    *code_point = *malformed ? REPLACEMENT : value;
    return taken;
}

static ULONG encode_utf16(ULONG code_point, WCHAR units[2])
{
    if (code_point < 0x10000) {
        units[0] = (WCHAR)code_point;
        return 1;
    }
    units[0] = (WCHAR)(0xD800 + ((code_point - 0x10000) >> 10));
    units[1] = (WCHAR)(0xDC00 + (code_point & 0x3FF));
    return 2;
}

NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR destination, ULONG capacity, PULONG actual, PCWCH source,
                                 ULONG source_length)
{
    ULONG count = source_length / sizeof(WCHAR), written = 0;
    NTSTATUS status = STATUS_SUCCESS;

    if (!source)
        return STATUS_INVALID_PARAMETER_4;
    if (!destination && !actual)
        return STATUS_INVALID_PARAMETER;
    if (source_length % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER_5;
    for (ULONG i = 0; i < count;) {
        ULONG code_point, length;
        UCHAR bytes[4];
        BOOLEAN surrogate = source[i] >= 0xD800 && source[i] <= 0xDFFF;
        i += rtl_decode_utf16(source + i, count - i, &code_point);
        length = rtl_encode_utf8(code_point, bytes);
        if (destination && length > capacity - written) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (surrogate && code_point == REPLACEMENT)
            status = STATUS_SOME_NOT_MAPPED;
        if (destination)
            __builtin_memcpy(destination + written, bytes, length);
        written += length;
    }
    if (actual)
        *actual = written;
    return status;
}
SB_EXPORT(RtlUnicodeToUTF8N)

NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR destination, ULONG capacity, PULONG actual, PCCH source,
                                 ULONG source_length)
{
    const UCHAR *bytes = (const UCHAR *)source;
    ULONG room = capacity / sizeof(WCHAR), written = 0;
    NTSTATUS status = STATUS_SUCCESS;

    if (!source)
        return STATUS_INVALID_PARAMETER_4;
    if (!destination && !actual)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < source_length;) {
        ULONG code_point, count;
        WCHAR units[2];
        BOOLEAN malformed;
        i += decode_utf8(bytes + i, source_length - i, &code_point, &malformed);
        count = encode_utf16(code_point, units);
        if (destination && count > room - written) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (malformed)
            status = STATUS_SOME_NOT_MAPPED;
        if (destination)
            __builtin_memcpy(destination + written, units, count * sizeof(WCHAR));
        written += count;
    }
    if (actual)
        *actual = written * sizeof(WCHAR);
    return status;
}
SB_EXPORT(RtlUTF8ToUnicodeN)

/* Makes or checks the room for `length` bytes and their terminator, `terminator` bytes long. */
static NTSTATUS prepare_buffer(PVOID *buffer, PUSHORT maximum, ULONG length, ULONG terminator,
                               BOOLEAN allocate)
{
    if (length + terminator > MAXUSHORT)
        return STATUS_INVALID_PARAMETER_2;
    if (!allocate)
        return length + terminator <= *maximum ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
    PVOID memory = rtl_allocate_string(length + terminator);
    if (!memory)
        return STATUS_NO_MEMORY;
    *buffer = memory;
    *maximum = (USHORT)(length + terminator);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PSTRING destination, PCUNICODE_STRING source,
                                            BOOLEAN allocate)
{
    ULONG length = 0;
    NTSTATUS status;

    if (source->Length != 0)
        RtlUnicodeToUTF8N(NULL, 0, &length, source->Buffer, source->Length);
    status = prepare_buffer((PVOID *)&destination->Buffer, &destination->MaximumLength, length, 1,
                            allocate);
    if (!NT_SUCCESS(status))
        return status;
    if (length != 0)
        status =
            RtlUnicodeToUTF8N(destination->Buffer, length, &length, source->Buffer, source->Length);
    destination->Buffer[length] = 0;
    destination->Length = (USHORT)length;
    return status;
}
SB_EXPORT(RtlUnicodeStringToUTF8String)

NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING destination, const STRING *source,
                                            BOOLEAN allocate)
{
    ULONG length = 0;
    NTSTATUS status;

    if (source->Length != 0)
        RtlUTF8ToUnicodeN(NULL, 0, &length, source->Buffer, source->Length);
    status = prepare_buffer((PVOID *)&destination->Buffer, &destination->MaximumLength, length,
                            sizeof(WCHAR), allocate);
    if (!NT_SUCCESS(status))
        return status;
    if (length != 0)
        status =
            RtlUTF8ToUnicodeN(destination->Buffer, length, &length, source->Buffer, source->Length);
    destination->Buffer[length / sizeof(WCHAR)] = 0;
    destination->Length = (USHORT)length;
    return status;
}
SB_EXPORT(RtlUTF8StringToUnicodeString)
