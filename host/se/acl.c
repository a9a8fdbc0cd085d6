/* Access control lists. */
#include "host/se/rtl_security.h"

enum { INHERIT_FLAGS = 0x1F, AUDIT_FLAGS = 0xC0, CRITICAL_ACE_FLAG = 0x20 };

/* Types whose body is a mask and a SID. */
static BOOLEAN has_plain_body(UCHAR type)
{
    return type <= SYSTEM_ALARM_ACE_TYPE || type == SYSTEM_MANDATORY_LABEL_ACE_TYPE;
}

static BOOLEAN is_ace_valid(PACE_HEADER ace, ULONG room)
{
    const ULONG body = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart);
    if (room < sizeof(ACE_HEADER) || ace->AceSize < sizeof(ACE_HEADER) || ace->AceSize > room ||
        ace->AceSize % sizeof(ULONG))
        return FALSE;
    if (!has_plain_body(ace->AceType))
        return TRUE;
    if (ace->AceSize < body + FIELD_OFFSET(SID, SubAuthority))
        return FALSE;
    return RtlValidSid(se_ace_sid(ace)) && body + RtlLengthSid(se_ace_sid(ace)) <= ace->AceSize;
}

BOOLEAN NTAPI RtlValidAcl(PACL acl)
{
    if (acl->AclRevision < MIN_ACL_REVISION || acl->AclRevision > MAX_ACL_REVISION ||
        acl->AclSize < sizeof(ACL) || acl->AclSize % sizeof(ULONG))
        return FALSE;
    ULONG room = acl->AclSize - sizeof(ACL);
    PACE_HEADER ace = se_ace_first(acl);
    for (USHORT i = 0; i < acl->AceCount; i++) {
        if (!is_ace_valid(ace, room))
            return FALSE;
        room -= ace->AceSize;
        ace = se_ace_next(ace);
    }
    return TRUE;
}
SB_EXPORT(RtlValidAcl)

NTSTATUS NTAPI RtlCreateAcl(PACL acl, ULONG length, ULONG revision)
{
    if (length < sizeof(ACL))
        return STATUS_BUFFER_TOO_SMALL;
    if (revision < MIN_ACL_REVISION || revision > MAX_ACL_REVISION || length > MAXUSHORT)
        return STATUS_INVALID_PARAMETER;
    *acl = (ACL){.AclRevision = (UCHAR)revision,
                 .AclSize = (USHORT)(length & ~(ULONG)(sizeof(ULONG) - 1))};
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCreateAcl)

/* *ace is the end of the used part, NULL when that leaves no room for a header at all. FALSE: the
 * list is malformed. */
BOOLEAN NTAPI RtlFirstFreeAce(PACL acl, PVOID *ace)
{
    PUCHAR end = (PUCHAR)acl + acl->AclSize;
    PUCHAR at = (PUCHAR)se_ace_first(acl);
    *ace = NULL;
    for (USHORT i = 0; i < acl->AceCount; i++) {
        if (at + sizeof(ACE_HEADER) > end)
            return FALSE;
        at += ((PACE_HEADER)at)->AceSize;
    }
    if (at <= end)
        *ace = at;
    return TRUE;
}
SB_EXPORT(RtlFirstFreeAce)

NTSTATUS NTAPI RtlGetAce(PACL acl, ULONG index, PVOID *ace)
{
    if (acl->AclRevision < MIN_ACL_REVISION || acl->AclRevision > MAX_ACL_REVISION ||
        index >= acl->AceCount)
        return STATUS_INVALID_PARAMETER;
    PUCHAR end = (PUCHAR)acl + acl->AclSize;
    PACE_HEADER at = se_ace_first(acl);
    for (ULONG i = 0; i < index && (PUCHAR)at + sizeof(ACE_HEADER) <= end; i++)
        at = se_ace_next(at);
    if ((PUCHAR)at + sizeof(ACE_HEADER) > end)
        return STATUS_INVALID_PARAMETER;
    *ace = at;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetAce)

/* ACEs in a list handed in: 0 with *valid FALSE when they do not fill it exactly. */
static USHORT count_aces(PVOID list, ULONG length, BOOLEAN *valid)
{
    PUCHAR at = list, end = at + length;
    USHORT count = 0;
    while (at + sizeof(ACE_HEADER) <= end && ((PACE_HEADER)at)->AceSize >= sizeof(ACE_HEADER)) {
        at += ((PACE_HEADER)at)->AceSize;
        count++;
    }
    *valid = at == end;
    return count;
}

