/* Rtl: UTF-16 to and from the ANSI (1252) and OEM (437) code pages, both of one byte a character.
 */
#include "host/rtl/rtl.h"

/*
 * The buffer conversions. What does not fit is left out; the ANSI routines are documented to call
 * that success, the OEM ones to warn with STATUS_BUFFER_OVERFLOW.
 */
static ULONG widen(const struct rtl_code_page *page, PWCH destination, ULONG capacity,
                   const CHAR *source, ULONG length)
{
    ULONG count = capacity / sizeof(WCHAR);

    if (count > length)
        count = length;
    for (ULONG i = 0; i < count; i++)
        destination[i] = page->to_unicode[(UCHAR)source[i]];
    return count;
}

static WCHAR same_case(WCHAR unit)
{
    return unit;
}

static ULONG narrow(const struct rtl_code_page *page, PCHAR destination, ULONG capacity,
                    PCWCH source, ULONG source_length, WCHAR (*change)(WCHAR))
{
    ULONG count = source_length / sizeof(WCHAR);

    if (count > capacity)
        count = capacity;
    for (ULONG i = 0; i < count; i++)
        destination[i] = (CHAR)rtl_unicode_to_byte(page, change(source[i]));
    return count;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH destination, ULONG capacity, PULONG written,
                                      const CHAR *source, ULONG length)
{
    ULONG count = widen(&rtl_ansi_page, destination, capacity, source, length);

    if (written)
        *written = count * sizeof(WCHAR);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlMultiByteToUnicodeN)

NTSTATUS NTAPI RtlOemToUnicodeN(PWSTR destination, ULONG capacity, PULONG written, PCCH source,
                                ULONG length)
{
    ULONG count = widen(&rtl_oem_page, destination, capacity, source, length);

    if (written)
        *written = count * sizeof(WCHAR);
    return count == length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
SB_EXPORT(RtlOemToUnicodeN)

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR destination, ULONG capacity, PULONG written,
                                      PCWCH source, ULONG source_length)
{
    ULONG count = narrow(&rtl_ansi_page, destination, capacity, source, source_length, same_case);

    if (written)
        *written = count;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlUnicodeToMultiByteN)

NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(PCHAR destination, ULONG capacity, PULONG written,
                                            PCWCH source, ULONG source_length)
{
    ULONG count = narrow(&rtl_ansi_page, destination, capacity, source, source_length, rtl_upcase);

    if (written)
        *written = count;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlUpcaseUnicodeToMultiByteN)

NTSTATUS NTAPI RtlUnicodeToOemN(PCHAR destination, ULONG capacity, PULONG written, PCWCH source,
                                ULONG source_length)
{
    ULONG count = narrow(&rtl_oem_page, destination, capacity, source, source_length, same_case);

    if (written)
        *written = count;
    return count == source_length / sizeof(WCHAR) ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
SB_EXPORT(RtlUnicodeToOemN)

NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(PCHAR destination, ULONG capacity, PULONG written,
                                      PCWCH source, ULONG source_length)
{
    ULONG count = narrow(&rtl_oem_page, destination, capacity, source, source_length, rtl_upcase);

    if (written)
        *written = count;
    return count == source_length / sizeof(WCHAR) ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
SB_EXPORT(RtlUpcaseUnicodeToOemN)

NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG size, const CHAR *source, ULONG length)
{
    (void)source;
    *size = length * sizeof(WCHAR);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlMultiByteToUnicodeSize)

NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG size, PCWCH source, ULONG source_length)
{
    (void)source;
    *size = source_length / sizeof(WCHAR);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlUnicodeToMultiByteSize)

