/* Security descriptors from one form to the other. */
#include "host/se/rtl_security.h"

static ULONG put(PUCHAR base, ULONG *at, const void *part, ULONG length)
{
    ULONG offset = *at;
    if (!part)
        return 0;
    RtlCopyMemory(base + offset, part, length);
    *at += (length + 3) & ~3u;
    return offset;
}

/* The order Windows lays them out in: SACL, DACL, owner, group. */
void se_parts_store(const struct se_parts *parts, PISECURITY_DESCRIPTOR_RELATIVE descriptor)
{
    PUCHAR base = (PUCHAR)descriptor;
    ULONG at = sizeof(*descriptor);
    RtlZeroMemory(descriptor, se_parts_length(parts));
    descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    descriptor->Control = parts->control | SE_SELF_RELATIVE;
    descriptor->Sacl = put(base, &at, parts->sacl, parts->sacl ? parts->sacl->AclSize : 0);
    descriptor->Dacl = put(base, &at, parts->dacl, parts->dacl ? parts->dacl->AclSize : 0);
    descriptor->Owner = put(base, &at, parts->owner, parts->owner ? RtlLengthSid(parts->owner) : 0);
    descriptor->Group = put(base, &at, parts->group, parts->group ? RtlLengthSid(parts->group) : 0);
}

PSECURITY_DESCRIPTOR se_descriptor_build(const struct se_parts *parts)
{
    PSECURITY_DESCRIPTOR descriptor =
        ExAllocatePoolWithTag(PagedPool, se_parts_length(parts), SE_DESCRIPTOR_TAG);
    if (descriptor)
        se_parts_store(parts, descriptor);
    return descriptor;
}

NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR absolute,
                                           PSECURITY_DESCRIPTOR relative, PULONG length)
{
    struct se_parts parts = se_descriptor_parts(absolute);
    if (parts.control & SE_SELF_RELATIVE)
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    ULONG needed = se_parts_length(&parts);
    if (*length < needed) {
        *length = needed;
        return STATUS_BUFFER_TOO_SMALL;
    }
    se_parts_store(&parts, relative);
    *length = needed;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlAbsoluteToSelfRelativeSD)

/* Sets *room to what the part needs; TRUE when there was that much. */
static BOOLEAN fits(const void *part, ULONG needed, PULONG room)
{
    BOOLEAN enough = !part || *room >= needed;
    *room = part ? needed : 0;
    return enough;
}

NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR relative,
                                           PSECURITY_DESCRIPTOR absolute, PULONG length, PACL dacl,
                                           PULONG dacl_length, PACL sacl, PULONG sacl_length,
                                           PSID owner, PULONG owner_length, PSID group,
                                           PULONG group_length)
{
    PISECURITY_DESCRIPTOR target = absolute;
    struct se_parts parts = se_descriptor_parts(relative);
    if (!(parts.control & SE_SELF_RELATIVE))
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    BOOLEAN enough = fits(relative, sizeof(SECURITY_DESCRIPTOR), length);
    enough &= fits(parts.dacl, parts.dacl ? parts.dacl->AclSize : 0, dacl_length);
    enough &= fits(parts.sacl, parts.sacl ? parts.sacl->AclSize : 0, sacl_length);
    enough &= fits(parts.owner, parts.owner ? RtlLengthSid(parts.owner) : 0, owner_length);
    enough &= fits(parts.group, parts.group ? RtlLengthSid(parts.group) : 0, group_length);
    if (!enough)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(dacl, parts.dacl, *dacl_length);
    RtlCopyMemory(sacl, parts.sacl, *sacl_length);
    RtlCopyMemory(owner, parts.owner, *owner_length);
    RtlCopyMemory(group, parts.group, *group_length);
    *target = (SECURITY_DESCRIPTOR){
        .Revision = SECURITY_DESCRIPTOR_REVISION,
        .Control = (SECURITY_DESCRIPTOR_CONTROL)(parts.control & ~SE_SELF_RELATIVE),
        .Owner = parts.owner ? owner : NULL,
        .Group = parts.group ? group : NULL,
        .Dacl = parts.dacl ? dacl : NULL,
        .Sacl = parts.sacl ? sacl : NULL};
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSelfRelativeToAbsoluteSD)
