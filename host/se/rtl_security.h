/*
 * The runtime half of security: SIDs, ACLs and security descriptors as plain memory. Nothing here
 * knows a machine, but for the routines that allocate. Prototypes below are documented exports that
 * the DDK headers lack.
 */
#ifndef SYSBUF_HOST_RTL_SECURITY_H
#define SYSBUF_HOST_RTL_SECURITY_H

#include "host/nt.h"

/* Pool tags "Sid ", "SeSd", "SeTk" in memory. */
enum { SE_SID_TAG = 0x20646953, SE_DESCRIPTOR_TAG = 0x64536553, SE_TOKEN_TAG = 0x6B546553 };
enum { SE_SID_MAXIMUM = 68 }; /* bytes of a SID with fifteen subauthorities */

/* Room for any SID, aligned as one. */
union se_sid {
    SID sid;
    UCHAR storage[SE_SID_MAXIMUM];
};

/* What a descriptor of either form points at; NULL for what it lacks. */
struct se_parts {
    SECURITY_DESCRIPTOR_CONTROL control;
    PSID owner, group;
    PACL dacl, sacl;
};
struct se_parts se_descriptor_parts(PSECURITY_DESCRIPTOR descriptor);
/* A self-relative descriptor of the parts, in paged pool (SE_DESCRIPTOR_TAG); NULL: no memory. */
PSECURITY_DESCRIPTOR se_descriptor_build(const struct se_parts *parts);
ULONG se_parts_length(const struct se_parts *parts);
/* Writes the parts at descriptor, which has room for se_parts_length. */
void se_parts_store(const struct se_parts *parts, PISECURITY_DESCRIPTOR_RELATIVE descriptor);

/* The ACE after ace; the ACL is valid. */
static inline PACE_HEADER se_ace_first(PACL acl)
{
    return (PACE_HEADER)(acl + 1);
}
static inline PACE_HEADER se_ace_next(PACE_HEADER ace)
{
    return (PACE_HEADER)((PUCHAR)ace + ace->AceSize);
}
/* The mask and SID of the ACE types that have them right behind the header. */
static inline ACCESS_MASK se_ace_mask(PACE_HEADER ace)
{
    return ((PACCESS_ALLOWED_ACE)ace)->Mask;
}
static inline PSID se_ace_sid(PACE_HEADER ace)
{
    return &((PACCESS_ALLOWED_ACE)ace)->SidStart;
}

/* As winnt.h has them. */
typedef enum _ACL_INFORMATION_CLASS {
    AclRevisionInformation = 1,
    AclSizeInformation
} ACL_INFORMATION_CLASS;
typedef struct _ACL_REVISION_INFORMATION {
    ULONG AclRevision;
} ACL_REVISION_INFORMATION, *PACL_REVISION_INFORMATION;
typedef struct _ACL_SIZE_INFORMATION {
    ULONG AceCount;
    ULONG AclBytesInUse;
    ULONG AclBytesFree;
} ACL_SIZE_INFORMATION, *PACL_SIZE_INFORMATION;

PSID_IDENTIFIER_AUTHORITY NTAPI RtlIdentifierAuthoritySid(PSID sid);
NTSTATUS __attribute__((ms_abi))
RtlInitializeSidEx(PSID sid, PSID_IDENTIFIER_AUTHORITY authority, ULONG count, ...);
NTSTATUS NTAPI RtlCopySidAndAttributesArray(ULONG count, PSID_AND_ATTRIBUTES source, ULONG room,
                                            PSID_AND_ATTRIBUTES target, PSID next_sid, PSID *end,
                                            PULONG left);
BOOLEAN NTAPI RtlFirstFreeAce(PACL acl, PVOID *ace);
BOOLEAN NTAPI RtlValidAcl(PACL acl);
NTSTATUS NTAPI RtlQueryInformationAcl(PACL acl, PVOID information, ULONG length,
                                      ACL_INFORMATION_CLASS class);
NTSTATUS NTAPI RtlSetInformationAcl(PACL acl, PVOID information, ULONG length,
                                    ACL_INFORMATION_CLASS class);
NTSTATUS NTAPI RtlAddAccessDeniedAce(PACL acl, ULONG revision, ACCESS_MASK mask, PSID sid);
NTSTATUS NTAPI RtlAddAccessDeniedAceEx(PACL acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                       PSID sid);
NTSTATUS NTAPI RtlAddAuditAccessAce(PACL acl, ULONG revision, ACCESS_MASK mask, PSID sid,
                                    BOOLEAN success, BOOLEAN failure);
NTSTATUS NTAPI RtlAddAuditAccessAceEx(PACL acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                      PSID sid, BOOLEAN success, BOOLEAN failure);
PVOID NTAPI RtlFindAceByType(PACL acl, UCHAR type, PULONG index);
BOOLEAN NTAPI RtlOwnerAcesPresent(PACL acl);
NTSTATUS NTAPI RtlGetControlSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                               PSECURITY_DESCRIPTOR_CONTROL control,
                                               PULONG revision);
NTSTATUS NTAPI RtlSetControlSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                               SECURITY_DESCRIPTOR_CONTROL interest,
                                               SECURITY_DESCRIPTOR_CONTROL control);

#endif
