/* Tokens by handle: open, duplicate, adjust. */
#include "host/ke/schedule.h"
#include "host/ps/ps.h"
#include "host/se/se.h"

enum { PRIVILEGE_SETTABLE = SE_PRIVILEGE_ENABLED | SE_PRIVILEGE_REMOVED };

static NTSTATUS give_handle(struct token *token, ACCESS_MASK access, ULONG attributes,
                            KPROCESSOR_MODE mode, PHANDLE handle)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    ACCESS_MASK granted;
    HANDLE opened;
    NTSTATUS status = se_object_access(token, access, mode, &granted);
    if (!NT_SUCCESS(status))
        return status;
    if ((attributes & OBJ_KERNEL_HANDLE) && mode == KernelMode)
        process = process->machine->ps->system_process;
    status = ob_handle_create(process, token, granted, attributes & OBJ_INHERIT, &opened);
    if (NT_SUCCESS(status))
        *handle = opened;
    return status;
}

static NTSTATUS open_process_token(HANDLE process_handle, ACCESS_MASK access, ULONG attributes,
                                   PHANDLE handle, KPROCESSOR_MODE mode)
{
    struct _EPROCESS *process;
    NTSTATUS status = ObReferenceObjectByHandle(process_handle, PROCESS_QUERY_INFORMATION,
                                                &ps_process_type, mode, (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    struct token *token = PsReferencePrimaryToken(process);
    status = give_handle(token, access, attributes, mode, handle);
    ob_dereference(token);
    ob_dereference(process);
    return status;
}

NTSTATUS NTAPI ZwOpenProcessTokenEx(HANDLE process, ACCESS_MASK access, ULONG attributes,
                                    PHANDLE token)
{
    return open_process_token(process, access, attributes, token, KernelMode);
}
SB_EXPORT(ZwOpenProcessTokenEx)

NTSTATUS NTAPI NtOpenProcessTokenEx(HANDLE process, ACCESS_MASK access, ULONG attributes,
                                    PHANDLE token)
{
    return open_process_token(process, access, attributes, token,
                              current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtOpenProcessTokenEx)

NTSTATUS NTAPI ZwOpenProcessToken(HANDLE process, ACCESS_MASK access, PHANDLE token)
{
    return open_process_token(process, access, 0, token, KernelMode);
}
SB_EXPORT(ZwOpenProcessToken)

NTSTATUS NTAPI NtOpenProcessToken(HANDLE process, ACCESS_MASK access, PHANDLE token)
{
    return open_process_token(process, access, 0, token, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtOpenProcessToken)

/* open_as_self is about whose rights are checked; a kernel caller has all. */
static NTSTATUS open_thread_token(HANDLE thread_handle, ACCESS_MASK access, ULONG attributes,
                                  PHANDLE handle, KPROCESSOR_MODE mode)
{
    PETHREAD thread;
    BOOLEAN copy_on_open, effective_only;
    SECURITY_IMPERSONATION_LEVEL level;
    NTSTATUS status = ObReferenceObjectByHandle(thread_handle, THREAD_QUERY_INFORMATION,
                                                &ps_thread_type, mode, (PVOID *)&thread, NULL);
    if (!NT_SUCCESS(status))
        return status;
    struct token *token =
        PsReferenceImpersonationToken(thread, &copy_on_open, &effective_only, &level);
    ob_dereference(thread);
    if (!token)
        return STATUS_NO_TOKEN;
    if (level == SecurityAnonymous) {
        status = STATUS_CANT_OPEN_ANONYMOUS;
    } else if (copy_on_open) {
        struct token *copy;
        status = se_token_duplicate(token, TokenImpersonation, level, effective_only, &copy);
        if (NT_SUCCESS(status)) {
            status = give_handle(copy, access, attributes, mode, handle);
            ob_dereference(copy);
        }
    } else {
        status = give_handle(token, access, attributes, mode, handle);
    }
    ob_dereference(token);
    return status;
}

NTSTATUS NTAPI ZwOpenThreadTokenEx(HANDLE thread, ACCESS_MASK access, BOOLEAN open_as_self,
                                   ULONG attributes, PHANDLE token)
{
    return open_thread_token(thread, access, attributes, token, KernelMode);
}
SB_EXPORT(ZwOpenThreadTokenEx)

NTSTATUS NTAPI NtOpenThreadTokenEx(HANDLE thread, ACCESS_MASK access, BOOLEAN open_as_self,
                                   ULONG attributes, PHANDLE token)
{
    return open_thread_token(thread, access, attributes, token,
                             current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtOpenThreadTokenEx)

NTSTATUS NTAPI ZwOpenThreadToken(HANDLE thread, ACCESS_MASK access, BOOLEAN open_as_self,
                                 PHANDLE token)
{
    return open_thread_token(thread, access, 0, token, KernelMode);
}
SB_EXPORT(ZwOpenThreadToken)

NTSTATUS NTAPI NtOpenThreadToken(HANDLE thread, ACCESS_MASK access, BOOLEAN open_as_self,
                                 PHANDLE token)
{
    return open_thread_token(thread, access, 0, token, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtOpenThreadToken)

static SECURITY_IMPERSONATION_LEVEL asked_level(POBJECT_ATTRIBUTES attributes)
{
    PSECURITY_QUALITY_OF_SERVICE quality = attributes ? attributes->SecurityQualityOfService : NULL;
    return quality ? quality->ImpersonationLevel : SecurityAnonymous;
}

static NTSTATUS duplicate_token(HANDLE existing, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                BOOLEAN effective_only, TOKEN_TYPE type, PHANDLE handle,
                                KPROCESSOR_MODE mode)
{
    struct token *token, *copy;
    OBJECT_HANDLE_INFORMATION information;
    SECURITY_IMPERSONATION_LEVEL level = asked_level(attributes);
    if (type != TokenPrimary && type != TokenImpersonation)
        return STATUS_INVALID_PARAMETER;
    if ((ULONG)level > SecurityDelegation)
        return STATUS_BAD_IMPERSONATION_LEVEL;
    NTSTATUS status = ObReferenceObjectByHandle(existing, TOKEN_DUPLICATE, &se_token_type, mode,
                                                (PVOID *)&token, &information);
    if (!NT_SUCCESS(status))
        return status;
    /* A copy never gets a higher level than the impersonation token it is made from. */
    if (token->type == TokenImpersonation &&
        (level > token->level || (type == TokenPrimary && token->level < SecurityImpersonation)))
        status = STATUS_BAD_IMPERSONATION_LEVEL;
    else
        status = se_token_duplicate(token, type, level, effective_only, &copy);
    ob_dereference(token);
    if (!NT_SUCCESS(status))
        return status;
    status = give_handle(copy, access ? access : information.GrantedAccess,
                         attributes ? attributes->Attributes : 0, mode, handle);
    ob_dereference(copy);
    return status;
}

NTSTATUS NTAPI ZwDuplicateToken(HANDLE existing, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                BOOLEAN effective_only, TOKEN_TYPE type, PHANDLE token)
{
    return duplicate_token(existing, access, attributes, effective_only, type, token, KernelMode);
}
SB_EXPORT(ZwDuplicateToken)

NTSTATUS NTAPI NtDuplicateToken(HANDLE existing, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                BOOLEAN effective_only, TOKEN_TYPE type, PHANDLE token)
{
    return duplicate_token(existing, access, attributes, effective_only, type, token,
                           current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtDuplicateToken)

static void adjust_one(struct token *token, ULONG index, ULONG attributes,
                       PTOKEN_PRIVILEGES previous)
{
    PLUID_AND_ATTRIBUTES privilege = &token->privileges[index];
    ULONG next = (privilege->Attributes & ~(ULONG)SE_PRIVILEGE_ENABLED) |
                 (attributes & SE_PRIVILEGE_ENABLED);
    if (next != privilege->Attributes && previous)
        previous->Privileges[previous->PrivilegeCount++] = *privilege;
    privilege->Attributes = next;
}

static LONG find_privilege(const struct token *token, PLUID luid)
{
    for (ULONG i = 0; i < token->privilege_count; i++)
        if (RtlEqualLuid((PLUID)&token->privileges[i].Luid, luid))
            return (LONG)i;
    return -1;
}

static void remove_privilege(struct token *token, ULONG index)
{
    token->privilege_count--;
    for (ULONG i = index; i < token->privilege_count; i++)
        token->privileges[i] = token->privileges[i + 1];
}

/* Token locked. wanted is a copy of the caller's, NULL: disable all. */
static NTSTATUS adjust(struct token *token, const TOKEN_PRIVILEGES *wanted,
                       PTOKEN_PRIVILEGES previous)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; !wanted && i < token->privilege_count; i++)
        adjust_one(token, i, 0, previous);
    for (ULONG i = 0; wanted && i < wanted->PrivilegeCount; i++) {
        LONG index = find_privilege(token, (PLUID)&wanted->Privileges[i].Luid);
        if (index < 0)
            status = STATUS_NOT_ALL_ASSIGNED;
        else if (wanted->Privileges[i].Attributes & SE_PRIVILEGE_REMOVED)
            remove_privilege(token, (ULONG)index);
        else
            adjust_one(token, (ULONG)index, wanted->Privileges[i].Attributes, previous);
    }
    return status;
}

/* Takes the token's lock once nobody has locked the subject. */
static void lock_for_change(struct token *token)
{
    ULONG turns = 0;
    for (;;) {
        linux_lock(&token->lock);
        if (token->readers == 0)
            return;
        linux_unlock(&token->lock);
        schedule_spin(&turns);
    }
}

static SIZE_T privileges_size(ULONG count)
{
    return FIELD_OFFSET(TOKEN_PRIVILEGES, Privileges) + count * sizeof(LUID_AND_ATTRIBUTES);
}

static NTSTATUS capture_privileges(PTOKEN_PRIVILEGES state, PTOKEN_PRIVILEGES *captured)
{
    ULONG count = state->PrivilegeCount;
    if (count > 0x400)
        return STATUS_INVALID_PARAMETER;
    *captured = ExAllocatePoolWithTag(PagedPool, privileges_size(count), SE_TOKEN_TAG);
    if (!*captured)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(*captured, state, privileges_size(count));
    (*captured)->PrivilegeCount = count;
    return STATUS_SUCCESS;
}

static NTSTATUS adjust_token(struct token *token, PTOKEN_PRIVILEGES wanted, ULONG length,
                             PTOKEN_PRIVILEGES previous, PULONG needed)
{
    struct {
        TOKEN_PRIVILEGES head;
        LUID_AND_ATTRIBUTES more[SE_PRIVILEGE_LIMIT];
    } changed = {0};
    NTSTATUS status;
    lock_for_change(token);
    SIZE_T most = privileges_size(wanted ? wanted->PrivilegeCount : token->privilege_count);
    BOOLEAN fits = !previous || length >= most || length >= privileges_size(SE_PRIVILEGE_LIMIT);
    status =
        fits ? adjust(token, wanted, previous ? &changed.head : NULL) : STATUS_BUFFER_TOO_SMALL;
    if (fits && changed.head.PrivilegeCount)
        token->modified_id = se_luid_allocate(object_header_of(token)->machine);
    linux_unlock(&token->lock);
    if (!previous)
        return status;
    if (!fits) {
        *needed = (ULONG)most;
        return status;
    }
    *needed = (ULONG)privileges_size(changed.head.PrivilegeCount);
    RtlCopyMemory(previous, &changed, *needed);
    return status;
}

static NTSTATUS adjust_by_handle(HANDLE handle, BOOLEAN disable_all, PTOKEN_PRIVILEGES state,
                                 ULONG length, PTOKEN_PRIVILEGES previous, PULONG needed,
                                 KPROCESSOR_MODE mode)
{
    struct token *token;
    PTOKEN_PRIVILEGES wanted = NULL;
    if (!disable_all && !state)
        return STATUS_INVALID_PARAMETER;
    if (previous && !needed)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = disable_all ? STATUS_SUCCESS : capture_privileges(state, &wanted);
    if (!NT_SUCCESS(status))
        return status;
    status =
        ObReferenceObjectByHandle(handle, TOKEN_ADJUST_PRIVILEGES | (previous ? TOKEN_QUERY : 0),
                                  &se_token_type, mode, (PVOID *)&token, NULL);
    if (NT_SUCCESS(status)) {
        status = adjust_token(token, wanted, length, previous, needed);
        ob_dereference(token);
    }
    if (wanted)
        ExFreePoolWithTag(wanted, SE_TOKEN_TAG);
    return status;
}

NTSTATUS NTAPI ZwAdjustPrivilegesToken(HANDLE handle, BOOLEAN disable_all, PTOKEN_PRIVILEGES state,
                                       ULONG length, PTOKEN_PRIVILEGES previous, PULONG needed)
{
    return adjust_by_handle(handle, disable_all, state, length, previous, needed, KernelMode);
}
SB_EXPORT(ZwAdjustPrivilegesToken)

NTSTATUS NTAPI NtAdjustPrivilegesToken(HANDLE handle, BOOLEAN disable_all, PTOKEN_PRIVILEGES state,
                                       ULONG length, PTOKEN_PRIVILEGES previous, PULONG needed)
{
    return adjust_by_handle(handle, disable_all, state, length, previous, needed,
                            current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtAdjustPrivilegesToken)
