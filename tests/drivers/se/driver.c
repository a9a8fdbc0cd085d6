/*
 * Security from inside a driver. DriverEntry checks as the system; a control request makes the same
 * questions in the caller's name and answers with what was found.
 */
#include "se.h"

#include "groups.h"

CHECK_DEFINITIONS("se")

#define IOCTL_WHO CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define TEST_TAG  0x54736554

NTSTATUS NTAPI ObSetSecurityObjectByPointer(PVOID object, SECURITY_INFORMATION information,
                                            PSECURITY_DESCRIPTOR descriptor);

/* What IOCTL_WHO answers, four bytes each. */
struct who {
    ULONG is_admin, may_load_drivers, may_traverse, session, admin_file_status, world_file_access,
        denied_status, maximum, user_sub_authority, integrity, open_token_status, system_security;
};

static GENERIC_MAPPING mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                                  FILE_ALL_ACCESS};
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\SeTest");
static PDRIVER_OBJECT this_driver;
static PDEVICE_OBJECT test_device;
static UNICODE_STRING admin_link_name = RTL_CONSTANT_STRING(L"\\??\\SeAdmin");

/* What SeExports says is what the other groups make for themselves. */
static void check_well_known_sids(void)
{
    CHECK(RtlEqualSid(SeExports->SeWorldSid, world_sid()));
    CHECK(RtlEqualSid(SeExports->SeLocalSystemSid, system_sid()));
    CHECK(RtlEqualSid(SeExports->SeAliasAdminsSid, admins_sid()));
    CHECK(!RtlEqualSid(SeExports->SeAliasUsersSid, admins_sid()));
    CHECK(SeExports->SeLoadDriverPrivilege.LowPart == 10);
    CHECK(*RtlSubAuthoritySid(SeExports->SeLocalSystemSid, 0) == 18);
}

static void check_token(void)
{
    PACCESS_TOKEN token = PsReferencePrimaryToken(PsGetCurrentProcess());
    PTOKEN_USER user = NULL;
    ULONG session = 7;
    LUID id;

    CHECK(SeTokenIsAdmin(token) && !SeTokenIsRestricted(token));
    CHECK(SeTokenType(token) == TokenPrimary);
    CHECK_STATUS(STATUS_SUCCESS, SeQueryInformationToken(token, TokenUser, (PVOID *)&user));
    CHECK(user && RtlEqualSid(user->User.Sid, SeExports->SeLocalSystemSid));
    if (user)
        ExFreePool(user);
    CHECK_STATUS(STATUS_SUCCESS, SeQuerySessionIdToken(token, &session));
    CHECK(session == 0);
    CHECK_STATUS(STATUS_SUCCESS, SeQueryAuthenticationIdToken(token, &id));
    CHECK(id.LowPart == 0x3E7 && id.HighPart == 0);
    CHECK_STATUS(STATUS_INVALID_INFO_CLASS,
                 SeQueryInformationToken(token, (TOKEN_INFORMATION_CLASS)99, (PVOID *)&user));
    PsDereferencePrimaryToken(token);
}

static void check_token_handle(void)
{
    PTOKEN_PRIVILEGES privileges;
    TOKEN_STATISTICS statistics;
    HANDLE handle, duplicate;
    ULONG length = 0;

    CHECK_STATUS(STATUS_SUCCESS, ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_ALL_ACCESS,
                                                      OBJ_KERNEL_HANDLE, &handle));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL,
                 ZwQueryInformationToken(handle, TokenPrivileges, NULL, 0, &length));
    privileges = ExAllocatePoolWithTag(PagedPool, length, TEST_TAG);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryInformationToken(handle, TokenPrivileges, privileges, length, &length));
    CHECK(length == 4 + privileges->PrivilegeCount * sizeof(LUID_AND_ATTRIBUTES));
    ExFreePoolWithTag(privileges, TEST_TAG);
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryInformationToken(handle, TokenStatistics, &statistics,
                                                         sizeof statistics, &length));
    CHECK(statistics.TokenType == TokenPrimary && statistics.GroupCount == 4);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwDuplicateToken(handle, 0, NULL, FALSE, TokenPrimary, &duplicate));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(duplicate));
    CHECK_STATUS(STATUS_NO_TOKEN, ZwOpenThreadTokenEx(NtCurrentThread(), TOKEN_QUERY, TRUE,
                                                      OBJ_KERNEL_HANDLE, &duplicate));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(handle));
    CHECK_STATUS(
        STATUS_INVALID_HANDLE,
        ZwQueryInformationToken(handle, TokenStatistics, &statistics, sizeof statistics, &length));
}

static void check_impersonation(void)
{
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation,
                                           SECURITY_DYNAMIC_TRACKING, FALSE};
    SECURITY_CLIENT_CONTEXT client;
    SECURITY_SUBJECT_CONTEXT subject;
    BOOLEAN copy_on_open, effective_only;
    SECURITY_IMPERSONATION_LEVEL level;
    PACCESS_TOKEN token;

    CHECK_STATUS(STATUS_SUCCESS,
                 SeCreateClientSecurity(PsGetCurrentThread(), &quality, FALSE, &client));
    CHECK(PsReferenceImpersonationToken(PsGetCurrentThread(), &copy_on_open, &effective_only,
                                        &level) == NULL);
    CHECK_STATUS(STATUS_SUCCESS, SeImpersonateClientEx(&client, NULL));
    token =
        PsReferenceImpersonationToken(PsGetCurrentThread(), &copy_on_open, &effective_only, &level);
    CHECK(token == client.ClientToken && level == SecurityImpersonation);
    CHECK(token && SeTokenType(token) == TokenImpersonation);
    PsDereferenceImpersonationToken(token);
    SeCaptureSubjectContext(&subject);
    CHECK(subject.ClientToken == client.ClientToken);
    SeReleaseSubjectContext(&subject);
    PsRevertToSelf();
    SeCaptureSubjectContext(&subject);
    CHECK(!subject.ClientToken && subject.PrimaryToken);
    SeReleaseSubjectContext(&subject);
    SeDeleteClientSecurity(&client);
}

/* Everyone may read, administrators may do all, the interactive user may not write attributes. */
static ULONG check_access(PACL acl, ACCESS_MASK desired, ACCESS_MASK *granted)
{
    SECURITY_DESCRIPTOR descriptor;
    SECURITY_SUBJECT_CONTEXT subject;
    NTSTATUS status;

    RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&descriptor, TRUE, acl, FALSE);
    RtlSetOwnerSecurityDescriptor(&descriptor, SeExports->SeLocalSystemSid, FALSE);
    RtlSetGroupSecurityDescriptor(&descriptor, SeExports->SeLocalSystemSid, FALSE);
    SeCaptureSubjectContext(&subject);
    SeLockSubjectContext(&subject);
    SeAccessCheck(&descriptor, &subject, TRUE, desired, 0, NULL, &mapping, UserMode, granted,
                  &status);
    SeUnlockSubjectContext(&subject);
    SeReleaseSubjectContext(&subject);
    return status;
}

static void add_ace(PACL acl, UCHAR type, ACCESS_MASK mask, PSID sid)
{
    PACCESS_ALLOWED_ACE ace;

    CHECK_STATUS(STATUS_SUCCESS, RtlAddAccessAllowedAce(acl, ACL_REVISION, mask, sid));
    RtlGetAce(acl, acl->AceCount - 1u, (PVOID *)&ace);
    ace->Header.AceType = type;
}

