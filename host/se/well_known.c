/* The identifiers and privileges every NT knows, as SeExports shows them to drivers. */
#include "host/mm/mm.h"
#include "host/se/se.h"

struct constant_sid {
    UCHAR revision, count, authority[6];
    ULONG values[5];
};

#define NT(...)                                                    \
    {                                                              \
        1, sizeof((ULONG[]){__VA_ARGS__}) / 4, {0, 0, 0, 0, 0, 5}, \
        {                                                          \
            __VA_ARGS__                                            \
        }                                                          \
    }
#define LABEL(rid)                 \
    {                              \
        1, 1, {0, 0, 0, 0, 0, 16}, \
        {                          \
            rid                    \
        }                          \
    }
/* The machine's own account domain: any constant numbers would do. */
#define ACCOUNT(rid) NT(21, 1085031214, 1563985344, 725345543, rid)

static const struct constant_sid well_known[SE_SID_COUNT] = {
    [SE_SID_NULL] = {1, 1, {0, 0, 0, 0, 0, 0}, {0}},
    [SE_SID_WORLD] = {1, 1, {0, 0, 0, 0, 0, 1}, {0}},
    [SE_SID_LOCAL] = {1, 1, {0, 0, 0, 0, 0, 2}, {0}},
    [SE_SID_CREATOR_OWNER] = {1, 1, {0, 0, 0, 0, 0, 3}, {0}},
    [SE_SID_CREATOR_GROUP] = {1, 1, {0, 0, 0, 0, 0, 3}, {1}},
    [SE_SID_OWNER_RIGHTS] = {1, 1, {0, 0, 0, 0, 0, 3}, {4}},
    [SE_SID_NT_AUTHORITY] = {1, 0, {0, 0, 0, 0, 0, 5}, {0}},
    [SE_SID_DIALUP] = NT(1),
    [SE_SID_NETWORK] = NT(2),
    [SE_SID_BATCH] = NT(3),
    [SE_SID_INTERACTIVE] = NT(4),
    [SE_SID_ANONYMOUS] = NT(7),
    [SE_SID_AUTHENTICATED_USERS] = NT(11),
    [SE_SID_RESTRICTED] = NT(12),
    [SE_SID_IUSER] = NT(17),
    [SE_SID_LOCAL_SYSTEM] = NT(18),
    [SE_SID_LOCAL_SERVICE] = NT(19),
    [SE_SID_NETWORK_SERVICE] = NT(20),
    [SE_SID_ADMINISTRATORS] = NT(32, 544),
    [SE_SID_USERS] = NT(32, 545),
    [SE_SID_GUESTS] = NT(32, 546),
    [SE_SID_POWER_USERS] = NT(32, 547),
    [SE_SID_ACCOUNT_OPERATORS] = NT(32, 548),
    [SE_SID_SYSTEM_OPERATORS] = NT(32, 549),
    [SE_SID_PRINT_OPERATORS] = NT(32, 550),
    [SE_SID_BACKUP_OPERATORS] = NT(32, 551),
    [SE_SID_UNTRUSTED_LABEL] = LABEL(0),
    [SE_SID_LOW_LABEL] = LABEL(0x1000),
    [SE_SID_MEDIUM_LABEL] = LABEL(0x2000),
    [SE_SID_HIGH_LABEL] = LABEL(0x3000),
    [SE_SID_SYSTEM_LABEL] = LABEL(0x4000),
    [SE_SID_ADMINISTRATOR_ACCOUNT] = ACCOUNT(500),
    [SE_SID_USER_ACCOUNT] = ACCOUNT(1001),
    [SE_SID_ACCOUNTS_GROUP] = ACCOUNT(513),
    [SE_SID_LOGON] = NT(5, 0, 0x1E240),
};

PSID se_sid(enum se_well_known which)
{
    return (PSID)&well_known[which];
}

struct exports_block {
    SE_EXPORTS exports;
    struct constant_sid sids[SE_SID_COUNT];
};

static LUID privilege(ULONG number)
{
    return (LUID){number, 0};
}

static void fill_privileges(PSE_EXPORTS exports)
{
    exports->SeCreateTokenPrivilege = privilege(SE_CREATE_TOKEN_PRIVILEGE);
    exports->SeAssignPrimaryTokenPrivilege = privilege(SE_ASSIGNPRIMARYTOKEN_PRIVILEGE);
    exports->SeLockMemoryPrivilege = privilege(SE_LOCK_MEMORY_PRIVILEGE);
    exports->SeIncreaseQuotaPrivilege = privilege(SE_INCREASE_QUOTA_PRIVILEGE);
    exports->SeUnsolicitedInputPrivilege = privilege(SE_UNSOLICITED_INPUT_PRIVILEGE);
    exports->SeTcbPrivilege = privilege(SE_TCB_PRIVILEGE);
    exports->SeSecurityPrivilege = privilege(SE_SECURITY_PRIVILEGE);
    exports->SeTakeOwnershipPrivilege = privilege(SE_TAKE_OWNERSHIP_PRIVILEGE);
    exports->SeLoadDriverPrivilege = privilege(SE_LOAD_DRIVER_PRIVILEGE);
    exports->SeCreatePagefilePrivilege = privilege(SE_CREATE_PAGEFILE_PRIVILEGE);
    exports->SeIncreaseBasePriorityPrivilege = privilege(SE_INC_BASE_PRIORITY_PRIVILEGE);
    exports->SeSystemProfilePrivilege = privilege(SE_SYSTEM_PROFILE_PRIVILEGE);
    exports->SeSystemtimePrivilege = privilege(SE_SYSTEMTIME_PRIVILEGE);
    exports->SeProfileSingleProcessPrivilege = privilege(SE_PROF_SINGLE_PROCESS_PRIVILEGE);
    exports->SeCreatePermanentPrivilege = privilege(SE_CREATE_PERMANENT_PRIVILEGE);
    exports->SeBackupPrivilege = privilege(SE_BACKUP_PRIVILEGE);
    exports->SeRestorePrivilege = privilege(SE_RESTORE_PRIVILEGE);
    exports->SeShutdownPrivilege = privilege(SE_SHUTDOWN_PRIVILEGE);
    exports->SeDebugPrivilege = privilege(SE_DEBUG_PRIVILEGE);
    exports->SeAuditPrivilege = privilege(SE_AUDIT_PRIVILEGE);
    exports->SeSystemEnvironmentPrivilege = privilege(SE_SYSTEM_ENVIRONMENT_PRIVILEGE);
    exports->SeChangeNotifyPrivilege = privilege(SE_CHANGE_NOTIFY_PRIVILEGE);
    exports->SeRemoteShutdownPrivilege = privilege(SE_REMOTE_SHUTDOWN_PRIVILEGE);
    exports->SeUndockPrivilege = privilege(SE_UNDOCK_PRIVILEGE);
    exports->SeSyncAgentPrivilege = privilege(SE_SYNC_AGENT_PRIVILEGE);
    exports->SeEnableDelegationPrivilege = privilege(SE_ENABLE_DELEGATION_PRIVILEGE);
    exports->SeManageVolumePrivilege = privilege(SE_MANAGE_VOLUME_PRIVILEGE);
    exports->SeImpersonatePrivilege = privilege(SE_IMPERSONATE_PRIVILEGE);
    exports->SeCreateGlobalPrivilege = privilege(SE_CREATE_GLOBAL_PRIVILEGE);
    exports->SeTrustedCredManAccessPrivilege = privilege(SE_TRUSTED_CREDMAN_ACCESS_PRIVILEGE);
    exports->SeRelabelPrivilege = privilege(SE_RELABEL_PRIVILEGE);
    exports->SeIncreaseWorkingSetPrivilege = privilege(SE_INC_WORKING_SET_PRIVILEGE);
    exports->SeTimeZonePrivilege = privilege(SE_TIME_ZONE_PRIVILEGE);
    exports->SeCreateSymbolicLinkPrivilege = privilege(SE_CREATE_SYMBOLIC_LINK_PRIVILEGE);
}

static void fill_sids(PSE_EXPORTS exports, struct constant_sid *sids)
{
    exports->SeNullSid = &sids[SE_SID_NULL];
    exports->SeWorldSid = &sids[SE_SID_WORLD];
    exports->SeLocalSid = &sids[SE_SID_LOCAL];
    exports->SeCreatorOwnerSid = &sids[SE_SID_CREATOR_OWNER];
    exports->SeCreatorGroupSid = &sids[SE_SID_CREATOR_GROUP];
    exports->SeNtAuthoritySid = &sids[SE_SID_NT_AUTHORITY];
    exports->SeDialupSid = &sids[SE_SID_DIALUP];
    exports->SeNetworkSid = &sids[SE_SID_NETWORK];
    exports->SeBatchSid = &sids[SE_SID_BATCH];
    exports->SeInteractiveSid = &sids[SE_SID_INTERACTIVE];
    exports->SeLocalSystemSid = &sids[SE_SID_LOCAL_SYSTEM];
    exports->SeAliasAdminsSid = &sids[SE_SID_ADMINISTRATORS];
    exports->SeAliasUsersSid = &sids[SE_SID_USERS];
    exports->SeAliasGuestsSid = &sids[SE_SID_GUESTS];
    exports->SeAliasPowerUsersSid = &sids[SE_SID_POWER_USERS];
    exports->SeAliasAccountOpsSid = &sids[SE_SID_ACCOUNT_OPERATORS];
    exports->SeAliasSystemOpsSid = &sids[SE_SID_SYSTEM_OPERATORS];
    exports->SeAliasPrintOpsSid = &sids[SE_SID_PRINT_OPERATORS];
    exports->SeAliasBackupOpsSid = &sids[SE_SID_BACKUP_OPERATORS];
    exports->SeAuthenticatedUsersSid = &sids[SE_SID_AUTHENTICATED_USERS];
    exports->SeRestrictedSid = &sids[SE_SID_RESTRICTED];
    exports->SeAnonymousLogonSid = &sids[SE_SID_ANONYMOUS];
    exports->SeLocalServiceSid = &sids[SE_SID_LOCAL_SERVICE];
    exports->SeNetworkServiceSid = &sids[SE_SID_NETWORK_SERVICE];
    exports->SeIUserSid = &sids[SE_SID_IUSER];
    exports->SeUntrustedMandatorySid = &sids[SE_SID_UNTRUSTED_LABEL];
    exports->SeLowMandatorySid = &sids[SE_SID_LOW_LABEL];
    exports->SeMediumMandatorySid = &sids[SE_SID_MEDIUM_LABEL];
    exports->SeHighMandatorySid = &sids[SE_SID_HIGH_LABEL];
    exports->SeSystemMandatorySid = &sids[SE_SID_SYSTEM_LABEL];
    exports->SeOwnerRightsSid = &sids[SE_SID_OWNER_RIGHTS];
}

/* SePublicDefaultDacl (everyone may execute) and SeSystemDefaultDacl (administrators may read). */
static PACL default_dacl(struct machine *machine, BOOLEAN is_public)
{
    enum { DACL_BYTES = 128 };
    PACL acl = mm_pool_allocate_zero(machine, DACL_BYTES, SE_DESCRIPTOR_TAG);
    if (!acl)
        return NULL;
    RtlCreateAcl(acl, DACL_BYTES, ACL_REVISION);
    if (is_public)
        RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_EXECUTE, se_sid(SE_SID_WORLD));
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, se_sid(SE_SID_LOCAL_SYSTEM));
    RtlAddAccessAllowedAce(acl, ACL_REVISION,
                           is_public ? GENERIC_ALL : GENERIC_READ | GENERIC_EXECUTE | READ_CONTROL,
                           se_sid(SE_SID_ADMINISTRATORS));
    return acl;
}

NTSTATUS se_initialize(struct machine *machine)
{
    enum { FIRST_LUID = 0x1000 }; /* below lie the well-known ones */
    struct se_state *se = linux_allocate(sizeof(*se));
    if (!se)
        return STATUS_INSUFFICIENT_RESOURCES;
    machine->se = se;
    se->last_luid = FIRST_LUID;
    struct exports_block *block = mm_pool_allocate_zero(machine, sizeof(*block), SE_TOKEN_TAG);
    se->exports = block;
    se->public_dacl = default_dacl(machine, TRUE);
    se->system_dacl = default_dacl(machine, FALSE);
    if (!block || !se->public_dacl || !se->system_dacl)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(block->sids, well_known, sizeof(well_known));
    fill_privileges(&block->exports);
    fill_sids(&block->exports, block->sids);
    machine->data_exports->se_exports = &block->exports;
    machine->data_exports->se_public_default_dacl = se->public_dacl;
    machine->data_exports->se_system_default_dacl = se->system_dacl;
    machine->data_exports->token_object_type = &se_token_type;
    return STATUS_SUCCESS;
}
SB_EXPORT_DATA("SeExports", se_exports)
SB_EXPORT_DATA("SePublicDefaultDacl", se_public_default_dacl)
SB_EXPORT_DATA("SeSystemDefaultDacl", se_system_default_dacl)
SB_EXPORT_DATA("SeTokenObjectType", token_object_type)

void se_destroy(struct machine *machine)
{
    linux_free(machine->se); /* the rest is pool, which goes with the machine */
    machine->se = NULL;
}
