/*
 * The device's own security descriptor.
 *
 * IoCreateDevice leaves a device with a default DACL that depends on its type and on the system
 * ("Securing Device Objects"). IoCreateDeviceSecure would do better but lives in a static library
 * that not every toolchain has, so the DACL is built here from exported routines and set through a
 * kernel handle. DriverEntry has not returned yet, the device still carries DO_DEVICE_INITIALIZING
 * and cannot be opened: nobody meets the device before its DACL is on it.
 */
#include "internal.h"

/* Room for three SIDs of at most two subauthorities each, and the list that holds them. */
#define SID_CAPACITY (FIELD_OFFSET(SID, SubAuthority) + 2 * sizeof(ULONG))
#define ACL_CAPACITY (sizeof(ACL) + 3 * (sizeof(ACCESS_ALLOWED_ACE) + SID_CAPACITY))

/* A SID with its bytes; SID alone has room for one subauthority only. */
union sid_storage {
    SID sid;
    UCHAR bytes[SID_CAPACITY];
};

struct grantee {
    UCHAR authority; /* the last byte of the identifier authority */
    UCHAR subauthority_count;
    ULONG subauthority[2];
    ACCESS_MASK access;
};

static const struct grantee local_system = {5, 1, {SECURITY_LOCAL_SYSTEM_RID, 0}, FILE_ALL_ACCESS};
static const struct grantee administrators = {
    5, 2, {SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS}, FILE_ALL_ACCESS};
static const struct grantee authenticated_users = {
    5, 1, {SECURITY_AUTHENTICATED_USER_RID, 0}, FILE_GENERIC_READ | FILE_GENERIC_WRITE};
static const struct grantee everyone = {
    1, 1, {SECURITY_WORLD_RID, 0}, FILE_GENERIC_READ | FILE_GENERIC_WRITE};

static NTSTATUS grant(PACL acl, const struct grantee *grantee)
{
    SID_IDENTIFIER_AUTHORITY authority = {{0, 0, 0, 0, 0, grantee->authority}};
    union sid_storage storage;
    NTSTATUS status;
    UCHAR index;

    status = RtlInitializeSid(&storage.sid, &authority, grantee->subauthority_count);
    if (!NT_SUCCESS(status))
        return status;
    for (index = 0; index < grantee->subauthority_count; index++)
        *RtlSubAuthoritySid(&storage.sid, index) = grantee->subauthority[index];
    return RtlAddAccessAllowedAce(acl, ACL_REVISION, grantee->access, &storage.sid);
}

static NTSTATUS build_acl(PACL acl, ULONG capacity, enum sb_access_level level)
{
    NTSTATUS status;

    status = RtlCreateAcl(acl, capacity, ACL_REVISION);
    if (NT_SUCCESS(status))
        status = grant(acl, &local_system);
    if (NT_SUCCESS(status))
        status = grant(acl, &administrators);
    if (NT_SUCCESS(status) && level == SB_AUTHENTICATED_USERS)
        status = grant(acl, &authenticated_users);
    if (NT_SUCCESS(status) && level == SB_EVERYONE)
        status = grant(acl, &everyone);
    return status;
}

static NTSTATUS set_descriptor(PDEVICE_OBJECT device, PSECURITY_DESCRIPTOR descriptor)
{
    NTSTATUS status;
    HANDLE handle;

    status = ObOpenObjectByPointer(device, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC, NULL, KernelMode,
                                   &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, descriptor);
    ZwClose(handle);
    return status;
}

NTSTATUS sb_device_protect(PDEVICE_OBJECT device, enum sb_access_level level)
{
    union {
        ACL acl;
        UCHAR bytes[ACL_CAPACITY];
    } list;
    SECURITY_DESCRIPTOR descriptor;
    NTSTATUS status;

    status = build_acl(&list.acl, sizeof(list), level);
    if (NT_SUCCESS(status))
        status = RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    if (NT_SUCCESS(status))
        status = RtlSetDaclSecurityDescriptor(&descriptor, TRUE, &list.acl, FALSE);
    if (NT_SUCCESS(status))
        status = set_descriptor(device, &descriptor);
    return status;
}