NTSTATUS NTAPI RtlAddAce(PACL acl, ULONG revision, ULONG index, PVOID list, ULONG length)
{
    PVOID end;
    BOOLEAN valid;
    if (!RtlValidAcl(acl) || !RtlFirstFreeAce(acl, &end))
        return STATUS_INVALID_PARAMETER;
    USHORT count = count_aces(list, length, &valid);
    if (!valid)
        return STATUS_INVALID_PARAMETER;
    if (!end || length > (ULONG)((PUCHAR)acl + acl->AclSize - (PUCHAR)end))
        return STATUS_BUFFER_TOO_SMALL;
    PACE_HEADER at = se_ace_first(acl);
    for (ULONG i = 0; i < index && i < acl->AceCount; i++)
        at = se_ace_next(at);
    RtlMoveMemory((PUCHAR)at + length, at, (SIZE_T)((PUCHAR)end - (PUCHAR)at));
    RtlCopyMemory(at, list, length);
    acl->AceCount += count;
    if (acl->AclRevision < revision)
        acl->AclRevision = (UCHAR)revision;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlAddAce)

NTSTATUS NTAPI RtlDeleteAce(PACL acl, ULONG index)
{
    PVOID end, ace;
    if (!RtlValidAcl(acl) || index >= acl->AceCount || !RtlFirstFreeAce(acl, &end))
        return STATUS_INVALID_PARAMETER;
    RtlGetAce(acl, index, &ace);
    PUCHAR next = (PUCHAR)se_ace_next(ace);
    ULONG removed = ((PACE_HEADER)ace)->AceSize;
    RtlMoveMemory(ace, next, (SIZE_T)((PUCHAR)end - next));
    RtlZeroMemory((PUCHAR)end - removed, removed);
    acl->AceCount--;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlDeleteAce)

static NTSTATUS add_plain(PACL acl, ULONG revision, UCHAR type, ULONG flags, ACCESS_MASK mask,
                          PSID sid)
{
    PVOID end;
    if (!RtlValidSid(sid))
        return STATUS_INVALID_SID;
    if (acl->AclRevision > MAX_ACL_REVISION || revision < MIN_ACL_REVISION ||
        revision > MAX_ACL_REVISION)
        return STATUS_REVISION_MISMATCH;
    if (flags & ~(ULONG)(INHERIT_FLAGS | AUDIT_FLAGS | CRITICAL_ACE_FLAG))
        return STATUS_INVALID_PARAMETER;
    if (!RtlValidAcl(acl) || !RtlFirstFreeAce(acl, &end))
        return STATUS_INVALID_ACL;
    ULONG length = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) + RtlLengthSid(sid);
    if (!end || length > (ULONG)((PUCHAR)acl + acl->AclSize - (PUCHAR)end))
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    PACCESS_ALLOWED_ACE ace = end;
    ace->Header = (ACE_HEADER){type, (UCHAR)flags, (USHORT)length};
    ace->Mask = mask;
    RtlCopySid(RtlLengthSid(sid), &ace->SidStart, sid);
    acl->AceCount++;
    if (acl->AclRevision < revision)
        acl->AclRevision = (UCHAR)revision;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL acl, ULONG revision, ACCESS_MASK mask, PSID sid)
{
    return add_plain(acl, revision, ACCESS_ALLOWED_ACE_TYPE, 0, mask, sid);
}
SB_EXPORT(RtlAddAccessAllowedAce)

NTSTATUS NTAPI RtlAddAccessAllowedAceEx(PACL acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                        PSID sid)
{
    return add_plain(acl, revision, ACCESS_ALLOWED_ACE_TYPE, flags, mask, sid);
}
SB_EXPORT(RtlAddAccessAllowedAceEx)

NTSTATUS NTAPI RtlAddAccessDeniedAce(PACL acl, ULONG revision, ACCESS_MASK mask, PSID sid)
{
    return add_plain(acl, revision, ACCESS_DENIED_ACE_TYPE, 0, mask, sid);
}
SB_EXPORT(RtlAddAccessDeniedAce)

NTSTATUS NTAPI RtlAddAccessDeniedAceEx(PACL acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                       PSID sid)
{
    return add_plain(acl, revision, ACCESS_DENIED_ACE_TYPE, flags, mask, sid);
}
SB_EXPORT(RtlAddAccessDeniedAceEx)