static void who_is_it(struct who *who)
{
    UCHAR bytes[128];
    PACL acl = (PACL)bytes;
    PACCESS_TOKEN token = PsReferencePrimaryToken(PsGetCurrentProcess());
    PTOKEN_USER user;
    ACCESS_MASK granted;
    HANDLE handle;
    PVOID integrity = NULL;

    RtlZeroMemory(who, sizeof *who);
    who->is_admin = SeTokenIsAdmin(token);
    who->may_load_drivers = SeSinglePrivilegeCheck(SeExports->SeLoadDriverPrivilege, UserMode);
    who->may_traverse = SeSinglePrivilegeCheck(SeExports->SeChangeNotifyPrivilege, UserMode);
    SeQuerySessionIdToken(token, &who->session);
    if (SeQueryInformationToken(token, TokenUser, (PVOID *)&user) == STATUS_SUCCESS) {
        who->user_sub_authority =
            *RtlSubAuthoritySid(user->User.Sid, *RtlSubAuthorityCountSid(user->User.Sid) - 1u);
        ExFreePool(user);
    }
    SeQueryInformationToken(token, TokenIntegrityLevel, &integrity);
    who->integrity = (ULONG)(ULONG_PTR)integrity;
    PsDereferencePrimaryToken(token);

    RtlCreateAcl(acl, sizeof bytes, ACL_REVISION);
    add_ace(acl, ACCESS_ALLOWED_ACE_TYPE, GENERIC_ALL, SeExports->SeAliasAdminsSid);
    who->admin_file_status = check_access(acl, FILE_READ_DATA, &granted);

    RtlCreateAcl(acl, sizeof bytes, ACL_REVISION);
    add_ace(acl, ACCESS_DENIED_ACE_TYPE, FILE_WRITE_DATA, SeExports->SeInteractiveSid);
    add_ace(acl, ACCESS_ALLOWED_ACE_TYPE, GENERIC_READ | GENERIC_WRITE, SeExports->SeWorldSid);
    check_access(acl, GENERIC_READ, &granted);
    who->world_file_access = granted;
    who->denied_status = check_access(acl, FILE_READ_DATA | FILE_WRITE_DATA, &granted);
    check_access(acl, MAXIMUM_ALLOWED, &granted);
    who->maximum = granted;
    who->system_security = check_access(acl, ACCESS_SYSTEM_SECURITY, &granted);
    who->open_token_status =
        ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_QUERY, OBJ_KERNEL_HANDLE, &handle);
    if (who->open_token_status == STATUS_SUCCESS)
        ZwClose(handle);
}

static void check_kernel_access(void)
{
    SECURITY_SUBJECT_CONTEXT subject;
    ACCESS_MASK granted = 0;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    SeCaptureSubjectContext(&subject);
    CHECK(SeAccessCheck(NULL, &subject, FALSE, MAXIMUM_ALLOWED, 0, NULL, &mapping, KernelMode,
                        &granted, &status));
    CHECK(granted == FILE_ALL_ACCESS && status == STATUS_SUCCESS);
    CHECK(!SeAccessCheck(NULL, &subject, FALSE, FILE_READ_DATA, 0, NULL, &mapping, UserMode,
                         &granted, &status));
    CHECK(granted == 0 && status == STATUS_ACCESS_DENIED);
    SeReleaseSubjectContext(&subject);
}

