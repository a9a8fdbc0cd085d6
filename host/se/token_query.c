/* What a token tells of itself. */
#include "host/se/se.h"

/* A buffer being filled: needed grows even when it is too small to write to. */
struct answer {
    PUCHAR buffer;
    ULONG room, needed;
};

/* Room for size bytes at the end, or NULL when the buffer is too small by now. */
static void *reserve(struct answer *answer, ULONG size)
{
    ULONG at = (answer->needed + 3) & ~3u;
    answer->needed = at + size;
    return answer->needed <= answer->room ? answer->buffer + at : NULL;
}

static PSID put_sid(struct answer *answer, const struct se_group *group)
{
    ULONG length = RtlLengthSid((PSID)&group->sid);
    void *at = reserve(answer, length);
    if (at)
        RtlCopyMemory(at, &group->sid, length);
    return at;
}

static void put_user(const struct token *token, struct answer *answer)
{
    PSID_AND_ATTRIBUTES user = reserve(answer, sizeof(*user));
    PSID sid = put_sid(answer, &token->groups[0]);
    if (sid)
        *user = (SID_AND_ATTRIBUTES){sid, 0};
}

static BOOLEAN is_logon(const struct se_group *group)
{
    return (group->attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID;
}

/* All groups but the user; only the logon session's when logon_only. */
static void put_groups(const struct token *token, BOOLEAN logon_only, struct answer *answer)
{
    ULONG count = 0, at = 0;
    for (ULONG i = 1; i < token->group_count; i++)
        count += !logon_only || is_logon(&token->groups[i]);
    PTOKEN_GROUPS groups =
        reserve(answer, FIELD_OFFSET(TOKEN_GROUPS, Groups) + count * sizeof(SID_AND_ATTRIBUTES));
    for (ULONG i = 1; i < token->group_count; i++) {
        if (logon_only && !is_logon(&token->groups[i]))
            continue;
        PSID sid = put_sid(answer, &token->groups[i]);
        if (sid)
            groups->Groups[at++] = (SID_AND_ATTRIBUTES){sid, token->groups[i].attributes};
    }
    if (groups)
        groups->GroupCount = count;
}

static void put_privileges(const struct token *token, struct answer *answer)
{
    ULONG bytes = token->privilege_count * sizeof(LUID_AND_ATTRIBUTES);
    PTOKEN_PRIVILEGES privileges =
        reserve(answer, FIELD_OFFSET(TOKEN_PRIVILEGES, Privileges) + bytes);
    if (!privileges)
        return;
    privileges->PrivilegeCount = token->privilege_count;
    RtlCopyMemory(privileges->Privileges, token->privileges, bytes);
}

/* TOKEN_OWNER, TOKEN_PRIMARY_GROUP: one pointer. */
static void put_one_sid(const struct se_group *group, struct answer *answer)
{
    PSID *pointer = reserve(answer, sizeof(*pointer));
    PSID sid = put_sid(answer, group);
    if (sid)
        *pointer = sid;
}

static void put_label(const struct token *token, struct answer *answer)
{
    PSID_AND_ATTRIBUTES label = reserve(answer, sizeof(*label));
    PSID sid = put_sid(answer, &token->groups[token->label]);
    if (sid)
        *label = (SID_AND_ATTRIBUTES){sid, token->groups[token->label].attributes};
}

static void put_default_dacl(const struct token *token, struct answer *answer)
{
    PTOKEN_DEFAULT_DACL dacl = reserve(answer, sizeof(*dacl));
    PACL copy = NULL;
    if (token->has_default_dacl) {
        copy = reserve(answer, token->default_dacl.acl.AclSize);
        if (copy)
            RtlCopyMemory(copy, &token->default_dacl, token->default_dacl.acl.AclSize);
    }
    if (dacl)
        dacl->DefaultDacl = copy;
}

static void put_statistics(const struct token *token, struct answer *answer)
{
    PTOKEN_STATISTICS statistics = reserve(answer, sizeof(*statistics));
    if (!statistics)
        return;
    ULONG used = token->has_default_dacl ? token->default_dacl.acl.AclSize : 0;
    RtlZeroMemory(statistics, sizeof(*statistics));
    statistics->TokenId = token->id;
    statistics->AuthenticationId = token->authentication_id;
    statistics->ExpirationTime.QuadPart = MAXLONGLONG;
    statistics->TokenType = token->type;
    statistics->ImpersonationLevel = token->level;
    statistics->DynamicCharged = SE_DYNAMIC_BYTES;
    statistics->DynamicAvailable = SE_DYNAMIC_BYTES - used;
    statistics->GroupCount = token->group_count - 1;
    statistics->PrivilegeCount = token->privilege_count;
    statistics->ModifiedId = token->modified_id;
}

static void put_bytes(const void *bytes, ULONG length, struct answer *answer)
{
    void *at = reserve(answer, length);
    if (at)
        RtlCopyMemory(at, bytes, length);
}

static void put_number(ULONG value, struct answer *answer)
{
    put_bytes(&value, sizeof(value), answer);
}

static BOOLEAN is_elevated(const struct token *token)
{
    return se_token_has_sid(token, se_sid(SE_SID_ADMINISTRATORS), FALSE);
}

static NTSTATUS put_class(const struct token *token, TOKEN_INFORMATION_CLASS class,
                          struct answer *answer)
{
    switch (class) {
    case TokenUser:
        put_user(token, answer);
        break;
    case TokenGroups:
        put_groups(token, FALSE, answer);
        break;
    case TokenLogonSid:
        put_groups(token, TRUE, answer);
        break;
    case TokenPrivileges:
        put_privileges(token, answer);
        break;
    case TokenOwner:
        put_one_sid(&token->groups[token->owner], answer);
        break;
    case TokenPrimaryGroup:
        put_one_sid(&token->groups[token->primary_group], answer);
        break;
    case TokenIntegrityLevel:
        put_label(token, answer);
        break;
    case TokenDefaultDacl:
        put_default_dacl(token, answer);
        break;
    case TokenSource:
        put_bytes(&token->source, sizeof(token->source), answer);
        break;
    case TokenStatistics:
        put_statistics(token, answer);
        break;
    case TokenType:
        put_number(token->type, answer);
        break;
    case TokenImpersonationLevel:
        if (token->type != TokenImpersonation)
            return STATUS_INVALID_PARAMETER;
        put_number(token->level, answer);
        break;
    case TokenSessionId:
        put_number(token->session_id, answer);
        break;
    case TokenRestrictedSids: /* an empty TOKEN_GROUPS */
        put_number(0, answer);
        break;
    case TokenElevation:
        put_number(is_elevated(token), answer);
        break;
    case TokenElevationType: /* no token of the host has a linked one */
        put_number(1, answer);
        break;
    case TokenHasRestrictions:
    case TokenSandBoxInert:
    case TokenVirtualizationAllowed:
    case TokenVirtualizationEnabled:
    case TokenUIAccess:
        put_number(0, answer);
        break;
    case TokenMandatoryPolicy:
        put_number(TOKEN_MANDATORY_POLICY_VALID_MASK, answer);
        break;
    case TokenOrigin:
        put_bytes(&token->origin, sizeof(token->origin), answer);
        break;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    return STATUS_SUCCESS;
}

/* A consistent copy; the answer's pointers point into the answer. */
static NTSTATUS query(struct token *token, TOKEN_INFORMATION_CLASS class, struct answer *answer)
{
    struct token *copy = ExAllocatePoolWithTag(PagedPool, sizeof(*copy), SE_TOKEN_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    linux_lock(&token->lock);
    *copy = *token;
    linux_unlock(&token->lock);
    NTSTATUS status = put_class(copy, class, answer);
    ExFreePoolWithTag(copy, SE_TOKEN_TAG);
    return status;
}

/* Some classes are given as the number itself, not as a buffer. */
static BOOLEAN query_direct(struct token *token, TOKEN_INFORMATION_CLASS class, PVOID *information)
{
    switch (class) {
    case TokenSessionId:
        *(PULONG)information = token->session_id;
        return TRUE;
    case TokenIntegrityLevel:
        *(PULONG)information = se_token_integrity(token);
        return TRUE;
    default:
        return FALSE;
    }
}

NTSTATUS NTAPI SeQueryInformationToken(PACCESS_TOKEN token, TOKEN_INFORMATION_CLASS class,
                                       PVOID *information)
{
    struct answer answer = {0};
    if (query_direct(token, class, information))
        return STATUS_SUCCESS;
    NTSTATUS status = query(token, class, &answer);
    while (NT_SUCCESS(status) && answer.needed > answer.room) {
        if (answer.buffer)
            ExFreePoolWithTag(answer.buffer, SE_TOKEN_TAG);
        answer.room = answer.needed;
        answer.needed = 0;
        answer.buffer = ExAllocatePoolWithTag(PagedPool, answer.room, SE_TOKEN_TAG);
        if (!answer.buffer)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = query(token, class, &answer);
    }
    if (NT_SUCCESS(status))
        *information = answer.buffer;
    else if (answer.buffer)
        ExFreePoolWithTag(answer.buffer, SE_TOKEN_TAG);
    return status;
}
SB_EXPORT(SeQueryInformationToken)

static NTSTATUS query_handle(HANDLE handle, TOKEN_INFORMATION_CLASS class, PVOID information,
                             ULONG length, PULONG needed, KPROCESSOR_MODE mode)
{
    struct token *token;
    ACCESS_MASK access = class == TokenSource ? TOKEN_QUERY_SOURCE : TOKEN_QUERY;
    if (class < TokenUser || class >= MaxTokenInfoClass)
        return STATUS_INVALID_INFO_CLASS;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, access, &se_token_type, mode, (PVOID *)&token, NULL);
    if (!NT_SUCCESS(status))
        return status;
    struct answer answer = {information, information ? length : 0, 0};
    status = query(token, class, &answer);
    ob_dereference(token);
    if (!NT_SUCCESS(status))
        return status;
    *needed = answer.needed;
    if (answer.needed <= answer.room)
        return STATUS_SUCCESS;
    /* Classes of one fixed size refuse a wrong length, the others tell the right one. */
    return class == TokenElevationType || class == TokenSessionId || class == TokenSandBoxInert
               ? STATUS_INFO_LENGTH_MISMATCH
               : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS NTAPI ZwQueryInformationToken(HANDLE handle, TOKEN_INFORMATION_CLASS class,
                                       PVOID information, ULONG length, PULONG needed)
{
    return query_handle(handle, class, information, length, needed, KernelMode);
}
SB_EXPORT(ZwQueryInformationToken)

NTSTATUS NTAPI NtQueryInformationToken(HANDLE handle, TOKEN_INFORMATION_CLASS class,
                                       PVOID information, ULONG length, PULONG needed)
{
    return query_handle(handle, class, information, length, needed,
                        current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtQueryInformationToken)