NTSTATUS NTAPI RtlAddAuditAccessAceEx(PACL acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                      PSID sid, BOOLEAN success, BOOLEAN failure)
{
    if (success)
        flags |= SUCCESSFUL_ACCESS_ACE_FLAG;
    if (failure)
        flags |= FAILED_ACCESS_ACE_FLAG;
    return add_plain(acl, revision, SYSTEM_AUDIT_ACE_TYPE, flags, mask, sid);
}
SB_EXPORT(RtlAddAuditAccessAceEx)

NTSTATUS NTAPI RtlAddAuditAccessAce(PACL acl, ULONG revision, ACCESS_MASK mask, PSID sid,
                                    BOOLEAN success, BOOLEAN failure)
{
    return RtlAddAuditAccessAceEx(acl, revision, 0, mask, sid, success, failure);
}
SB_EXPORT(RtlAddAuditAccessAce)

NTSTATUS NTAPI RtlQueryInformationAcl(PACL acl, PVOID information, ULONG length,
                                      ACL_INFORMATION_CLASS class)
{
    PVOID end;
    if (acl->AclRevision < MIN_ACL_REVISION || acl->AclRevision > MAX_ACL_REVISION)
        return STATUS_INVALID_PARAMETER;
    if (class == AclRevisionInformation) {
        if (length < sizeof(ACL_REVISION_INFORMATION))
            return STATUS_BUFFER_TOO_SMALL;
        ((PACL_REVISION_INFORMATION)information)->AclRevision = acl->AclRevision;
        return STATUS_SUCCESS;
    }
    if (class != AclSizeInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (length < sizeof(ACL_SIZE_INFORMATION))
        return STATUS_BUFFER_TOO_SMALL;
    if (!RtlFirstFreeAce(acl, &end))
        return STATUS_INVALID_PARAMETER;
    ULONG used = end ? (ULONG)((PUCHAR)end - (PUCHAR)acl) : acl->AclSize;
    *(PACL_SIZE_INFORMATION)information =
        (ACL_SIZE_INFORMATION){acl->AceCount, used, acl->AclSize - used};
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlQueryInformationAcl)

NTSTATUS NTAPI RtlSetInformationAcl(PACL acl, PVOID information, ULONG length,
                                    ACL_INFORMATION_CLASS class)
{
    PACL_REVISION_INFORMATION revision = information;
    if (acl->AclRevision < MIN_ACL_REVISION || acl->AclRevision > MAX_ACL_REVISION)
        return STATUS_INVALID_PARAMETER;
    if (class != AclRevisionInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (length < sizeof(*revision))
        return STATUS_BUFFER_TOO_SMALL;
    if (revision->AclRevision > MAX_ACL_REVISION || revision->AclRevision < acl->AclRevision)
        return STATUS_INVALID_PARAMETER;
    acl->AclRevision = (UCHAR)revision->AclRevision;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSetInformationAcl)

/* *index: where to begin, and where it was found. */
PVOID NTAPI RtlFindAceByType(PACL acl, UCHAR type, PULONG index)
{
    PACE_HEADER ace = se_ace_first(acl);
    ULONG first = index ? *index : 0;
    for (ULONG i = 0; i < acl->AceCount; i++, ace = se_ace_next(ace)) {
        if (i < first || ace->AceType != type)
            continue;
        if (index)
            *index = i;
        return ace;
    }
    return NULL;
}
SB_EXPORT(RtlFindAceByType)

/* Whether an OWNER RIGHTS ACE (S-1-3-4) replaces the owner's implied rights. */
BOOLEAN NTAPI RtlOwnerAcesPresent(PACL acl)
{
    static const SID owner_rights = {SID_REVISION, 1, {SECURITY_CREATOR_SID_AUTHORITY}, {4}};
    PACE_HEADER ace = se_ace_first(acl);
    for (USHORT i = 0; i < acl->AceCount; i++, ace = se_ace_next(ace))
        if (ace->AceType <= ACCESS_DENIED_ACE_TYPE && !(ace->AceFlags & INHERIT_ONLY_ACE) &&
            RtlEqualSid(se_ace_sid(ace), (PSID)&owner_rights))
            return TRUE;
    return FALSE;
}
SB_EXPORT(RtlOwnerAcesPresent)
