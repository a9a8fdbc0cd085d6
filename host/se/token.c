/* Token objects: how the host's own processes get them, copies, membership. */
#include "host/se/se.h"

OBJECT_TYPE se_token_type = {
    .self = &se_token_type,
    .name = RTL_CONSTANT_STRING(L"Token"),
    .mapping = {TOKEN_READ, TOKEN_WRITE, TOKEN_EXECUTE | TOKEN_IMPERSONATE, TOKEN_ALL_ACCESS},
    .valid_access = TOKEN_ALL_ACCESS};

enum {
    GROUP_ON = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED,
    PRIVILEGE_ON = SE_PRIVILEGE_ENABLED | SE_PRIVILEGE_ENABLED_BY_DEFAULT,
    GROUP_LABEL = SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED,
};

struct group_template {
    enum se_well_known sid;
    ULONG attributes;
};
struct privilege_template {
    ULONG number, attributes;
};
struct token_template {
    const struct group_template *groups; /* the user first */
    const struct privilege_template *privileges;
    ULONG group_count, privilege_count;
    ULONG owner, primary_group, label;
    ULONG session_id;
    LUID authentication_id;
    CHAR source[TOKEN_SOURCE_LENGTH];
};

static const struct group_template system_groups[] = {
    {SE_SID_LOCAL_SYSTEM, 0},
    {SE_SID_ADMINISTRATORS, SE_GROUP_OWNER | SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT},
    {SE_SID_WORLD, GROUP_ON},
    {SE_SID_AUTHENTICATED_USERS, GROUP_ON},
    {SE_SID_SYSTEM_LABEL, GROUP_LABEL},
};
static const struct group_template administrator_groups[] = {
    {SE_SID_ADMINISTRATOR_ACCOUNT, 0},
    {SE_SID_ACCOUNTS_GROUP, GROUP_ON},
    {SE_SID_WORLD, GROUP_ON},
    {SE_SID_ADMINISTRATORS, GROUP_ON | SE_GROUP_OWNER},
    {SE_SID_USERS, GROUP_ON},
    {SE_SID_INTERACTIVE, GROUP_ON},
    {SE_SID_AUTHENTICATED_USERS, GROUP_ON},
    {SE_SID_LOGON, GROUP_ON | SE_GROUP_LOGON_ID},
    {SE_SID_LOCAL, GROUP_ON},
    {SE_SID_HIGH_LABEL, GROUP_LABEL},
};
static const struct group_template user_groups[] = {
    {SE_SID_USER_ACCOUNT, 0},
    {SE_SID_ACCOUNTS_GROUP, GROUP_ON},
    {SE_SID_WORLD, GROUP_ON},
    {SE_SID_USERS, GROUP_ON},
    {SE_SID_INTERACTIVE, GROUP_ON},
    {SE_SID_AUTHENTICATED_USERS, GROUP_ON},
    {SE_SID_LOGON, GROUP_ON | SE_GROUP_LOGON_ID},
    {SE_SID_LOCAL, GROUP_ON},
    {SE_SID_MEDIUM_LABEL, GROUP_LABEL},
};

static const struct privilege_template system_privileges[] = {
    {SE_CREATE_TOKEN_PRIVILEGE, 0},
    {SE_ASSIGNPRIMARYTOKEN_PRIVILEGE, 0},
    {SE_LOCK_MEMORY_PRIVILEGE, PRIVILEGE_ON},
    {SE_INCREASE_QUOTA_PRIVILEGE, 0},
    {SE_TCB_PRIVILEGE, PRIVILEGE_ON},
    {SE_SECURITY_PRIVILEGE, 0},
    {SE_TAKE_OWNERSHIP_PRIVILEGE, 0},
    {SE_LOAD_DRIVER_PRIVILEGE, 0},
    {SE_SYSTEM_PROFILE_PRIVILEGE, PRIVILEGE_ON},
    {SE_SYSTEMTIME_PRIVILEGE, 0},
    {SE_PROF_SINGLE_PROCESS_PRIVILEGE, PRIVILEGE_ON},
    {SE_INC_BASE_PRIORITY_PRIVILEGE, PRIVILEGE_ON},
    {SE_CREATE_PAGEFILE_PRIVILEGE, PRIVILEGE_ON},
    {SE_CREATE_PERMANENT_PRIVILEGE, PRIVILEGE_ON},
    {SE_BACKUP_PRIVILEGE, 0},
    {SE_RESTORE_PRIVILEGE, 0},
    {SE_SHUTDOWN_PRIVILEGE, 0},
    {SE_DEBUG_PRIVILEGE, PRIVILEGE_ON},
    {SE_AUDIT_PRIVILEGE, PRIVILEGE_ON},
    {SE_SYSTEM_ENVIRONMENT_PRIVILEGE, 0},
    {SE_CHANGE_NOTIFY_PRIVILEGE, PRIVILEGE_ON},
    {SE_UNDOCK_PRIVILEGE, 0},
    {SE_MANAGE_VOLUME_PRIVILEGE, 0},
    {SE_IMPERSONATE_PRIVILEGE, PRIVILEGE_ON},
    {SE_CREATE_GLOBAL_PRIVILEGE, PRIVILEGE_ON},
    {SE_INC_WORKING_SET_PRIVILEGE, PRIVILEGE_ON},
    {SE_TIME_ZONE_PRIVILEGE, PRIVILEGE_ON},
    {SE_CREATE_SYMBOLIC_LINK_PRIVILEGE, PRIVILEGE_ON},
};
static const struct privilege_template administrator_privileges[] = {
    {SE_INCREASE_QUOTA_PRIVILEGE, 0},
    {SE_SECURITY_PRIVILEGE, 0},
    {SE_TAKE_OWNERSHIP_PRIVILEGE, 0},
    {SE_LOAD_DRIVER_PRIVILEGE, 0},
    {SE_SYSTEM_PROFILE_PRIVILEGE, 0},
    {SE_SYSTEMTIME_PRIVILEGE, 0},
    {SE_PROF_SINGLE_PROCESS_PRIVILEGE, 0},
    {SE_INC_BASE_PRIORITY_PRIVILEGE, 0},
    {SE_CREATE_PAGEFILE_PRIVILEGE, 0},
    {SE_BACKUP_PRIVILEGE, 0},
    {SE_RESTORE_PRIVILEGE, 0},
    {SE_SHUTDOWN_PRIVILEGE, 0},
    {SE_DEBUG_PRIVILEGE, 0},
    {SE_SYSTEM_ENVIRONMENT_PRIVILEGE, 0},
    {SE_CHANGE_NOTIFY_PRIVILEGE, PRIVILEGE_ON},
    {SE_REMOTE_SHUTDOWN_PRIVILEGE, 0},
    {SE_UNDOCK_PRIVILEGE, 0},
    {SE_MANAGE_VOLUME_PRIVILEGE, 0},
    {SE_IMPERSONATE_PRIVILEGE, PRIVILEGE_ON},
    {SE_CREATE_GLOBAL_PRIVILEGE, PRIVILEGE_ON},
    {SE_INC_WORKING_SET_PRIVILEGE, 0},
    {SE_TIME_ZONE_PRIVILEGE, 0},
    {SE_CREATE_SYMBOLIC_LINK_PRIVILEGE, 0},
};
static const struct privilege_template user_privileges[] = {
    {SE_SHUTDOWN_PRIVILEGE, 0},  {SE_CHANGE_NOTIFY_PRIVILEGE, PRIVILEGE_ON},
    {SE_UNDOCK_PRIVILEGE, 0},    {SE_INC_WORKING_SET_PRIVILEGE, 0},
    {SE_TIME_ZONE_PRIVILEGE, 0},
};

#define GROUPS(array)     .groups = (array), .group_count = RTL_NUMBER_OF(array)
#define PRIVILEGES(array) .privileges = (array), .privilege_count = RTL_NUMBER_OF(array)

static const struct token_template templates[] = {
    [SE_TOKEN_SYSTEM] = {GROUPS(system_groups), PRIVILEGES(system_privileges), .owner = 1,
                         .primary_group = 0, .label = 4, .session_id = 0,
                         .authentication_id = {0x3E7, 0}, .source = "*SYSTEM*"},
    [SE_TOKEN_ADMINISTRATOR] = {GROUPS(administrator_groups), PRIVILEGES(administrator_privileges),
                                .owner = 3, .primary_group = 1, .label = 9, .session_id = 1,
                                .authentication_id = {0xA1C0, 0}, .source = "User32 "},
    [SE_TOKEN_USER] = {GROUPS(user_groups), PRIVILEGES(user_privileges), .owner = 0,
                       .primary_group = 1, .label = 8, .session_id = 1,
                       .authentication_id = {0xA1C1, 0}, .source = "User32 "},
};

LUID se_luid_allocate(struct machine *machine)
{
    uint64_t value = __atomic_add_fetch(&machine->se->last_luid, 1, __ATOMIC_RELAXED);
    return (LUID){(ULONG)value, (LONG)(value >> 32)};
}

static void fill_groups(struct token *token, const struct token_template *template)
{
    token->group_count = template->group_count;
    for (ULONG i = 0; i < template->group_count; i++) {
        PSID sid = se_sid(template->groups[i].sid);
        RtlCopySid(SE_SID_MAXIMUM, &token->groups[i].sid, sid);
        token->groups[i].attributes = template->groups[i].attributes;
    }
    token->owner = template->owner;
    token->primary_group = template->primary_group;
    token->label = template->label;
}

static void fill_privileges(struct token *token, const struct token_template *template)
{
    token->privilege_count = template->privilege_count;
    for (ULONG i = 0; i < template->privilege_count; i++) {
        token->privileges[i].Luid = (LUID){template->privileges[i].number, 0};
        token->privileges[i].Attributes = template->privileges[i].attributes;
    }
}

/* What the token's own new objects allow: everything to their owner and to the system. */
static void fill_default_dacl(struct token *token)
{
    PACL acl = &token->default_dacl.acl;
    RtlCreateAcl(acl, SE_DYNAMIC_BYTES, ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, &token->groups[token->owner].sid);
    if (!RtlEqualSid(&token->groups[token->owner].sid, se_sid(SE_SID_LOCAL_SYSTEM)))
        RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, se_sid(SE_SID_LOCAL_SYSTEM));
    PVOID end;
    RtlFirstFreeAce(acl, &end);
    acl->AclSize = (USHORT)((PUCHAR)end - (PUCHAR)acl);
    token->has_default_dacl = TRUE;
}

NTSTATUS se_token_create(struct machine *machine, enum se_token_kind kind, struct token **created)
{
    const struct token_template *template = &templates[kind];
    struct token *token;
    NTSTATUS status = ob_allocate(machine, &se_token_type, sizeof(*token), (void **)&token);
    if (!NT_SUCCESS(status))
        return status;
    token->type = TokenPrimary;
    token->level = SecurityAnonymous;
    token->id = se_luid_allocate(machine);
    token->modified_id = se_luid_allocate(machine);
    token->authentication_id = template->authentication_id;
    token->origin = (LUID){kind == SE_TOKEN_SYSTEM ? 0 : 0x3E7, 0};
    token->session_id = template->session_id;
    __builtin_memcpy(token->source.SourceName, template->source, TOKEN_SOURCE_LENGTH);
    fill_groups(token, template);
    fill_privileges(token, template);
    fill_default_dacl(token);
    *created = token;
    return STATUS_SUCCESS;
}

/* Drops what is not enabled, as a client that allows only its effective rights wants. */
static void keep_effective(struct token *token)
{
    ULONG kept = 0;
    for (ULONG i = 0; i < token->privilege_count; i++)
        if (token->privileges[i].Attributes & SE_PRIVILEGE_ENABLED)
            token->privileges[kept++] = token->privileges[i];
    token->privilege_count = kept;
}