/* The sizes count the terminator. */
ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING string)
{
    return (string->Length + 1u) * sizeof(WCHAR);
}
SB_EXPORT(RtlxAnsiStringToUnicodeSize)
SB_EXPORT_AS("RtlAnsiStringToUnicodeSize", RtlxAnsiStringToUnicodeSize)
SB_EXPORT_AS("RtlxOemStringToUnicodeSize", RtlxAnsiStringToUnicodeSize)
SB_EXPORT_AS("RtlOemStringToUnicodeSize", RtlxAnsiStringToUnicodeSize)

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING string)
{
    return string->Length / sizeof(WCHAR) + 1u;
}
SB_EXPORT(RtlxUnicodeStringToAnsiSize)
SB_EXPORT_AS("RtlUnicodeStringToAnsiSize", RtlxUnicodeStringToAnsiSize)
SB_EXPORT_AS("RtlxUnicodeStringToOemSize", RtlxUnicodeStringToAnsiSize)
SB_EXPORT_AS("RtlUnicodeStringToOemSize", RtlxUnicodeStringToAnsiSize)

/* Terminated unless `counted`; an empty counted result has no buffer when it is allocated. */
static NTSTATUS string_to_unicode(const struct rtl_code_page *page, PUNICODE_STRING destination,
                                  const STRING *source, BOOLEAN allocate, BOOLEAN counted)
{
    ULONG length = source->Length * (ULONG)sizeof(WCHAR);
    ULONG size = counted ? length : length + (ULONG)sizeof(WCHAR);

    if (size > MAXUSHORT)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        PWCH buffer = size ? rtl_allocate_string(size) : NULL;
        if (size && !buffer)
            return STATUS_NO_MEMORY;
        destination->Buffer = buffer;
        destination->MaximumLength = (USHORT)size;
    } else if (size > destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    widen(page, destination->Buffer, length, source->Buffer, source->Length);
    if (!counted)
        destination->Buffer[source->Length] = 0;
    destination->Length = (USHORT)length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING destination, PANSI_STRING source,
                                            BOOLEAN allocate)
{
    return string_to_unicode(&rtl_ansi_page, destination, source, allocate, FALSE);
}
SB_EXPORT(RtlAnsiStringToUnicodeString)

NTSTATUS NTAPI RtlOemStringToUnicodeString(PUNICODE_STRING destination, PCOEM_STRING source,
                                           BOOLEAN allocate)
{
    return string_to_unicode(&rtl_oem_page, destination, source, allocate, FALSE);
}
SB_EXPORT(RtlOemStringToUnicodeString)

NTSTATUS NTAPI RtlOemStringToCountedUnicodeString(PUNICODE_STRING destination, PCOEM_STRING source,
                                                  BOOLEAN allocate)
{
    return string_to_unicode(&rtl_oem_page, destination, source, allocate, TRUE);
}
SB_EXPORT(RtlOemStringToCountedUnicodeString)

/*
 * Terminated, and as NT does it: a caller's buffer that is too small receives what fits and its
 * terminator, with STATUS_BUFFER_OVERFLOW.
 */
static NTSTATUS unicode_to_string(const struct rtl_code_page *page, PSTRING destination,
                                  PCUNICODE_STRING source, BOOLEAN allocate, WCHAR (*change)(WCHAR))
{
    ULONG length = source->Length / sizeof(WCHAR);
    NTSTATUS status = STATUS_SUCCESS;

    if (allocate) {
        PCHAR buffer = rtl_allocate_string(length + 1);
        if (!buffer)
            return STATUS_NO_MEMORY;
        destination->Buffer = buffer;
        destination->MaximumLength = (USHORT)(length + 1);
    } else if (length >= destination->MaximumLength) {
        status = STATUS_BUFFER_OVERFLOW;
        if (destination->MaximumLength == 0)
            return status;
        length = destination->MaximumLength - 1u;
    }
    narrow(page, destination->Buffer, length, source->Buffer, source->Length, change);
    destination->Buffer[length] = 0;
    destination->Length = (USHORT)length;
    return status;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING destination, PCUNICODE_STRING source,
                                            BOOLEAN allocate)
{
    return unicode_to_string(&rtl_ansi_page, destination, source, allocate, same_case);
}
SB_EXPORT(RtlUnicodeStringToAnsiString)

NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(PANSI_STRING destination, PCUNICODE_STRING source,
                                                  BOOLEAN allocate)
{
    return unicode_to_string(&rtl_ansi_page, destination, source, allocate, rtl_upcase);
}
SB_EXPORT(RtlUpcaseUnicodeStringToAnsiString)

NTSTATUS NTAPI RtlUnicodeStringToOemString(POEM_STRING destination, PCUNICODE_STRING source,
                                           BOOLEAN allocate)
{
    return unicode_to_string(&rtl_oem_page, destination, source, allocate, same_case);
}
SB_EXPORT(RtlUnicodeStringToOemString)

/* True when every character has its own byte in the OEM code page. */
static BOOLEAN oem_has_all(PCUNICODE_STRING source, WCHAR (*change)(WCHAR))
{
    for (USHORT i = 0; i < source->Length / sizeof(WCHAR); i++) {
        WCHAR unit = change(source->Buffer[i]);
        if (unit != '?' && rtl_unicode_to_byte(&rtl_oem_page, unit) == '?')
            return FALSE;
    }
    return TRUE;
}

NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(POEM_STRING destination, PCUNICODE_STRING source,
                                                 BOOLEAN allocate)
{
    if (!oem_has_all(source, rtl_upcase))
        return STATUS_UNMAPPABLE_CHARACTER;
    return unicode_to_string(&rtl_oem_page, destination, source, allocate, rtl_upcase);
}
SB_EXPORT(RtlUpcaseUnicodeStringToOemString)

/* No terminator; a buffer that is too small is left alone. */
static NTSTATUS unicode_to_counted_oem(POEM_STRING destination, PCUNICODE_STRING source,
                                       BOOLEAN allocate, WCHAR (*change)(WCHAR))
{
    USHORT length = source->Length / sizeof(WCHAR);

    if (!oem_has_all(source, change))
        return STATUS_UNMAPPABLE_CHARACTER;
    if (allocate) {
        PCHAR buffer = length ? rtl_allocate_string(length) : NULL;
        if (length && !buffer)
            return STATUS_NO_MEMORY;
        destination->Buffer = buffer;
        destination->MaximumLength = length;
    } else if (length > destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    narrow(&rtl_oem_page, destination->Buffer, length, source->Buffer, source->Length, change);
    destination->Length = length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToCountedOemString(POEM_STRING destination, PCUNICODE_STRING source,
                                                  BOOLEAN allocate)
{
    return unicode_to_counted_oem(destination, source, allocate, same_case);
}
SB_EXPORT(RtlUnicodeStringToCountedOemString)

NTSTATUS NTAPI RtlUpcaseUnicodeStringToCountedOemString(POEM_STRING destination,
                                                        PCUNICODE_STRING source, BOOLEAN allocate)
{
    return unicode_to_counted_oem(destination, source, allocate, rtl_upcase);
}
SB_EXPORT(RtlUpcaseUnicodeStringToCountedOemString)

/* Takes one character from an ANSI string and moves its pointer past it. */
WCHAR NTAPI RtlAnsiCharToUnicodeChar(PUCHAR *source)
{
    return rtl_ansi_page.to_unicode[*(*source)++];
}
SB_EXPORT(RtlAnsiCharToUnicodeChar)

/* Raises the character in place; false when the OEM code page lacks it. */
BOOLEAN NTAPI RtlIsValidOemCharacter(PWCHAR character)
{
    WCHAR upper = rtl_upcase(*character);

    if (upper != '?' && rtl_unicode_to_byte(&rtl_oem_page, upper) == '?')
        return FALSE;
    *character = upper;
    return TRUE;
}
SB_EXPORT(RtlIsValidOemCharacter)

/* Which code pages the conversions use; both tags say "one byte a character". */
VOID NTAPI RtlGetDefaultCodePage(PUSHORT ansi, PUSHORT oem)
{
    *ansi = 1252;
    *oem = 437;
}
SB_EXPORT(RtlGetDefaultCodePage)
SB_EXPORT_DATA("NlsMbCodePageTag", nls_mb_code_page_tag)
SB_EXPORT_DATA("NlsMbOemCodePageTag", nls_mb_oem_code_page_tag)
