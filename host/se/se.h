/*
 * Security: tokens, the subject of an operation, access checks, descriptors of objects.
 *
 * A process has a primary token for life (EPROCESS.token); a thread may impersonate
 * (ETHREAD.impersonation, se_state.lock). Tokens never change but for their privileges' attributes
 * and default DACL (token lock, a leaf). Descriptors of objects (object_header.security) are
 * replaced as a whole under se_state.lock and read by copying.
 */
#ifndef SYSBUF_HOST_SE_H
#define SYSBUF_HOST_SE_H

#include "host/ob/object.h"
#include "host/se/rtl_security.h"

/* winnt.h's group attributes; ntifs.h has none. */
#ifndef SE_GROUP_MANDATORY
#define SE_GROUP_MANDATORY          0x00000001
#define SE_GROUP_ENABLED_BY_DEFAULT 0x00000002
#define SE_GROUP_ENABLED            0x00000004
#define SE_GROUP_OWNER              0x00000008
#define SE_GROUP_USE_FOR_DENY_ONLY  0x00000010
#define SE_GROUP_INTEGRITY          0x00000020
#define SE_GROUP_INTEGRITY_ENABLED  0x00000040
#define SE_GROUP_LOGON_ID           0xC0000000
#endif

#ifndef PROCESS_QUERY_INFORMATION
#define PROCESS_QUERY_INFORMATION 0x0400
#endif
#ifndef THREAD_QUERY_INFORMATION
#define THREAD_QUERY_INFORMATION 0x0040
#endif

/* The identifiers that se_sid knows. */
enum se_well_known {
    SE_SID_NULL,
    SE_SID_WORLD,
    SE_SID_LOCAL,
    SE_SID_CREATOR_OWNER,
    SE_SID_CREATOR_GROUP,
    SE_SID_OWNER_RIGHTS,
    SE_SID_NT_AUTHORITY,
    SE_SID_DIALUP,
    SE_SID_NETWORK,
    SE_SID_BATCH,
    SE_SID_INTERACTIVE,
    SE_SID_ANONYMOUS,
    SE_SID_AUTHENTICATED_USERS,
    SE_SID_RESTRICTED,
    SE_SID_IUSER,
    SE_SID_LOCAL_SYSTEM,
    SE_SID_LOCAL_SERVICE,
    SE_SID_NETWORK_SERVICE,
    SE_SID_ADMINISTRATORS,
    SE_SID_USERS,
    SE_SID_GUESTS,
    SE_SID_POWER_USERS,
    SE_SID_ACCOUNT_OPERATORS,
    SE_SID_SYSTEM_OPERATORS,
    SE_SID_PRINT_OPERATORS,
    SE_SID_BACKUP_OPERATORS,
    SE_SID_UNTRUSTED_LABEL,
    SE_SID_LOW_LABEL,
    SE_SID_MEDIUM_LABEL,
    SE_SID_HIGH_LABEL,
    SE_SID_SYSTEM_LABEL,
    SE_SID_ADMINISTRATOR_ACCOUNT, /* the administrator of the host's processes */
    SE_SID_USER_ACCOUNT,          /* and the ordinary user */
    SE_SID_ACCOUNTS_GROUP,        /* "None", both accounts' primary group */
    SE_SID_LOGON,                 /* the logon session of both */
    SE_SID_COUNT
};
PSID se_sid(enum se_well_known which); /* constant; lives as long as the process */

enum se_token_kind { SE_TOKEN_SYSTEM, SE_TOKEN_ADMINISTRATOR, SE_TOKEN_USER };
enum { SE_GROUP_LIMIT = 16, SE_PRIVILEGE_LIMIT = 36, SE_DYNAMIC_BYTES = 512 };

struct se_group {
    union se_sid sid;
    ULONG attributes;
};

/* The object body of a token. */
struct token {
    TOKEN_TYPE type;
    SECURITY_IMPERSONATION_LEVEL level;
    LUID id, authentication_id, modified_id, origin;
    TOKEN_SOURCE source;
    ULONG session_id;
    ULONG group_count; /* the user is group 0 */
    struct se_group groups[SE_GROUP_LIMIT];
    ULONG owner, primary_group, label; /* indexes of groups */
    struct linux_lock lock;
    LONG readers; /* SeLockSubjectContext: no change while not 0 */
    ULONG privilege_count;
    LUID_AND_ATTRIBUTES privileges[SE_PRIVILEGE_LIMIT];
    union {
        ACL acl;
        UCHAR storage[SE_DYNAMIC_BYTES];
    } default_dacl;
    BOOLEAN has_default_dacl;
};

