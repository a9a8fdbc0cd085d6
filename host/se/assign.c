/* Descriptors of new objects, and reading and changing parts of existing ones. */
#include "host/se/se.h"

enum { ASSIGN_LIMIT = 0xFFFC }; /* the largest access list */

/* Room to compose an access list in. */
static PACL draft_create(void)
{
    PACL acl = ExAllocatePoolWithTag(PagedPool, ASSIGN_LIMIT, SE_DESCRIPTOR_TAG);
    if (acl)
        RtlCreateAcl(acl, ASSIGN_LIMIT, ACL_REVISION);
    return acl;
}

static void draft_trim(PACL acl)
{
    PVOID end;
    RtlFirstFreeAce(acl, &end);
    acl->AclSize = (USHORT)((PUCHAR)end - (PUCHAR)acl);
}

/* A copy of the ACE with its mask mapped, flags and, unless NULL, SID replaced. */
static NTSTATUS draft_add(PACL acl, PACE_HEADER ace, UCHAR flags, PSID sid,
                          PGENERIC_MAPPING mapping, UCHAR revision)
{
    PVOID end;
    ULONG body = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart);
    ULONG size = sid ? body + RtlLengthSid(sid) : ace->AceSize;
    if (!RtlFirstFreeAce(acl, &end) || !end ||
        size > (ULONG)((PUCHAR)acl + acl->AclSize - (PUCHAR)end))
        return STATUS_BAD_INHERITANCE_ACL;
    PACCESS_ALLOWED_ACE copy = end;
    RtlCopyMemory(copy, ace, sid ? body : size);
    copy->Header.AceFlags = flags;
    copy->Header.AceSize = (USHORT)size;
    if (sid)
        RtlCopyMemory(&copy->SidStart, sid, size - body);
    if (mapping && !(flags & INHERIT_ONLY_ACE) && ace->AceType <= SYSTEM_ALARM_ACE_TYPE)
        RtlMapGenericMask(&copy->Mask, mapping);
    acl->AceCount++;
    if (acl->AclRevision < revision)
        acl->AclRevision = revision;
    return STATUS_SUCCESS;
}

/* A copy of an access list with generic rights mapped; *copy is NULL for none. */
static NTSTATUS copy_mapped(PACL acl, PGENERIC_MAPPING mapping, PACL *copy)
{
    NTSTATUS status = STATUS_SUCCESS;
    *copy = NULL;
    if (!acl)
        return STATUS_SUCCESS;
    if (!RtlValidAcl(acl))
        return STATUS_INVALID_ACL;
    PACL draft = draft_create();
    if (!draft)
        return STATUS_INSUFFICIENT_RESOURCES;
    PACE_HEADER ace = se_ace_first(acl);
    for (USHORT i = 0; i < acl->AceCount && NT_SUCCESS(status); i++, ace = se_ace_next(ace))
        status = draft_add(draft, ace, ace->AceFlags, NULL, mapping, acl->AclRevision);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(draft, SE_DESCRIPTOR_TAG);
        return status;
    }
    draft_trim(draft);
    *copy = draft;
    return STATUS_SUCCESS;
}

/* Flags of an inherited ACE on the child; *applies says whether there is one. */
static UCHAR inherited_flags(UCHAR flags, BOOLEAN is_directory, BOOLEAN *applies)
{
    const UCHAR inherit = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;
    UCHAR kept = flags & (inherit | SUCCESSFUL_ACCESS_ACE_FLAG | FAILED_ACCESS_ACE_FLAG);
    if (!is_directory) {
        *applies = (flags & OBJECT_INHERIT_ACE) != 0;
        return kept & (UCHAR)~inherit;
    }
    *applies = (flags & inherit) != 0;
    if (!(flags & CONTAINER_INHERIT_ACE)) {
        *applies = *applies && !(flags & NO_PROPAGATE_INHERIT_ACE);
        return kept | INHERIT_ONLY_ACE;
    }
    return flags & NO_PROPAGATE_INHERIT_ACE ? kept & (UCHAR)~inherit : kept;
}

static PSID replaced_creator(PACE_HEADER ace, const struct se_parts *parts)
{
    if (ace->AceType > SYSTEM_ALARM_ACE_TYPE)
        return NULL;
    if (RtlEqualSid(se_ace_sid(ace), se_sid(SE_SID_CREATOR_OWNER)))
        return parts->owner;
    if (RtlEqualSid(se_ace_sid(ace), se_sid(SE_SID_CREATOR_GROUP)))
        return parts->group;
    return NULL;
}

static NTSTATUS inherit_ace(PACL draft, PACE_HEADER ace, BOOLEAN is_directory,
                            const struct se_parts *parts, PGENERIC_MAPPING mapping, UCHAR revision)
{
    BOOLEAN applies;
    UCHAR flags = inherited_flags(ace->AceFlags, is_directory, &applies);
    if (!applies)
        return STATUS_SUCCESS;
    PSID sid = replaced_creator(ace, parts);
    if (!sid || (flags & INHERIT_ONLY_ACE))
        return draft_add(draft, ace, flags, NULL, mapping, revision);
    /* The creator's ACE takes effect here under the creator's name and goes on as it was. */
    UCHAR inherit = flags & (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);
    NTSTATUS status = draft_add(draft, ace, (UCHAR)(flags & ~inherit), sid, mapping, revision);
    if (NT_SUCCESS(status) && inherit)
        status = draft_add(draft, ace, flags | INHERIT_ONLY_ACE, NULL, NULL, revision);
    return status;
}

/* What a child gets from its parent's list; *copy NULL: nothing is inheritable. */
static NTSTATUS inherit(PACL parent, BOOLEAN is_directory, const struct se_parts *parts,
                        PGENERIC_MAPPING mapping, PACL *copy)
{
    NTSTATUS status = STATUS_SUCCESS;
    *copy = NULL;
    if (!parent)
        return STATUS_SUCCESS;
    PACL draft = draft_create();
    if (!draft)
        return STATUS_INSUFFICIENT_RESOURCES;
    PACE_HEADER ace = se_ace_first(parent);
    for (USHORT i = 0; i < parent->AceCount && NT_SUCCESS(status); i++, ace = se_ace_next(ace))
        status = inherit_ace(draft, ace, is_directory, parts, mapping, parent->AclRevision);
    if (!NT_SUCCESS(status) || !draft->AceCount) {
        ExFreePoolWithTag(draft, SE_DESCRIPTOR_TAG);
        return status;
    }
    draft_trim(draft);
    *copy = draft;
    return STATUS_SUCCESS;
}

/* The DACL: explicit, else inherited, else (also before a defaulted one) the token's. */
static NTSTATUS choose_dacl(const struct se_parts *explicit, const struct se_parts *parent,
                            BOOLEAN is_directory, struct token *token, PGENERIC_MAPPING mapping,
                            struct se_parts *made)
{
    BOOLEAN present = (explicit->control & SE_DACL_PRESENT) != 0;
    NTSTATUS status = STATUS_SUCCESS;
    made->control |= SE_DACL_PRESENT;
    made->control |= explicit->control & SE_DACL_PROTECTED;
    if (present && !(explicit->control & SE_DACL_DEFAULTED))
        return copy_mapped(explicit->dacl, mapping, &made->dacl);
    status = inherit(parent->dacl, is_directory, made, mapping, &made->dacl);
    if (!NT_SUCCESS(status) || made->dacl)
        return status;
    if (present)
        return copy_mapped(explicit->dacl, mapping, &made->dacl);
    if (!token->has_default_dacl) {
        made->control &= (SECURITY_DESCRIPTOR_CONTROL)~SE_DACL_PRESENT;
        return STATUS_SUCCESS;
    }
    made->control |= SE_DACL_DEFAULTED;
    return copy_mapped(&token->default_dacl.acl, mapping, &made->dacl);
}

static NTSTATUS choose_sacl(const struct se_parts *explicit, const struct se_parts *parent,
                            BOOLEAN is_directory, PGENERIC_MAPPING mapping, struct se_parts *made)
{
    NTSTATUS status;
    if (explicit->control & SE_SACL_PRESENT) {
        made->control |= SE_SACL_PRESENT;
        return copy_mapped(explicit->sacl, mapping, &made->sacl);
    }
    status = inherit(parent->sacl, is_directory, made, mapping, &made->sacl);
    if (made->sacl)
        made->control |= SE_SACL_PRESENT;
    return status;
}

static void free_lists(struct se_parts *parts)
{
    if (parts->dacl)
        ExFreePoolWithTag(parts->dacl, SE_DESCRIPTOR_TAG);
    if (parts->sacl)
        ExFreePoolWithTag(parts->sacl, SE_DESCRIPTOR_TAG);
}

static struct se_parts parts_or_none(PSECURITY_DESCRIPTOR descriptor)
{
    return descriptor ? se_descriptor_parts(descriptor) : (struct se_parts){0};
}

static NTSTATUS store(const struct se_parts *parts, POOL_TYPE pool, PSECURITY_DESCRIPTOR *made)
{
    PSECURITY_DESCRIPTOR descriptor =
        ExAllocatePoolWithTag(pool, se_parts_length(parts), SE_DESCRIPTOR_TAG);
    if (!descriptor)
        return STATUS_INSUFFICIENT_RESOURCES;
    se_parts_store(parts, descriptor);
    *made = descriptor;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeAssignSecurity(PSECURITY_DESCRIPTOR parent_descriptor,
                                PSECURITY_DESCRIPTOR explicit_descriptor,
                                PSECURITY_DESCRIPTOR *new_descriptor, BOOLEAN is_directory,
                                PSECURITY_SUBJECT_CONTEXT subject, PGENERIC_MAPPING mapping,
                                POOL_TYPE pool)
{
    struct token *token = subject->ClientToken ? subject->ClientToken : subject->PrimaryToken;
    struct se_parts parent = parts_or_none(parent_descriptor);
    struct se_parts explicit = parts_or_none(explicit_descriptor);
    struct se_parts made = {
        .owner = explicit.owner ? explicit.owner : (PSID)&token->groups[token->owner].sid,
        .group = explicit.group ? explicit.group : (PSID)&token->groups[token->primary_group].sid};
    if (!RtlValidSid(made.owner))
        return STATUS_INVALID_OWNER;
    if (!RtlValidSid(made.group))
        return STATUS_INVALID_PRIMARY_GROUP;
    NTSTATUS status = choose_dacl(&explicit, &parent, is_directory, token, mapping, &made);
    if (NT_SUCCESS(status))
        status = choose_sacl(&explicit, &parent, is_directory, mapping, &made);
    if (NT_SUCCESS(status))
        status = store(&made, pool, new_descriptor);
    free_lists(&made);
    return status;
}
SB_EXPORT(SeAssignSecurity)

/* Inheritance by object type concerns directory services only: their ACE types are copied as
 * they are. */
NTSTATUS NTAPI SeAssignSecurityEx(PSECURITY_DESCRIPTOR parent, PSECURITY_DESCRIPTOR explicit,
                                  PSECURITY_DESCRIPTOR *new_descriptor, GUID *object_type,
                                  BOOLEAN is_directory, ULONG flags,
                                  PSECURITY_SUBJECT_CONTEXT subject, PGENERIC_MAPPING mapping,
                                  POOL_TYPE pool)
{
    return SeAssignSecurity(parent, explicit, new_descriptor, is_directory, subject, mapping, pool);
}
SB_EXPORT(SeAssignSecurityEx)

NTSTATUS NTAPI SeDeassignSecurity(PSECURITY_DESCRIPTOR *descriptor)
{
    if (*descriptor)
        ExFreePool(*descriptor);
    *descriptor = NULL;
    return STATUS_SUCCESS;
}
SB_EXPORT(SeDeassignSecurity)

NTSTATUS NTAPI SeQuerySecurityDescriptorInfo(PSECURITY_INFORMATION information,
                                             PSECURITY_DESCRIPTOR descriptor, PULONG length,
                                             PSECURITY_DESCRIPTOR *objects)
{
    struct se_parts parts = parts_or_none(*objects), shown = {0};
    SECURITY_INFORMATION wanted = *information;
    if (wanted & OWNER_SECURITY_INFORMATION) {
        shown.owner = parts.owner;
        shown.control |= parts.control & SE_OWNER_DEFAULTED;
    }
    if (wanted & GROUP_SECURITY_INFORMATION) {
        shown.group = parts.group;
        shown.control |= parts.control & SE_GROUP_DEFAULTED;
    }
    if (wanted & DACL_SECURITY_INFORMATION) {
        shown.dacl = parts.dacl;
        shown.control |= parts.control & (SE_DACL_PRESENT | SE_DACL_DEFAULTED |
                                          SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED);
    }
    if (wanted & (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)) {
        shown.sacl = parts.sacl;
        shown.control |= parts.control & (SE_SACL_PRESENT | SE_SACL_DEFAULTED |
                                          SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED);
    }
    ULONG needed = se_parts_length(&shown), room = *length;
    *length = needed;
    if (room < needed)
        return STATUS_BUFFER_TOO_SMALL;
    se_parts_store(&shown, descriptor);
    return STATUS_SUCCESS;
}
SB_EXPORT(SeQuerySecurityDescriptorInfo)

NTSTATUS NTAPI SeSetSecurityDescriptorInfo(PVOID object, PSECURITY_INFORMATION information,
                                           PSECURITY_DESCRIPTOR descriptor,
                                           PSECURITY_DESCRIPTOR *objects, POOL_TYPE pool,
                                           PGENERIC_MAPPING mapping)
{
    const SECURITY_DESCRIPTOR_CONTROL dacl_flags =
        SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED;
    const SECURITY_DESCRIPTOR_CONTROL sacl_flags =
        SE_SACL_PRESENT | SE_SACL_DEFAULTED | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED;
    if (!*objects)
        return STATUS_NO_SECURITY_ON_OBJECT;
    struct se_parts next = se_descriptor_parts(*objects), change = se_descriptor_parts(descriptor);
    struct se_parts copies = {0};
    SECURITY_INFORMATION wanted = *information;
    NTSTATUS status = STATUS_SUCCESS;
    if (wanted & OWNER_SECURITY_INFORMATION) {
        if (!change.owner || !RtlValidSid(change.owner))
            return STATUS_INVALID_OWNER;
        next.owner = change.owner;
    }
    if (wanted & GROUP_SECURITY_INFORMATION) {
        if (!change.group || !RtlValidSid(change.group))
            return STATUS_INVALID_PRIMARY_GROUP;
        next.group = change.group;
    }
    if (wanted & DACL_SECURITY_INFORMATION) {
        status = copy_mapped(change.dacl, mapping, &copies.dacl);
        next.dacl = copies.dacl;
        next.control = (next.control & ~dacl_flags) | (change.control & dacl_flags);
    }
    if (NT_SUCCESS(status) && (wanted & (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION))) {
        status = copy_mapped(change.sacl, mapping, &copies.sacl);
        next.sacl = copies.sacl;
        next.control = (next.control & ~sacl_flags) | (change.control & sacl_flags);
    }
    if (wanted & PROTECTED_DACL_SECURITY_INFORMATION)
        next.control |= SE_DACL_PROTECTED;
    if (NT_SUCCESS(status))
        status = store(&next, pool, objects);
    free_lists(&copies);
    return status;
}
SB_EXPORT(SeSetSecurityDescriptorInfo)