NTSTATUS se_token_duplicate(const struct token *from, TOKEN_TYPE type,
                            SECURITY_IMPERSONATION_LEVEL level, BOOLEAN effective_only,
                            struct token **created)
{
    struct machine *machine = object_header_of(from)->machine;
    struct token *token;
    NTSTATUS status = ob_allocate(machine, &se_token_type, sizeof(*token), (void **)&token);
    if (!NT_SUCCESS(status))
        return status;
    linux_lock((struct linux_lock *)&from->lock);
    *token = *from;
    linux_unlock((struct linux_lock *)&from->lock);
    token->lock = (struct linux_lock){0};
    token->readers = 0;
    token->type = type;
    token->level = level;
    token->id = se_luid_allocate(machine);
    if (effective_only)
        keep_effective(token);
    *created = token;
    return STATUS_SUCCESS;
}

BOOLEAN se_token_has_sid(const struct token *token, PSID sid, BOOLEAN for_deny)
{
    for (ULONG i = 0; i < token->group_count; i++) {
        const struct se_group *group = &token->groups[i];
        if (i == token->label || !RtlEqualSid((PSID)&group->sid, sid))
            continue;
        if (group->attributes & SE_GROUP_USE_FOR_DENY_ONLY)
            return for_deny;
        return i == 0 || (group->attributes & SE_GROUP_ENABLED);
    }
    return FALSE;
}

BOOLEAN se_token_has_privilege(struct token *token, LUID privilege)
{
    BOOLEAN held = FALSE;
    linux_lock(&token->lock);
    for (ULONG i = 0; i < token->privilege_count && !held; i++)
        held = RtlEqualLuid(&token->privileges[i].Luid, &privilege) &&
               (token->privileges[i].Attributes & SE_PRIVILEGE_ENABLED);
    linux_unlock(&token->lock);
    return held;
}

ULONG se_token_integrity(const struct token *token)
{
    PSID sid = (PSID)&token->groups[token->label].sid;
    return *RtlSubAuthoritySid(sid, 0);
}

BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN token)
{
    return se_token_has_sid(token, se_sid(SE_SID_ADMINISTRATORS), FALSE);
}
SB_EXPORT(SeTokenIsAdmin)

/* The host makes no restricted tokens. */
BOOLEAN NTAPI SeTokenIsRestricted(PACCESS_TOKEN token)
{
    return se_token_has_sid(token, se_sid(SE_SID_RESTRICTED), FALSE);
}
SB_EXPORT(SeTokenIsRestricted)

BOOLEAN NTAPI SeTokenIsWriteRestricted(PACCESS_TOKEN token)
{
    return SeTokenIsRestricted(token);
}
SB_EXPORT(SeTokenIsWriteRestricted)

TOKEN_TYPE NTAPI SeTokenType(PACCESS_TOKEN token)
{
    return ((struct token *)token)->type;
}
SB_EXPORT(SeTokenType)

SECURITY_IMPERSONATION_LEVEL NTAPI SeTokenImpersonationLevel(PACCESS_TOKEN token)
{
    return ((struct token *)token)->level;
}
SB_EXPORT(SeTokenImpersonationLevel)

NTSTATUS NTAPI SeQueryAuthenticationIdToken(PACCESS_TOKEN token, PLUID id)
{
    *id = ((struct token *)token)->authentication_id;
    return STATUS_SUCCESS;
}
SB_EXPORT(SeQueryAuthenticationIdToken)

NTSTATUS NTAPI SeQuerySessionIdToken(PACCESS_TOKEN token, PULONG session_id)
{
    *session_id = ((struct token *)token)->session_id;
    return STATUS_SUCCESS;
}
SB_EXPORT(SeQuerySessionIdToken)

NTSTATUS NTAPI ZwAllocateLocallyUniqueId(PLUID luid)
{
    *luid = se_luid_allocate(current_machine());
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwAllocateLocallyUniqueId)
SB_EXPORT_AS("NtAllocateLocallyUniqueId", ZwAllocateLocallyUniqueId)
SB_EXPORT_AS("ExAllocateLocallyUniqueId", ZwAllocateLocallyUniqueId)
