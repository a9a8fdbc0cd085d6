/* Rtl: counted strings are made, copied, appended to and freed. */
#include "host/rtl/rtl.h"

/* The Length of an initialised string leaves room for a terminator below 64 KiB. */
enum { INIT_UNICODE_BYTES = 0xFFFC, INIT_ANSI_BYTES = 0xFFFE };

PVOID rtl_allocate_string(SIZE_T bytes)
{
    return ExAllocatePoolWithTag(PagedPool, bytes ? bytes : sizeof(WCHAR), RTL_STRING_TAG);
}

SIZE_T rtl_unicode_length(PCWSTR string)
{
    SIZE_T count = 0;

    while (string[count] != 0)
        count++;
    return count * sizeof(WCHAR);
}

static SIZE_T ansi_length(PCSZ string)
{
    SIZE_T count = 0;

    while (string[count] != 0)
        count++;
    return count;
}

static void set_unicode(PUNICODE_STRING string, PCWSTR source, SIZE_T length)
{
    string->Length = (USHORT)length;
    string->MaximumLength = source ? (USHORT)(length + sizeof(WCHAR)) : 0;
    string->Buffer = (PWCH)source;
}

static void set_ansi(PSTRING string, PCSZ source, SIZE_T length)
{
    string->Length = (USHORT)length;
    string->MaximumLength = source ? (USHORT)(length + 1) : 0;
    string->Buffer = (PCHAR)source;
}

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING destination, PCWSTR source)
{
    SIZE_T length = source ? rtl_unicode_length(source) : 0;

    set_unicode(destination, source, length > INIT_UNICODE_BYTES ? INIT_UNICODE_BYTES : length);
}
SB_EXPORT(RtlInitUnicodeString)

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING destination, PCWSTR source)
{
    SIZE_T length = source ? rtl_unicode_length(source) : 0;

    if (length > INIT_UNICODE_BYTES)
        return STATUS_NAME_TOO_LONG;
    set_unicode(destination, source, length);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlInitUnicodeStringEx)

VOID NTAPI RtlInitAnsiString(PANSI_STRING destination, PCSZ source)
{
    SIZE_T length = source ? ansi_length(source) : 0;

    set_ansi(destination, source, length > INIT_ANSI_BYTES ? INIT_ANSI_BYTES : length);
}
SB_EXPORT(RtlInitAnsiString)
SB_EXPORT_AS("RtlInitUTF8String", RtlInitAnsiString)

VOID NTAPI RtlInitString(PSTRING destination, PCSZ source)
    __attribute__((alias("RtlInitAnsiString")));
SB_EXPORT(RtlInitString)

NTSTATUS NTAPI RtlInitAnsiStringEx(PANSI_STRING destination, PCSZ source)
{
    SIZE_T length = source ? ansi_length(source) : 0;

    if (length > INIT_ANSI_BYTES)
        return STATUS_NAME_TOO_LONG;
    set_ansi(destination, source, length);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlInitAnsiStringEx)
SB_EXPORT_AS("RtlInitStringEx", RtlInitAnsiStringEx)
SB_EXPORT_AS("RtlInitUTF8StringEx", RtlInitAnsiStringEx)

/* Copies what fits; the terminator is written only where there is room for it. */
VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING destination, PCUNICODE_STRING source)
{
    USHORT length = source ? source->Length : 0;

    if (length > destination->MaximumLength)
        length = destination->MaximumLength;
    if (length != 0)
        __builtin_memmove(destination->Buffer, source->Buffer, length);
    destination->Length = length;
    if (source && length + sizeof(WCHAR) <= destination->MaximumLength)
        destination->Buffer[length / sizeof(WCHAR)] = 0;
}
SB_EXPORT(RtlCopyUnicodeString)

VOID NTAPI RtlCopyString(PSTRING destination, const PSTRING source)
{
    USHORT length = source ? source->Length : 0;

    if (length > destination->MaximumLength)
        length = destination->MaximumLength;
    if (length != 0)
        __builtin_memmove(destination->Buffer, source->Buffer, length);
    destination->Length = length;
}
SB_EXPORT(RtlCopyString)

static NTSTATUS append_unicode(PUNICODE_STRING destination, const WCHAR *source, SIZE_T length)
{
    SIZE_T total = destination->Length + length;

    if (total > destination->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (length == 0)
        return STATUS_SUCCESS;
    __builtin_memmove((PUCHAR)destination->Buffer + destination->Length, source, length);
    destination->Length = (USHORT)total;
    if (total + sizeof(WCHAR) <= destination->MaximumLength)
        destination->Buffer[total / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING destination, PCUNICODE_STRING source)
{
    return append_unicode(destination, source->Buffer, source->Length);
}
SB_EXPORT(RtlAppendUnicodeStringToString)

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING destination, PCWSTR source)
{
    return append_unicode(destination, source, source ? rtl_unicode_length(source) : 0);
}
SB_EXPORT(RtlAppendUnicodeToString)

static NTSTATUS append_ansi(PSTRING destination, const CHAR *source, SIZE_T length)
{
    if (destination->Length + length > destination->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (length != 0)
        __builtin_memmove(destination->Buffer + destination->Length, source, length);
    destination->Length = (USHORT)(destination->Length + length);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendStringToString(PSTRING destination, const STRING *source)
{
    return append_ansi(destination, source->Buffer, source->Length);
}
SB_EXPORT(RtlAppendStringToString)

NTSTATUS NTAPI RtlAppendAsciizToString(PSTRING destination, PCSZ source)
{
    return append_ansi(destination, source, source ? ansi_length(source) : 0);
}
SB_EXPORT(RtlAppendAsciizToString)

BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING destination, PCWSTR source)
{
    SIZE_T length = rtl_unicode_length(source);
    PWCH buffer;

    if (length + sizeof(WCHAR) > RTL_UNICODE_STRING_MAX_BYTES)
        return FALSE;
    buffer = rtl_allocate_string(length + sizeof(WCHAR));
    if (!buffer)
        return FALSE;
    __builtin_memcpy(buffer, source, length + sizeof(WCHAR));
    set_unicode(destination, buffer, length);
    return TRUE;
}
SB_EXPORT(RtlCreateUnicodeString)

/* An empty source makes an empty, unallocated string unless the flags ask for a terminator. */
NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING source,
                                         PUNICODE_STRING destination)
{
    const ULONG terminate = RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE;
    const ULONG allocate_null = RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING;
    ULONG size;
    PWCH buffer = NULL;

    if (!destination || (flags & ~(terminate | allocate_null)) != 0 || flags == allocate_null)
        return STATUS_INVALID_PARAMETER;
    if (source && !NT_SUCCESS(RtlValidateUnicodeString(0, source)))
        return STATUS_INVALID_PARAMETER;
    size = source ? source->Length : 0;
    if ((flags & terminate) && (size != 0 || (flags & allocate_null)))
        size += sizeof(WCHAR);
    if (size > RTL_UNICODE_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    if (size != 0) {
        buffer = rtl_allocate_string(size);
        if (!buffer)
            return STATUS_NO_MEMORY;
        if (source && source->Length != 0)
            __builtin_memcpy(buffer, source->Buffer, source->Length);
        if (flags & terminate)
            buffer[size / sizeof(WCHAR) - 1] = 0;
    }
    destination->Length = source ? source->Length : 0;
    destination->MaximumLength = (USHORT)size;
    destination->Buffer = buffer;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlDuplicateUnicodeString)

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING string)
{
    if (string->Buffer)
        ExFreePoolWithTag(string->Buffer, 0);
    __builtin_memset(string, 0, sizeof *string);
}
SB_EXPORT(RtlFreeUnicodeString)

VOID NTAPI RtlFreeAnsiString(PANSI_STRING string)
{
    if (string->Buffer)
        ExFreePoolWithTag(string->Buffer, 0);
    __builtin_memset(string, 0, sizeof *string);
}
SB_EXPORT(RtlFreeAnsiString)
SB_EXPORT_AS("RtlFreeUTF8String", RtlFreeAnsiString)

/* Documented not to clear the caller's structure. */
VOID NTAPI RtlFreeOemString(POEM_STRING string)
{
    if (string->Buffer)
        ExFreePoolWithTag(string->Buffer, 0);
}
SB_EXPORT(RtlFreeOemString)

NTSTATUS NTAPI RtlValidateUnicodeString(ULONG flags, PCUNICODE_STRING string)
{
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    if (!string)
        return STATUS_SUCCESS;
    if (string->Length % sizeof(WCHAR) != 0 || string->MaximumLength % sizeof(WCHAR) != 0 ||
        string->Length > string->MaximumLength)
        return STATUS_INVALID_PARAMETER;
    if (!string->Buffer && (string->Length != 0 || string->MaximumLength != 0))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlValidateUnicodeString)