/* The default descriptor of a device, then one that keeps all but administrators out. */
static void check_device(void)
{
    PDEVICE_OBJECT device = test_device;
    PSECURITY_DESCRIPTOR found = NULL;
    SECURITY_DESCRIPTOR descriptor;
    UCHAR bytes[64];
    PACL acl = (PACL)bytes, dacl = NULL;
    PACCESS_ALLOWED_ACE ace;
    BOOLEAN allocated = FALSE, present = FALSE, defaulted;

    CHECK_STATUS(STATUS_SUCCESS, ObGetObjectSecurity(device, &found, &allocated));
    CHECK_STATUS(STATUS_SUCCESS, RtlGetDaclSecurityDescriptor(found, &present, &dacl, &defaulted));
    CHECK(present && dacl && dacl->AceCount == 4);
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(dacl, 0, (PVOID *)&ace));
    CHECK(RtlEqualSid(&ace->SidStart, SeExports->SeWorldSid));
    CHECK(ace->Mask == (FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_GENERIC_EXECUTE));
    ObReleaseObjectSecurity(found, allocated);

    RtlCreateAcl(acl, sizeof bytes, ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, SeExports->SeAliasAdminsSid);
    RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&descriptor, TRUE, acl, FALSE);
    CHECK_STATUS(STATUS_SUCCESS,
                 ObSetSecurityObjectByPointer(device, DACL_SECURITY_INFORMATION, &descriptor));
    CHECK_STATUS(STATUS_SUCCESS, ObGetObjectSecurity(device, &found, &allocated));
    CHECK_STATUS(STATUS_SUCCESS, RtlGetDaclSecurityDescriptor(found, &present, &dacl, &defaulted));
    CHECK(dacl && dacl->AceCount == 1);
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(dacl, 0, (PVOID *)&ace));
    CHECK(ace->Mask == FILE_ALL_ACCESS); /* generic rights are stored as what they mean */
    ObReleaseObjectSecurity(found, allocated);
    RtlSetDaclSecurityDescriptor(&descriptor, TRUE, NULL, FALSE);
    CHECK_STATUS(STATUS_SUCCESS,
                 ObSetSecurityObjectByPointer(device, DACL_SECURITY_INFORMATION, &descriptor));
}

/* Inheritable ACEs of a parent, the creator's among them, and the token's default without one. */
static void check_assignment(void)
{
    SECURITY_DESCRIPTOR parent;
    PSECURITY_DESCRIPTOR made = NULL;
    SECURITY_SUBJECT_CONTEXT subject;
    UCHAR bytes[128];
    PACL acl = (PACL)bytes, dacl = NULL;
    PACCESS_ALLOWED_ACE ace;
    BOOLEAN present = FALSE, defaulted = FALSE;
    PSID owner = NULL;

    SeCaptureSubjectContext(&subject);
    CHECK_STATUS(STATUS_SUCCESS,
                 SeAssignSecurity(NULL, NULL, &made, FALSE, &subject, &mapping, PagedPool));
    CHECK_STATUS(STATUS_SUCCESS, RtlGetDaclSecurityDescriptor(made, &present, &dacl, &defaulted));
    CHECK(present && defaulted && dacl && dacl->AceCount == 2);
    CHECK_STATUS(STATUS_SUCCESS, RtlGetOwnerSecurityDescriptor(made, &owner, &defaulted));
    CHECK(RtlEqualSid(owner, SeExports->SeAliasAdminsSid));
    CHECK_STATUS(STATUS_SUCCESS, SeDeassignSecurity(&made));
    CHECK(made == NULL);

    RtlCreateAcl(acl, sizeof bytes, ACL_REVISION);
    RtlAddAccessAllowedAceEx(acl, ACL_REVISION, OBJECT_INHERIT_ACE, GENERIC_READ,
                             SeExports->SeWorldSid);
    RtlAddAccessAllowedAceEx(acl, ACL_REVISION, CONTAINER_INHERIT_ACE, GENERIC_ALL,
                             SeExports->SeCreatorOwnerSid);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, SeExports->SeLocalSystemSid);
    RtlCreateSecurityDescriptor(&parent, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&parent, TRUE, acl, FALSE);
    CHECK_STATUS(STATUS_SUCCESS,
                 SeAssignSecurity(&parent, NULL, &made, FALSE, &subject, &mapping, PagedPool));
    RtlGetDaclSecurityDescriptor(made, &present, &dacl, &defaulted);
    CHECK(dacl && dacl->AceCount == 1);
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(dacl, 0, (PVOID *)&ace));
    CHECK(ace->Mask == FILE_GENERIC_READ && ace->Header.AceFlags == 0);
    SeDeassignSecurity(&made);
    CHECK_STATUS(STATUS_SUCCESS,
                 SeAssignSecurity(&parent, NULL, &made, TRUE, &subject, &mapping, PagedPool));
    RtlGetDaclSecurityDescriptor(made, &present, &dacl, &defaulted);
    CHECK(dacl && dacl->AceCount == 3); /* one to pass on, the owner's and the creator's */
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(dacl, 0, (PVOID *)&ace));
    CHECK(ace->Header.AceFlags == (OBJECT_INHERIT_ACE | INHERIT_ONLY_ACE));
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(dacl, 1, (PVOID *)&ace));
    CHECK(RtlEqualSid(&ace->SidStart, SeExports->SeAliasAdminsSid) && ace->Header.AceFlags == 0);
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(dacl, 2, (PVOID *)&ace));
    CHECK(ace->Mask == GENERIC_ALL &&
          ace->Header.AceFlags == (CONTAINER_INHERIT_ACE | INHERIT_ONLY_ACE));
    SeDeassignSecurity(&made);
    SeReleaseSubjectContext(&subject);
}

