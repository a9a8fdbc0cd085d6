/* May this subject do that? Discretionary access, mandatory labels, privileges. */
#include "host/se/se.h"

enum {
    INITIAL_PRIVILEGES = 3,
    LABEL_NO_WRITE_UP = 1,
    LABEL_NO_READ_UP = 2,
    LABEL_NO_EXECUTE_UP = 4
};

/* One check under way. */
struct check {
    struct token *token;
    const GENERIC_MAPPING *mapping;
    struct se_parts parts;
    ACCESS_MASK remaining; /* asked for, not yet granted */
    ACCESS_MASK granted;
    BOOLEAN wants_maximum;
    ULONG privilege_count;
    ULONG privileges[INITIAL_PRIVILEGES]; /* used */
};

static void grant(struct check *check, ACCESS_MASK mask)
{
    check->granted |= mask;
    check->remaining &= ~mask;
}

static BOOLEAN use_privilege(struct check *check, ULONG number)
{
    if (!se_token_has_privilege(check->token, (LUID){number, 0}))
        return FALSE;
    if (check->privilege_count < INITIAL_PRIVILEGES)
        check->privileges[check->privilege_count++] = number;
    return TRUE;
}

/* ACCESS_SYSTEM_SECURITY comes from SeSecurityPrivilege alone. */
static NTSTATUS apply_privileges(struct check *check)
{
    if (check->remaining & ACCESS_SYSTEM_SECURITY) {
        if (!use_privilege(check, SE_SECURITY_PRIVILEGE))
            return STATUS_PRIVILEGE_NOT_HELD;
        grant(check, ACCESS_SYSTEM_SECURITY);
    }
    if ((check->remaining & WRITE_OWNER) && use_privilege(check, SE_TAKE_OWNERSHIP_PRIVILEGE))
        grant(check, WRITE_OWNER);
    return STATUS_SUCCESS;
}

/* The rights of a generic group the token's integrity is too low for. */
static ACCESS_MASK denied_by_label(const struct check *check)
{
    ACCESS_MASK policy = LABEL_NO_WRITE_UP, denied = 0;
    ULONG level = 0x2000; /* an object without label is of medium integrity */
    PACL sacl = check->parts.sacl;
    if (sacl) {
        PACE_HEADER ace = se_ace_first(sacl);
        for (USHORT i = 0; i < sacl->AceCount; i++, ace = se_ace_next(ace)) {
            if (ace->AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE ||
                (ace->AceFlags & INHERIT_ONLY_ACE))
                continue;
            policy = se_ace_mask(ace);
            level = *RtlSubAuthoritySid(se_ace_sid(ace), 0);
            break;
        }
    }
    if (se_token_integrity(check->token) >= level)
        return 0;
    ACCESS_MASK reads = check->mapping->GenericRead, writes = check->mapping->GenericWrite,
                executes = check->mapping->GenericExecute;
    if (policy & LABEL_NO_WRITE_UP)
        denied |= (writes & ~(reads | executes)) | WRITE_DAC | WRITE_OWNER | DELETE;
    if (policy & LABEL_NO_READ_UP)
        denied |= reads & ~(writes | executes);
    if (policy & LABEL_NO_EXECUTE_UP)
        denied |= executes & ~(reads | writes);
    return denied;
}

/* An owner may read and change the DACL, unless ACEs for OWNER RIGHTS say otherwise. */
static BOOLEAN is_owner(const struct check *check)
{
    return check->parts.owner && se_token_has_sid(check->token, check->parts.owner, FALSE);
}

static void apply_owner(struct check *check)
{
    const ACCESS_MASK implied = READ_CONTROL | WRITE_DAC;
    if (!is_owner(check) || (check->parts.dacl && RtlOwnerAcesPresent(check->parts.dacl)))
        return;
    if (check->wants_maximum)
        grant(check, implied);
    else
        grant(check, check->remaining & implied);
}

static BOOLEAN matches(const struct check *check, PSID sid, BOOLEAN for_deny)
{
    if (RtlEqualSid(sid, se_sid(SE_SID_OWNER_RIGHTS)))
        return is_owner(check);
    return se_token_has_sid(check->token, sid, for_deny);
}

/* In order: the first ACE that speaks of a right decides it. FALSE: a wanted right is denied. */
static BOOLEAN apply_dacl(struct check *check)
{
    PACL dacl = check->parts.dacl;
    ACCESS_MASK denied = 0;
    PACE_HEADER ace = se_ace_first(dacl);
    for (USHORT i = 0; i < dacl->AceCount; i++, ace = se_ace_next(ace)) {
        if ((ace->AceFlags & INHERIT_ONLY_ACE) || ace->AceType > ACCESS_DENIED_ACE_TYPE)
            continue;
        BOOLEAN denies = ace->AceType == ACCESS_DENIED_ACE_TYPE;
        if (!matches(check, se_ace_sid(ace), denies))
            continue;
        ACCESS_MASK mask = se_ace_mask(ace);
        RtlMapGenericMask(&mask, (PGENERIC_MAPPING)check->mapping);
        if (denies && !check->wants_maximum && (mask & check->remaining))
            return FALSE;
        if (denies)
            denied |= mask & ~check->granted;
        else
            grant(check, check->wants_maximum ? mask & ~denied : mask & check->remaining);
        if (!check->wants_maximum && !check->remaining)
            break;
    }
    return check->remaining == 0;
}

static NTSTATUS run(struct check *check)
{
    NTSTATUS status = apply_privileges(check);
    if (!NT_SUCCESS(status))
        return status;
    ACCESS_MASK forbidden = denied_by_label(check);
    if (check->remaining & forbidden)
        return STATUS_ACCESS_DENIED;
    if (!check->parts.dacl)
        grant(check, check->wants_maximum ? check->mapping->GenericAll | check->remaining
                                          : check->remaining);
    else {
        apply_owner(check);
        if (!apply_dacl(check))
            return STATUS_ACCESS_DENIED;
    }
    /* Wished, not asked for: what the label forbids is simply not given. */
    check->granted &= ~forbidden;
    return check->granted ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

/* The privileges that were needed, in pool for SeFreePrivileges, appended to *privileges. */
static void report_privileges(const struct check *check, PPRIVILEGE_SET *privileges)
{
    if (!privileges || !check->privilege_count)
        return;
    PPRIVILEGE_SET set =
        ExAllocatePoolWithTag(PagedPool,
                              FIELD_OFFSET(PRIVILEGE_SET, Privilege) +
                                  check->privilege_count * sizeof(LUID_AND_ATTRIBUTES),
                              SE_TOKEN_TAG);
    if (!set)
        return;
    set->PrivilegeCount = check->privilege_count;
    set->Control = 0;
    for (ULONG i = 0; i < check->privilege_count; i++)
        set->Privilege[i] =
            (LUID_AND_ATTRIBUTES){{check->privileges[i], 0}, SE_PRIVILEGE_USED_FOR_ACCESS};
    *privileges = set;
}

static BOOLEAN kernel_check(ACCESS_MASK desired, ACCESS_MASK previous, PGENERIC_MAPPING mapping,
                            PACCESS_MASK granted, PNTSTATUS status)
{
    if (desired & MAXIMUM_ALLOWED)
        *granted = mapping->GenericAll | (desired & ~MAXIMUM_ALLOWED) | previous;
    else
        *granted = desired | previous;
    *status = STATUS_SUCCESS;
    return TRUE;
}

BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR descriptor, PSECURITY_SUBJECT_CONTEXT subject,
                            BOOLEAN locked, ACCESS_MASK desired, ACCESS_MASK previous,
                            PPRIVILEGE_SET *privileges, PGENERIC_MAPPING mapping,
                            KPROCESSOR_MODE mode, PACCESS_MASK granted, PNTSTATUS access_status)
{
    if (privileges)
        *privileges = NULL;
    if (mode == KernelMode)
        return kernel_check(desired, previous, mapping, granted, access_status);
    *granted = 0;
    *access_status = STATUS_ACCESS_DENIED;
    if (!descriptor)
        return FALSE;
    if (subject->ClientToken && subject->ImpersonationLevel < SecurityImpersonation) {
        *access_status = STATUS_BAD_IMPERSONATION_LEVEL;
        return FALSE;
    }
    RtlMapGenericMask(&desired, mapping);
    struct check check = {.token =
                              subject->ClientToken ? subject->ClientToken : subject->PrimaryToken,
                          .mapping = mapping,
                          .parts = se_descriptor_parts(descriptor),
                          .remaining = desired & ~MAXIMUM_ALLOWED,
                          .wants_maximum = (desired & MAXIMUM_ALLOWED) != 0};
    NTSTATUS status;
    if (desired == 0)
        status = previous ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    else
        status = run(&check);
    *access_status = status;
    if (!NT_SUCCESS(status))
        return FALSE;
    *granted = check.granted | previous;
    report_privileges(&check, privileges);
    return TRUE;
}
SB_EXPORT(SeAccessCheck)

VOID NTAPI SeFreePrivileges(PPRIVILEGE_SET privileges)
{
    if (privileges)
        ExFreePoolWithTag(privileges, SE_TOKEN_TAG);
}
SB_EXPORT(SeFreePrivileges)

/* Marks those of the set that are held and on; TRUE when enough are. */
static BOOLEAN check_set(struct token *token, PPRIVILEGE_SET set)
{
    ULONG held = 0;
    for (ULONG i = 0; i < set->PrivilegeCount; i++) {
        if (!se_token_has_privilege(token, set->Privilege[i].Luid))
            continue;
        set->Privilege[i].Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
        held++;
    }
    if (set->Control & PRIVILEGE_SET_ALL_NECESSARY)
        return held == set->PrivilegeCount;
    return held > 0;
}

BOOLEAN NTAPI SePrivilegeCheck(PPRIVILEGE_SET set, PSECURITY_SUBJECT_CONTEXT subject,
                               KPROCESSOR_MODE mode)
{
    if (mode == KernelMode)
        return TRUE;
    if (subject->ClientToken && subject->ImpersonationLevel < SecurityImpersonation)
        return FALSE;
    return check_set(subject->ClientToken ? subject->ClientToken : subject->PrimaryToken, set);
}
SB_EXPORT(SePrivilegeCheck)

BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID privilege, KPROCESSOR_MODE mode)
{
    SECURITY_SUBJECT_CONTEXT subject;
    PRIVILEGE_SET set = {1, PRIVILEGE_SET_ALL_NECESSARY, {{privilege, 0}}};
    if (mode == KernelMode)
        return TRUE;
    SeCaptureSubjectContext(&subject);
    BOOLEAN held = SePrivilegeCheck(&set, &subject, mode);
    SeReleaseSubjectContext(&subject);
    return held;
}
SB_EXPORT(SeSinglePrivilegeCheck)
