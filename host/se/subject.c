/* Whose rights count: primary and impersonation tokens, the subject of an operation. */
#include "host/mm/mm.h"
#include "host/se/se.h"

static struct se_state *se_of(PETHREAD thread)
{
    return thread->machine->se;
}

/* The thread's impersonation with its token referenced; FALSE when it has none. */
static BOOLEAN take_impersonation(PETHREAD thread, struct impersonation *taken)
{
    struct se_state *se = se_of(thread);
    linux_lock(&se->lock);
    struct impersonation *impersonation = thread->impersonation;
    BOOLEAN active = impersonation && impersonation->token;
    if (active) {
        *taken = *impersonation;
        ob_reference(taken->token);
    }
    linux_unlock(&se->lock);
    return active;
}

struct token *se_effective_token(SECURITY_IMPERSONATION_LEVEL *level)
{
    PETHREAD thread = current_thread();
    struct impersonation taken;
    if (take_impersonation(thread, &taken)) {
        *level = taken.level;
        return taken.token;
    }
    *level = SecurityImpersonation;
    ob_reference(thread->Tcb.process->token);
    return thread->Tcb.process->token;
}

PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS process)
{
    ob_reference(process->token);
    return process->token;
}
SB_EXPORT(PsReferencePrimaryToken)

#undef PsDereferencePrimaryToken
VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN token)
{
    ob_dereference(token);
}
SB_EXPORT(PsDereferencePrimaryToken)

PACCESS_TOKEN NTAPI PsReferenceImpersonationToken(PETHREAD thread, PBOOLEAN copy_on_open,
                                                  PBOOLEAN effective_only,
                                                  PSECURITY_IMPERSONATION_LEVEL level)
{
    struct impersonation taken;
    if (!take_impersonation(thread, &taken))
        return NULL;
    *copy_on_open = taken.copy_on_open;
    *effective_only = taken.effective_only;
    *level = taken.level;
    return taken.token;
}
SB_EXPORT(PsReferenceImpersonationToken)

#undef PsDereferenceImpersonationToken
VOID NTAPI PsDereferenceImpersonationToken(PACCESS_TOKEN token)
{
    if (token)
        ob_dereference(token);
}
SB_EXPORT(PsDereferenceImpersonationToken)

BOOLEAN NTAPI PsIsThreadImpersonating(PETHREAD thread)
{
    struct impersonation taken;
    BOOLEAN active = take_impersonation(thread, &taken);
    if (active)
        ob_dereference(taken.token);
    return active;
}
SB_EXPORT(PsIsThreadImpersonating)

static void drop(struct machine *machine, struct impersonation *old)
{
    if (!old)
        return;
    if (old->token)
        ob_dereference(old->token);
    mm_pool_free(machine, old);
}

/* Puts *next in place of the thread's impersonation (a NULL token: none) and drops the old. */
static NTSTATUS replace_impersonation(PETHREAD thread, const struct impersonation *next)
{
    struct se_state *se = se_of(thread);
    struct impersonation *fresh =
        mm_pool_allocate_zero(thread->machine, sizeof(*fresh), SE_TOKEN_TAG);
    if (!fresh)
        return STATUS_INSUFFICIENT_RESOURCES;
    linux_lock(&se->lock);
    struct impersonation *old = thread->impersonation;
    *fresh = *next;
    thread->impersonation = fresh;
    linux_unlock(&se->lock);
    drop(thread->machine, old);
    return STATUS_SUCCESS;
}

void se_thread_revert(PETHREAD thread)
{
    struct se_state *se = se_of(thread);
    linux_lock(&se->lock);
    struct impersonation *old = thread->impersonation;
    thread->impersonation = NULL;
    linux_unlock(&se->lock);
    drop(thread->machine, old);
}

NTSTATUS NTAPI PsImpersonateClient(PETHREAD thread, PACCESS_TOKEN token, BOOLEAN copy_on_open,
                                   BOOLEAN effective_only, SECURITY_IMPERSONATION_LEVEL level)
{
    if (!token) {
        se_thread_revert(thread);
        return STATUS_SUCCESS;
    }
    ob_reference(token);
    struct impersonation next = {token, level, copy_on_open, effective_only};
    NTSTATUS status = replace_impersonation(thread, &next);
    if (!NT_SUCCESS(status))
        ob_dereference(token);
    return status;
}
SB_EXPORT(PsImpersonateClient)

VOID NTAPI PsRevertToSelf(VOID)
{
    se_thread_revert(current_thread());
}
SB_EXPORT(PsRevertToSelf)

VOID NTAPI PsRevertThreadToSelf(PETHREAD thread)
{
    se_thread_revert(thread);
}
SB_EXPORT(PsRevertThreadToSelf)

BOOLEAN NTAPI PsDisableImpersonation(PETHREAD thread, PSE_IMPERSONATION_STATE state)
{
    struct se_state *se = se_of(thread);
    linux_lock(&se->lock);
    struct impersonation *impersonation = thread->impersonation;
    BOOLEAN active = impersonation && impersonation->token;
    *state = (SE_IMPERSONATION_STATE){0};
    if (active) {
        /* The caller's state takes over the reference. */
        *state = (SE_IMPERSONATION_STATE){impersonation->token, impersonation->copy_on_open,
                                          impersonation->effective_only, impersonation->level};
        impersonation->token = NULL;
    }
    linux_unlock(&se->lock);
    return active;
}
SB_EXPORT(PsDisableImpersonation)

VOID NTAPI PsRestoreImpersonation(PETHREAD thread, PSE_IMPERSONATION_STATE state)
{
    PsImpersonateClient(thread, state->Token, state->CopyOnOpen, state->EffectiveOnly,
                        state->Level);
    if (state->Token)
        ob_dereference(state->Token);
}
SB_EXPORT(PsRestoreImpersonation)

NTSTATUS NTAPI PsAssignImpersonationToken(PETHREAD thread, HANDLE handle)
{
    struct token *token;
    if (!handle) {
        se_thread_revert(thread);
        return STATUS_SUCCESS;
    }
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, TOKEN_IMPERSONATE, &se_token_type,
                                  current_thread()->Tcb.previous_mode, (PVOID *)&token, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (token->type != TokenImpersonation)
        status = STATUS_BAD_TOKEN_TYPE;
    else
        status = PsImpersonateClient(thread, token, FALSE, FALSE, token->level);
    ob_dereference(token);
    return status;
}
SB_EXPORT(PsAssignImpersonationToken)

VOID NTAPI SeCaptureSubjectContextEx(PETHREAD thread, PEPROCESS process,
                                     PSECURITY_SUBJECT_CONTEXT context)
{
    struct impersonation taken;
    *context = (SECURITY_SUBJECT_CONTEXT){.ProcessAuditId = process->process_id};
    if (thread && take_impersonation(thread, &taken)) {
        context->ClientToken = taken.token;
        context->ImpersonationLevel = taken.level;
    }
    context->PrimaryToken = PsReferencePrimaryToken(process);
}
SB_EXPORT(SeCaptureSubjectContextEx)

VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    PETHREAD thread = current_thread();
    SeCaptureSubjectContextEx(thread, thread->Tcb.process, context);
}
SB_EXPORT(SeCaptureSubjectContext)

VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    if (context->PrimaryToken)
        ob_dereference(context->PrimaryToken);
    if (context->ClientToken)
        ob_dereference(context->ClientToken);
    context->PrimaryToken = context->ClientToken = NULL;
}
SB_EXPORT(SeReleaseSubjectContext)

/* While a subject is locked its tokens' privileges and default DACL do not change. */
static void change_readers(PACCESS_TOKEN token, LONG change)
{
    if (!token)
        return;
    struct token *body = token;
    linux_lock(&body->lock);
    body->readers += change;
    linux_unlock(&body->lock);
}

VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    change_readers(context->PrimaryToken, 1);
    change_readers(context->ClientToken, 1);
}
SB_EXPORT(SeLockSubjectContext)

VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    change_readers(context->ClientToken, -1);
    change_readers(context->PrimaryToken, -1);
}
SB_EXPORT(SeUnlockSubjectContext)