/* A device only administrators may open, secured by handle as wdmsec.lib does it. */
static void check_admin_device(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SeAdmin");
    SECURITY_DESCRIPTOR descriptor;
    UCHAR bytes[64], read[128];
    PACL acl = (PACL)bytes;
    PDEVICE_OBJECT device;
    ULONG needed = 0;
    HANDLE handle;
    NTSTATUS status = IoCreateDevice(this_driver, 0, &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    CHECK_STATUS(STATUS_SUCCESS, status);
    if (!NT_SUCCESS(status))
        return;
    RtlCreateAcl(acl, sizeof bytes, ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, system_sid());
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, admins_sid());
    RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&descriptor, TRUE, acl, FALSE);
    status = ObOpenObjectByPointer(device, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC, NULL, KernelMode,
                                   &handle);
    CHECK_STATUS(STATUS_SUCCESS, status);
    if (!NT_SUCCESS(status))
        return;
    CHECK_STATUS(STATUS_ACCESS_VIOLATION,
                 ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, NULL));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, &descriptor));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL,
                 ZwQuerySecurityObject(handle, DACL_SECURITY_INFORMATION, NULL, 0, &needed));
    CHECK(needed == 20 + 8 + 20 + 24);
    CHECK_STATUS(STATUS_SUCCESS, ZwQuerySecurityObject(handle, DACL_SECURITY_INFORMATION, read,
                                                       sizeof read, &needed));
    CHECK(RtlValidRelativeSecurityDescriptor(read, needed, DACL_SECURITY_INFORMATION));
    ZwClose(handle);
    CHECK_STATUS(STATUS_SUCCESS, IoCreateSymbolicLink(&admin_link_name, &name));
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR information = 0;

    (void)device;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(struct who)) {
            status = STATUS_BUFFER_TOO_SMALL;
        } else {
            who_is_it(irp->AssociatedIrp.SystemBuffer);
            information = sizeof(struct who);
        }
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteSymbolicLink(&link_name);
    IoDeleteSymbolicLink(&admin_link_name);
    while (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
}

static struct check_group groups[] = {
    CHECK_GROUP(sids),          CHECK_GROUP(well_known_sids), CHECK_GROUP(acls),
    CHECK_GROUP(descriptors),   CHECK_GROUP(token),           CHECK_GROUP(token_handle),
    CHECK_GROUP(impersonation), CHECK_GROUP(kernel_access),   CHECK_GROUP(assignment),
    CHECK_GROUP(device),        CHECK_GROUP(admin_device),
};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SeTest");
    NTSTATUS status;

    this_driver = driver;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &test_device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link_name, &name);
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    if (NT_SUCCESS(status))
        status = groups_result();
    if (!NT_SUCCESS(status))
        unload(driver);
    return status;
}
