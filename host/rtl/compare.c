/* Rtl: counted strings are compared, hashed and changed in case. */
#include "host/rtl/rtl.h"

static LONG compare_unicode(PCWCH first, SIZE_T first_count, PCWCH second, SIZE_T second_count,
                            BOOLEAN ignore_case)
{
    SIZE_T count = first_count < second_count ? first_count : second_count;

    for (SIZE_T i = 0; i < count; i++) {
        WCHAR left = first[i], right = second[i];
        if (left == right)
            continue;
        if (ignore_case) {
            left = rtl_upcase(left);
            right = rtl_upcase(right);
        }
        if (left != right)
            return (LONG)left - (LONG)right;
    }
    return (LONG)first_count - (LONG)second_count;
}

LONG NTAPI RtlCompareUnicodeStrings(PCWCH first, SIZE_T first_count, PCWCH second,
                                    SIZE_T second_count, BOOLEAN ignore_case)
{
    return compare_unicode(first, first_count, second, second_count, ignore_case);
}
SB_EXPORT(RtlCompareUnicodeStrings)

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING first, PCUNICODE_STRING second,
                                   BOOLEAN ignore_case)
{
    return compare_unicode(first->Buffer, first->Length / sizeof(WCHAR), second->Buffer,
                           second->Length / sizeof(WCHAR), ignore_case);
}
SB_EXPORT(RtlCompareUnicodeString)

BOOLEAN NTAPI RtlEqualUnicodeString(CONST UNICODE_STRING *first, CONST UNICODE_STRING *second,
                                    BOOLEAN ignore_case)
{
    return first->Length == second->Length &&
           RtlCompareUnicodeString(first, second, ignore_case) == 0;
}
SB_EXPORT(RtlEqualUnicodeString)

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING prefix, PCUNICODE_STRING string,
                                     BOOLEAN ignore_case)
{
    SIZE_T count = prefix->Length / sizeof(WCHAR);

    return prefix->Length <= string->Length &&
           compare_unicode(prefix->Buffer, count, string->Buffer, count, ignore_case) == 0;
}
SB_EXPORT(RtlPrefixUnicodeString)

BOOLEAN NTAPI RtlSuffixUnicodeString(PCUNICODE_STRING suffix, PCUNICODE_STRING string,
                                     BOOLEAN ignore_case)
{
    SIZE_T count = suffix->Length / sizeof(WCHAR);
    SIZE_T room = string->Length / sizeof(WCHAR);

    return count <= room && compare_unicode(suffix->Buffer, count, string->Buffer + (room - count),
                                            count, ignore_case) == 0;
}
SB_EXPORT(RtlSuffixUnicodeString)

/* Returns where `search` begins in `full`, NULL when it is not there. */
PWCHAR NTAPI RtlFindUnicodeSubstring(PCUNICODE_STRING full, PCUNICODE_STRING search,
                                     BOOLEAN ignore_case)
{
    SIZE_T count = search->Length / sizeof(WCHAR), room = full->Length / sizeof(WCHAR);

    for (SIZE_T start = 0; start + count <= room; start++) {
        if (compare_unicode(full->Buffer + start, count, search->Buffer, count, ignore_case) == 0)
            return full->Buffer + start;
    }
    return NULL;
}
SB_EXPORT(RtlFindUnicodeSubstring)

static LONG compare_ansi(const CHAR *first, SIZE_T first_length, const CHAR *second,
                         SIZE_T second_length, BOOLEAN ignore_case)
{
    SIZE_T length = first_length < second_length ? first_length : second_length;

    for (SIZE_T i = 0; i < length; i++) {
        UCHAR left = (UCHAR)(ignore_case ? RtlUpperChar(first[i]) : first[i]);
        UCHAR right = (UCHAR)(ignore_case ? RtlUpperChar(second[i]) : second[i]);
        if (left != right)
            return (LONG)left - (LONG)right;
    }
    return (LONG)first_length - (LONG)second_length;
}

LONG NTAPI RtlCompareString(const PSTRING first, const PSTRING second, BOOLEAN ignore_case)
{
    return compare_ansi(first->Buffer, first->Length, second->Buffer, second->Length, ignore_case);
}
SB_EXPORT(RtlCompareString)

BOOLEAN NTAPI RtlEqualString(const PSTRING first, const PSTRING second, BOOLEAN ignore_case)
{
    return first->Length == second->Length && RtlCompareString(first, second, ignore_case) == 0;
}
SB_EXPORT(RtlEqualString)

BOOLEAN NTAPI RtlPrefixString(const STRING *prefix, const STRING *string, BOOLEAN ignore_case)
{
    return prefix->Length <= string->Length &&
           compare_ansi(prefix->Buffer, prefix->Length, string->Buffer, prefix->Length,
                        ignore_case) == 0;
}
SB_EXPORT(RtlPrefixString)

/* x65599 is the one algorithm documented, and the default. */
NTSTATUS NTAPI RtlHashUnicodeString(CONST UNICODE_STRING *string, BOOLEAN ignore_case,
                                    ULONG algorithm, PULONG hash_value)
{
    ULONG hash = 0;

    if (!string || !hash_value)
        return STATUS_INVALID_PARAMETER;
    if (algorithm != HASH_STRING_ALGORITHM_DEFAULT && algorithm != HASH_STRING_ALGORITHM_X65599)
        return STATUS_INVALID_PARAMETER;
    for (USHORT i = 0; i < string->Length / sizeof(WCHAR); i++) {
        WCHAR unit = string->Buffer[i];
        hash = hash * 65599 + (ignore_case ? rtl_upcase(unit) : unit);
    }
    *hash_value = hash;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlHashUnicodeString)

/* The result may lie on the source; no terminator is written, allocated or not. */
static NTSTATUS change_case(PUNICODE_STRING destination, PCUNICODE_STRING source, BOOLEAN allocate,
                            WCHAR (*change)(WCHAR))
{
    if (allocate) {
        PWCH buffer = rtl_allocate_string(source->Length);
        if (!buffer)
            return STATUS_NO_MEMORY;
        destination->MaximumLength = source->Length;
        destination->Buffer = buffer;
    } else if (source->Length > destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < source->Length / sizeof(WCHAR); i++)
        destination->Buffer[i] = change(source->Buffer[i]);
    destination->Length = source->Length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING destination, PCUNICODE_STRING source,
                                      BOOLEAN allocate)
{
    return change_case(destination, source, allocate, rtl_upcase);
}
SB_EXPORT(RtlUpcaseUnicodeString)

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING destination, PCUNICODE_STRING source,
                                        BOOLEAN allocate)
{
    return change_case(destination, source, allocate, rtl_downcase);
}
SB_EXPORT(RtlDowncaseUnicodeString)