/* What a thread impersonates (pool); se_state.lock. */
struct impersonation {
    struct token *token; /* referenced */
    SECURITY_IMPERSONATION_LEVEL level;
    BOOLEAN copy_on_open, effective_only;
};

struct se_state {
    struct linux_lock lock;
    uint64_t last_luid;
    void *exports;     /* SE_EXPORTS and its SIDs */
    void *public_dacl; /* pool */
    void *system_dacl;
};

extern OBJECT_TYPE se_token_type;

NTSTATUS se_initialize(struct machine *machine);
void se_destroy(struct machine *machine);

LUID se_luid_allocate(struct machine *machine);
/* A new primary token, one reference. */
NTSTATUS se_token_create(struct machine *machine, enum se_token_kind kind, struct token **token);
/* A copy with another type and level. */
NTSTATUS se_token_duplicate(const struct token *from, TOKEN_TYPE type,
                            SECURITY_IMPERSONATION_LEVEL level, BOOLEAN effective_only,
                            struct token **token);
/* Whether the SID is the token's, enabled; for_deny counts deny-only groups too. */
BOOLEAN se_token_has_sid(const struct token *token, PSID sid, BOOLEAN for_deny);
BOOLEAN se_token_has_privilege(struct token *token, LUID privilege);
ULONG se_token_integrity(const struct token *token); /* SECURITY_MANDATORY_*_RID */

/* Ends a thread's impersonation, if any. */
void se_thread_revert(PETHREAD thread);

/* The token that decides for the current thread, referenced, and its level. */
struct token *se_effective_token(SECURITY_IMPERSONATION_LEVEL *level);

/* May the current thread (its token) have desired access to object? Kernel mode may have all.
 * *granted gets the specific rights. STATUS_ACCESS_DENIED, STATUS_PRIVILEGE_NOT_HELD,
 * STATUS_BAD_IMPERSONATION_LEVEL. PASSIVE_LEVEL. Io calls it for each create on a device. */
NTSTATUS se_object_access(void *object, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                          ACCESS_MASK *granted);
/* A copy of the object's descriptor (its own or its type's default) in pool, or NULL: none. */
NTSTATUS se_object_descriptor(void *object, PSECURITY_DESCRIPTOR *descriptor);
/* Changes the parts that information names. */
NTSTATUS se_object_set(void *object, SECURITY_INFORMATION information,
                       PSECURITY_DESCRIPTOR descriptor);
/* Gives a new object the descriptor that object attributes ask for (may be NULL). */
NTSTATUS se_object_assign(void *object, PSECURITY_DESCRIPTOR descriptor);

/* Access state of an open (IO_SECURITY_CONTEXT.AccessState); AuxData is unused. */
NTSTATUS NTAPI SeCreateAccessState(PACCESS_STATE state, PVOID aux_data, ACCESS_MASK access,
                                   PGENERIC_MAPPING mapping);
VOID NTAPI SeDeleteAccessState(PACCESS_STATE state);

/* Documented exports that the DDK headers lack. */
VOID NTAPI SeCaptureSubjectContextEx(PETHREAD thread, PEPROCESS process,
                                     PSECURITY_SUBJECT_CONTEXT context);
SECURITY_IMPERSONATION_LEVEL NTAPI SeTokenImpersonationLevel(PACCESS_TOKEN token);
BOOLEAN NTAPI PsIsThreadImpersonating(PETHREAD thread);
NTSTATUS NTAPI ObSetSecurityObjectByPointer(PVOID object, SECURITY_INFORMATION information,
                                            PSECURITY_DESCRIPTOR descriptor);
NTSTATUS NTAPI SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, KPROCESSOR_MODE mode,
                                           POOL_TYPE pool, BOOLEAN capture_if_kernel,
                                           PSECURITY_DESCRIPTOR *captured);
VOID NTAPI SeReleaseSecurityDescriptor(PSECURITY_DESCRIPTOR captured, KPROCESSOR_MODE mode,
                                       BOOLEAN capture_if_kernel);

#endif
