/* Security descriptors, absolute and self-relative: fields, lengths, validity. */
#include "host/se/rtl_security.h"

static BOOLEAN is_relative(PSECURITY_DESCRIPTOR descriptor)
{
    return (((PISECURITY_DESCRIPTOR)descriptor)->Control & SE_SELF_RELATIVE) != 0;
}

static PVOID at_offset(PSECURITY_DESCRIPTOR descriptor, ULONG offset)
{
    return offset ? (PUCHAR)descriptor + offset : NULL;
}

struct se_parts se_descriptor_parts(PSECURITY_DESCRIPTOR descriptor)
{
    PISECURITY_DESCRIPTOR absolute = descriptor;
    PISECURITY_DESCRIPTOR_RELATIVE relative = descriptor;
    struct se_parts parts = {.control = absolute->Control};
    if (is_relative(descriptor)) {
        parts.owner = at_offset(descriptor, relative->Owner);
        parts.group = at_offset(descriptor, relative->Group);
        parts.dacl = at_offset(descriptor, relative->Dacl);
        parts.sacl = at_offset(descriptor, relative->Sacl);
    } else {
        parts.owner = absolute->Owner;
        parts.group = absolute->Group;
        parts.dacl = absolute->Dacl;
        parts.sacl = absolute->Sacl;
    }
    if (!(parts.control & SE_DACL_PRESENT))
        parts.dacl = NULL;
    if (!(parts.control & SE_SACL_PRESENT))
        parts.sacl = NULL;
    return parts;
}

/* Both setters' refusal: an unknown revision, or a descriptor that has no pointers to set. */
static NTSTATUS check_absolute(PSECURITY_DESCRIPTOR descriptor)
{
    if (((PISECURITY_DESCRIPTOR)descriptor)->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    return is_relative(descriptor) ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

static NTSTATUS check_revision(PSECURITY_DESCRIPTOR descriptor)
{
    return ((PISECURITY_DESCRIPTOR)descriptor)->Revision == SECURITY_DESCRIPTOR_REVISION
               ? STATUS_SUCCESS
               : STATUS_UNKNOWN_REVISION;
}

static void set_flag(PISECURITY_DESCRIPTOR descriptor, SECURITY_DESCRIPTOR_CONTROL flag, BOOLEAN on)
{
    descriptor->Control &= (SECURITY_DESCRIPTOR_CONTROL)~flag;
    if (on)
        descriptor->Control |= flag;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision)
{
    if (revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    RtlZeroMemory(descriptor, sizeof(SECURITY_DESCRIPTOR));
    ((PISECURITY_DESCRIPTOR)descriptor)->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCreateSecurityDescriptor)

NTSTATUS NTAPI RtlCreateSecurityDescriptorRelative(PISECURITY_DESCRIPTOR_RELATIVE descriptor,
                                                   ULONG revision)
{
    if (revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    RtlZeroMemory(descriptor, sizeof(*descriptor));
    descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    descriptor->Control = SE_SELF_RELATIVE;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCreateSecurityDescriptorRelative)

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present,
                                            PACL dacl, BOOLEAN defaulted)
{
    PISECURITY_DESCRIPTOR body = descriptor;
    NTSTATUS status = check_absolute(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    set_flag(body, SE_DACL_PRESENT, present);
    if (!present)
        return STATUS_SUCCESS;
    body->Dacl = dacl;
    set_flag(body, SE_DACL_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSetDaclSecurityDescriptor)

NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present,
                                            PACL sacl, BOOLEAN defaulted)
{
    PISECURITY_DESCRIPTOR body = descriptor;
    NTSTATUS status = check_absolute(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    set_flag(body, SE_SACL_PRESENT, present);
    if (!present)
        return STATUS_SUCCESS;
    body->Sacl = sacl;
    set_flag(body, SE_SACL_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSetSaclSecurityDescriptor)

NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID owner,
                                             BOOLEAN defaulted)
{
    PISECURITY_DESCRIPTOR body = descriptor;
    NTSTATUS status = check_absolute(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    body->Owner = owner;
    set_flag(body, SE_OWNER_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSetOwnerSecurityDescriptor)

NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID group,
                                             BOOLEAN defaulted)
{
    PISECURITY_DESCRIPTOR body = descriptor;
    NTSTATUS status = check_absolute(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    body->Group = group;
    set_flag(body, SE_GROUP_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSetGroupSecurityDescriptor)

NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PBOOLEAN present,
                                            PACL *dacl, PBOOLEAN defaulted)
{
    NTSTATUS status = check_revision(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    struct se_parts parts = se_descriptor_parts(descriptor);
    *present = (parts.control & SE_DACL_PRESENT) != 0;
    if (*present) {
        *dacl = parts.dacl;
        *defaulted = (parts.control & SE_DACL_DEFAULTED) != 0;
    }
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetDaclSecurityDescriptor)

NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PBOOLEAN present,
                                            PACL *sacl, PBOOLEAN defaulted)
{
    NTSTATUS status = check_revision(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    struct se_parts parts = se_descriptor_parts(descriptor);
    *present = (parts.control & SE_SACL_PRESENT) != 0;
    if (*present) {
        *sacl = parts.sacl;
        *defaulted = (parts.control & SE_SACL_DEFAULTED) != 0;
    }
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetSaclSecurityDescriptor)

NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID *owner,
                                             PBOOLEAN defaulted)
{
    NTSTATUS status = check_revision(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    struct se_parts parts = se_descriptor_parts(descriptor);
    *owner = parts.owner;
    *defaulted = (parts.control & SE_OWNER_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetOwnerSecurityDescriptor)

NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID *group,
                                             PBOOLEAN defaulted)
{
    NTSTATUS status = check_revision(descriptor);
    if (!NT_SUCCESS(status))
        return status;
    struct se_parts parts = se_descriptor_parts(descriptor);
    *group = parts.group;
    *defaulted = (parts.control & SE_GROUP_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetGroupSecurityDescriptor)

NTSTATUS NTAPI RtlGetControlSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                               PSECURITY_DESCRIPTOR_CONTROL control,
                                               PULONG revision)
{
    PISECURITY_DESCRIPTOR body = descriptor;
    *revision = body->Revision;
    NTSTATUS status = check_revision(descriptor);
    if (NT_SUCCESS(status))
        *control = body->Control;
    return status;
}
SB_EXPORT(RtlGetControlSecurityDescriptor)

NTSTATUS NTAPI RtlSetControlSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                               SECURITY_DESCRIPTOR_CONTROL interest,
                                               SECURITY_DESCRIPTOR_CONTROL control)
{
    const SECURITY_DESCRIPTOR_CONTROL settable =
        SE_DACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED |
        SE_SACL_AUTO_INHERITED | SE_DACL_PROTECTED | SE_SACL_PROTECTED;
    PISECURITY_DESCRIPTOR body = descriptor;
    if ((interest & ~settable) || (control & ~interest))
        return STATUS_INVALID_PARAMETER;
    body->Control = (SECURITY_DESCRIPTOR_CONTROL)((body->Control & ~interest) | control);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSetControlSecurityDescriptor)

static ULONG align_length(ULONG length)
{
    return (length + sizeof(ULONG) - 1) & ~(ULONG)(sizeof(ULONG) - 1);
}

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor)
{
    struct se_parts parts = se_descriptor_parts(descriptor);
    ULONG length = is_relative(descriptor) ? sizeof(SECURITY_DESCRIPTOR_RELATIVE)
                                           : sizeof(SECURITY_DESCRIPTOR);
    return length + se_parts_length(&parts) - (ULONG)sizeof(SECURITY_DESCRIPTOR_RELATIVE);
}
SB_EXPORT(RtlLengthSecurityDescriptor)

ULONG se_parts_length(const struct se_parts *parts)
{
    ULONG length = sizeof(SECURITY_DESCRIPTOR_RELATIVE);
    if (parts->owner)
        length += align_length(RtlLengthSid(parts->owner));
    if (parts->group)
        length += align_length(RtlLengthSid(parts->group));
    if (parts->dacl)
        length += align_length(parts->dacl->AclSize);
    if (parts->sacl)
        length += align_length(parts->sacl->AclSize);
    return length;
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor)
{
    if (!descriptor || !NT_SUCCESS(check_revision(descriptor)))
        return FALSE;
    struct se_parts parts = se_descriptor_parts(descriptor);
    return (!parts.owner || RtlValidSid(parts.owner)) &&
           (!parts.group || RtlValidSid(parts.group)) && (!parts.dacl || RtlValidAcl(parts.dacl)) &&
           (!parts.sacl || RtlValidAcl(parts.sacl));
}
SB_EXPORT(RtlValidSecurityDescriptor)

/* An offset of a self-relative descriptor: inside, aligned, with room for a part of that size. */
static BOOLEAN is_inside(ULONG offset, ULONG size, ULONG length)
{
    return offset >= sizeof(SECURITY_DESCRIPTOR_RELATIVE) && offset % sizeof(ULONG) == 0 &&
           offset <= length && size <= length - offset;
}

static BOOLEAN is_sid_inside(PISECURITY_DESCRIPTOR_RELATIVE descriptor, ULONG offset, ULONG length)
{
    if (!is_inside(offset, FIELD_OFFSET(SID, SubAuthority), length))
        return FALSE;
    PSID sid = (PUCHAR)descriptor + offset;
    return RtlValidSid(sid) && is_inside(offset, RtlLengthSid(sid), length);
}

static BOOLEAN is_acl_inside(PISECURITY_DESCRIPTOR_RELATIVE descriptor, ULONG offset, ULONG length)
{
    if (!is_inside(offset, sizeof(ACL), length))
        return FALSE;
    PACL acl = (PACL)((PUCHAR)descriptor + offset);
    return is_inside(offset, acl->AclSize, length) && RtlValidAcl(acl);
}

BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG length,
                                                 SECURITY_INFORMATION required)
{
    PISECURITY_DESCRIPTOR_RELATIVE body = descriptor;
    if (length < sizeof(*body) || body->Revision != SECURITY_DESCRIPTOR_REVISION ||
        !(body->Control & SE_SELF_RELATIVE))
        return FALSE;
    if (body->Owner ? !is_sid_inside(body, body->Owner, length)
                    : (required & OWNER_SECURITY_INFORMATION) != 0)
        return FALSE;
    if (body->Group ? !is_sid_inside(body, body->Group, length)
                    : (required & GROUP_SECURITY_INFORMATION) != 0)
        return FALSE;
    if (body->Control & SE_DACL_PRESENT) {
        if (body->Dacl && !is_acl_inside(body, body->Dacl, length))
            return FALSE;
    } else if (required & DACL_SECURITY_INFORMATION) {
        return FALSE;
    }
    if (body->Control & SE_SACL_PRESENT)
        return !body->Sacl || is_acl_inside(body, body->Sacl, length);
    return !(required & SACL_SECURITY_INFORMATION);
}
SB_EXPORT(RtlValidRelativeSecurityDescriptor)

BOOLEAN NTAPI SeValidSecurityDescriptor(ULONG length, PSECURITY_DESCRIPTOR descriptor)
{
    return RtlValidRelativeSecurityDescriptor(descriptor, length, OWNER_SECURITY_INFORMATION);
}
SB_EXPORT(SeValidSecurityDescriptor)
