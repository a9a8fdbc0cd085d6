/* Security identifiers. */
#include "host/se/rtl_security.h"

enum { SUB_AUTHORITIES_MAXIMUM = 15, SID_TEXT_MAXIMUM = 192 };

static ULONG sid_length(ULONG count)
{
    return FIELD_OFFSET(SID, SubAuthority) + count * sizeof(ULONG);
}

ULONG NTAPI RtlLengthRequiredSid(ULONG count)
{
    return sid_length(count);
}
SB_EXPORT(RtlLengthRequiredSid)

ULONG NTAPI RtlLengthSid(PSID sid)
{
    return sid_length(((PISID)sid)->SubAuthorityCount);
}
SB_EXPORT(RtlLengthSid)

BOOLEAN NTAPI RtlValidSid(PSID sid)
{
    PISID body = sid;
    return body && (body->Revision & 0x0F) == SID_REVISION &&
           body->SubAuthorityCount <= SUB_AUTHORITIES_MAXIMUM;
}
SB_EXPORT(RtlValidSid)

BOOLEAN NTAPI RtlEqualSid(PSID first, PSID second)
{
    PISID a = first, b = second;
    return a->Revision == b->Revision && a->SubAuthorityCount == b->SubAuthorityCount &&
           __builtin_memcmp(a, b, RtlLengthSid(a)) == 0;
}
SB_EXPORT(RtlEqualSid)

BOOLEAN NTAPI RtlEqualPrefixSid(PSID first, PSID second)
{
    PISID a = first, b = second;
    if (a->Revision != b->Revision || a->SubAuthorityCount != b->SubAuthorityCount)
        return FALSE;
    ULONG compared = a->SubAuthorityCount ? sid_length(a->SubAuthorityCount - 1u) : sid_length(0);
    return __builtin_memcmp(a, b, compared) == 0;
}
SB_EXPORT(RtlEqualPrefixSid)

NTSTATUS NTAPI RtlInitializeSid(PSID sid, PSID_IDENTIFIER_AUTHORITY authority, UCHAR count)
{
    PISID body = sid;
    if (count > SUB_AUTHORITIES_MAXIMUM)
        return STATUS_INVALID_PARAMETER;
    body->Revision = SID_REVISION;
    body->SubAuthorityCount = count;
    body->IdentifierAuthority = *authority;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlInitializeSid)

NTSTATUS __attribute__((ms_abi))
RtlInitializeSidEx(PSID sid, PSID_IDENTIFIER_AUTHORITY authority, ULONG count, ...)
{
    NTSTATUS status = RtlInitializeSid(sid, authority, (UCHAR)count);
    if (!NT_SUCCESS(status))
        return status;
    __builtin_ms_va_list values;
    __builtin_ms_va_start(values, count);
    for (UCHAR i = 0; i < (UCHAR)count; i++)
        ((PISID)sid)->SubAuthority[i] = __builtin_va_arg(values, ULONG);
    __builtin_ms_va_end(values);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlInitializeSidEx)

PULONG NTAPI RtlSubAuthoritySid(PSID sid, ULONG index)
{
    return (PULONG)((PUCHAR)sid + sid_length(index));
}
SB_EXPORT(RtlSubAuthoritySid)

PUCHAR NTAPI RtlSubAuthorityCountSid(PSID sid)
{
    return &((PISID)sid)->SubAuthorityCount;
}
SB_EXPORT(RtlSubAuthorityCountSid)

PSID_IDENTIFIER_AUTHORITY NTAPI RtlIdentifierAuthoritySid(PSID sid)
{
    return &((PISID)sid)->IdentifierAuthority;
}
SB_EXPORT(RtlIdentifierAuthoritySid)

NTSTATUS NTAPI RtlCopySid(ULONG length, PSID target, PSID source)
{
    ULONG needed = RtlLengthSid(source);
    if (needed > length)
        return STATUS_BUFFER_TOO_SMALL;
    RtlMoveMemory(target, source, needed);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCopySid)

NTSTATUS NTAPI RtlAllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY authority, UCHAR count,
                                           ULONG s0, ULONG s1, ULONG s2, ULONG s3, ULONG s4,
                                           ULONG s5, ULONG s6, ULONG s7, PSID *sid)
{
    const ULONG values[] = {s0, s1, s2, s3, s4, s5, s6, s7};
    if (count > RTL_NUMBER_OF(values))
        return STATUS_INVALID_SID;
    PISID body = ExAllocatePoolWithTag(PagedPool, sid_length(count), SE_SID_TAG);
    if (!body)
        return STATUS_NO_MEMORY;
    RtlInitializeSid(body, authority, count);
    __builtin_memcpy(body->SubAuthority, values, count * sizeof(ULONG));
    *sid = body;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlAllocateAndInitializeSid)

/* Always NULL: it cannot fail. */
PVOID NTAPI RtlFreeSid(PSID sid)
{
    ExFreePoolWithTag(sid, SE_SID_TAG);
    return NULL;
}
SB_EXPORT(RtlFreeSid)

static ULONG put_number(PWSTR text, ULONGLONG value, ULONG base, ULONG width)
{
    static const CHAR digits[] = "0123456789ABCDEF";
    WCHAR reversed[20];
    ULONG count = 0;
    do {
        reversed[count++] = (WCHAR)digits[value % base];
        value /= base;
    } while (value || count < width);
    for (ULONG i = 0; i < count; i++)
        text[i] = reversed[count - 1 - i];
    return count;
}

/* "S-1-5-32-544" with its terminator; an authority of more than 32 bits is written in hex. */
static USHORT sid_text(PISID sid, WCHAR text[SID_TEXT_MAXIMUM])
{
    ULONGLONG authority = 0;
    for (int i = 0; i < 6; i++)
        authority = authority << 8 | sid->IdentifierAuthority.Value[i];
    ULONG at = 0;
    text[at++] = 'S';
    text[at++] = '-';
    at += put_number(text + at, sid->Revision, 10, 1);
    text[at++] = '-';
    if (authority >> 32) {
        text[at++] = '0';
        text[at++] = 'x';
        at += put_number(text + at, authority, 16, 1);
    } else {
        at += put_number(text + at, authority, 10, 1);
    }
    for (UCHAR i = 0; i < sid->SubAuthorityCount; i++) {
        text[at++] = '-';
        at += put_number(text + at, sid->SubAuthority[i], 10, 1);
    }
    text[at] = 0;
    return (USHORT)(at * sizeof(WCHAR));
}

NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING string, PSID sid, BOOLEAN allocate)
{
    WCHAR text[SID_TEXT_MAXIMUM];
    if (!RtlValidSid(sid))
        return STATUS_INVALID_SID;
    UNICODE_STRING source = {.Buffer = text, .Length = sid_text(sid, text)};
    source.MaximumLength = source.Length + sizeof(WCHAR);
    if (allocate) {
        PWSTR buffer = ExAllocatePoolWithTag(PagedPool, source.MaximumLength, SE_SID_TAG);
        if (!buffer)
            return STATUS_NO_MEMORY;
        string->Buffer = buffer;
        string->MaximumLength = source.MaximumLength;
    } else if (source.Length > string->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    ULONG copied =
        source.MaximumLength <= string->MaximumLength ? source.MaximumLength : source.Length;
    RtlCopyMemory(string->Buffer, text, copied);
    string->Length = source.Length;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlConvertSidToUnicodeString)

NTSTATUS NTAPI RtlCopySidAndAttributesArray(ULONG count, PSID_AND_ATTRIBUTES source, ULONG room,
                                            PSID_AND_ATTRIBUTES target, PSID next_sid, PSID *end,
                                            PULONG left)
{
    PUCHAR at = next_sid;
    for (ULONG i = 0; i < count; i++) {
        ULONG length = RtlLengthSid(source[i].Sid);
        if (length > room)
            return STATUS_BUFFER_TOO_SMALL;
        room -= length;
        target[i].Sid = (PSID)at;
        target[i].Attributes = source[i].Attributes;
        RtlCopyMemory(at, source[i].Sid, length);
        at += length;
    }
    *end = (PSID)at;
    *left = room;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCopySidAndAttributesArray)

#undef RtlCopyLuid
VOID NTAPI RtlCopyLuid(PLUID target, PLUID source)
{
    *target = *source;
}
SB_EXPORT(RtlCopyLuid)

#undef RtlEqualLuid
BOOLEAN NTAPI RtlEqualLuid(PLUID first, PLUID second)
{
    return first->LowPart == second->LowPart && first->HighPart == second->HighPart;
}
SB_EXPORT(RtlEqualLuid)

VOID NTAPI RtlMapGenericMask(PACCESS_MASK mask, PGENERIC_MAPPING mapping)
{
    if (*mask & GENERIC_READ)
        *mask |= mapping->GenericRead;
    if (*mask & GENERIC_WRITE)
        *mask |= mapping->GenericWrite;
    if (*mask & GENERIC_EXECUTE)
        *mask |= mapping->GenericExecute;
    if (*mask & GENERIC_ALL)
        *mask |= mapping->GenericAll;
    *mask &= ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}
SB_EXPORT(RtlMapGenericMask)

#undef RtlAreAllAccessesGranted
BOOLEAN NTAPI RtlAreAllAccessesGranted(ACCESS_MASK granted, ACCESS_MASK desired)
{
    return (~granted & desired) == 0;
}
SB_EXPORT(RtlAreAllAccessesGranted)

#undef RtlAreAnyAccessesGranted
BOOLEAN NTAPI RtlAreAnyAccessesGranted(ACCESS_MASK granted, ACCESS_MASK desired)
{
    return (granted & desired) != 0;
}
SB_EXPORT(RtlAreAnyAccessesGranted)
