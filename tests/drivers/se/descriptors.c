/* SIDs, access control lists and security descriptors: data alone, without a token. */
#include "se.h"

static SID world = {SID_REVISION, 1, {SECURITY_WORLD_SID_AUTHORITY}, {0}};
static SID local_system = {SID_REVISION, 1, {SECURITY_NT_AUTHORITY}, {18}};

PSID world_sid(void)
{
    return &world;
}

PSID system_sid(void)
{
    return &local_system;
}

PSID admins_sid(void)
{
    static const SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    static ULONG room[4];
    PISID sid = (PISID)room;

    sid->Revision = SID_REVISION;
    sid->SubAuthorityCount = 2;
    sid->IdentifierAuthority = nt;
    sid->SubAuthority[0] = 32;
    *(&sid->SubAuthority[0] + 1) = 544;
    return sid;
}

void check_sids(void)
{
    SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    UCHAR bytes[64], copy[64];
    PSID sid = bytes;
    WCHAR text[32];
    UNICODE_STRING string = {0, sizeof text, text};

    CHECK(RtlLengthRequiredSid(2) == 16);
    CHECK_STATUS(STATUS_SUCCESS, RtlInitializeSid(sid, &nt, 2));
    *RtlSubAuthoritySid(sid, 0) = 32;
    *RtlSubAuthoritySid(sid, 1) = 544;
    CHECK(RtlValidSid(sid) && RtlLengthSid(sid) == 16 && *RtlSubAuthorityCountSid(sid) == 2);
    CHECK(RtlEqualSid(sid, admins_sid()) && !RtlEqualSid(sid, system_sid()));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, RtlCopySid(15, copy, sid));
    CHECK_STATUS(STATUS_SUCCESS, RtlCopySid(16, copy, sid));
    CHECK(RtlEqualSid(copy, sid));
    CHECK_STATUS(STATUS_SUCCESS, RtlConvertSidToUnicodeString(&string, sid, FALSE));
    CHECK(string.Length == 24 && wcsncmp(text, L"S-1-5-32-544", 12) == 0);
    string.MaximumLength = 22;
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, RtlConvertSidToUnicodeString(&string, sid, FALSE));
    CHECK_STATUS(STATUS_SUCCESS, RtlConvertSidToUnicodeString(&string, sid, TRUE));
    CHECK(string.MaximumLength == 26);
    RtlFreeUnicodeString(&string);
    ((PISID)sid)->SubAuthorityCount = 16;
    CHECK(!RtlValidSid(sid));
    CHECK_STATUS(STATUS_INVALID_SID, RtlConvertSidToUnicodeString(&string, sid, TRUE));
}

void check_acls(void)
{
    UCHAR bytes[64];
    PACL acl = (PACL)bytes;
    PACCESS_ALLOWED_ACE ace;

    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, RtlCreateAcl(acl, 7, ACL_REVISION));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, RtlCreateAcl(acl, sizeof bytes, 5));
    CHECK_STATUS(STATUS_SUCCESS, RtlCreateAcl(acl, sizeof bytes, ACL_REVISION));
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlAddAccessAllowedAce(acl, ACL_REVISION, FILE_READ_DATA, world_sid()));
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlAddAccessAllowedAce(acl, ACL_REVISION, FILE_ALL_ACCESS, system_sid()));
    CHECK(acl->AceCount == 2);
    CHECK_STATUS(STATUS_ALLOTTED_SPACE_EXCEEDED,
                 RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, world_sid()));
    CHECK_STATUS(STATUS_REVISION_MISMATCH, RtlAddAccessAllowedAce(acl, 9, 1, world_sid()));
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(acl, 1, (PVOID *)&ace));
    CHECK(ace->Mask == FILE_ALL_ACCESS && ace->Header.AceSize == 20);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, RtlGetAce(acl, 2, (PVOID *)&ace));
    CHECK_STATUS(STATUS_SUCCESS, RtlDeleteAce(acl, 0));
    CHECK_STATUS(STATUS_SUCCESS, RtlGetAce(acl, 0, (PVOID *)&ace));
    CHECK(acl->AceCount == 1 && ace->Mask == FILE_ALL_ACCESS);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, RtlDeleteAce(acl, 1));
}

void check_descriptors(void)
{
    SECURITY_DESCRIPTOR absolute;
    UCHAR bytes[128], acl_bytes[64];
    PACL acl = (PACL)acl_bytes, found;
    ULONG length = 0;
    BOOLEAN present, defaulted;
    PSID owner;

    CHECK_STATUS(STATUS_UNKNOWN_REVISION, RtlCreateSecurityDescriptor(&absolute, 2));
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlCreateSecurityDescriptor(&absolute, SECURITY_DESCRIPTOR_REVISION));
    CHECK(RtlLengthSecurityDescriptor(&absolute) == sizeof absolute);
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlGetDaclSecurityDescriptor(&absolute, &present, &found, &defaulted));
    CHECK(!present);
    RtlCreateAcl(acl, 28, ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, FILE_ALL_ACCESS, world_sid());
    CHECK_STATUS(STATUS_SUCCESS, RtlSetDaclSecurityDescriptor(&absolute, TRUE, acl, FALSE));
    CHECK_STATUS(STATUS_SUCCESS, RtlSetOwnerSecurityDescriptor(&absolute, system_sid(), FALSE));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, RtlAbsoluteToSelfRelativeSD(&absolute, NULL, &length));
    CHECK(length == 20 + 28 + 12);
    CHECK_STATUS(STATUS_SUCCESS, RtlAbsoluteToSelfRelativeSD(&absolute, bytes, &length));
    CHECK(RtlValidRelativeSecurityDescriptor(bytes, length, OWNER_SECURITY_INFORMATION));
    CHECK(!RtlValidRelativeSecurityDescriptor(bytes, length, GROUP_SECURITY_INFORMATION));
    CHECK(!RtlValidRelativeSecurityDescriptor(bytes, length - 4, 0));
    CHECK(RtlLengthSecurityDescriptor(bytes) == length);
    CHECK_STATUS(STATUS_SUCCESS, RtlGetOwnerSecurityDescriptor(bytes, &owner, &defaulted));
    CHECK((PUCHAR)owner > bytes && RtlEqualSid(owner, system_sid()));
    CHECK_STATUS(STATUS_INVALID_SECURITY_DESCR,
                 RtlSetDaclSecurityDescriptor(bytes, TRUE, acl, FALSE));
    CHECK_STATUS(STATUS_BAD_DESCRIPTOR_FORMAT, RtlAbsoluteToSelfRelativeSD(bytes, NULL, &length));
}
