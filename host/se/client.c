/* A server remembers its client's security and acts as the client later. */
#include "host/se/se.h"

static NTSTATUS remember(PSECURITY_CLIENT_CONTEXT context, struct token *token,
                         PSECURITY_QUALITY_OF_SERVICE quality, BOOLEAN is_remote,
                         BOOLEAN effective_only)
{
    BOOLEAN copies =
        quality->ContextTrackingMode == SECURITY_STATIC_TRACKING || token->type == TokenPrimary;
    struct token *kept = token;
    if (copies) {
        NTSTATUS status = se_token_duplicate(token, TokenImpersonation, quality->ImpersonationLevel,
                                             FALSE, &kept);
        if (!NT_SUCCESS(status))
            return status;
    } else {
        ob_reference(kept);
    }
    *context = (SECURITY_CLIENT_CONTEXT){
        .SecurityQos = {sizeof(SECURITY_QUALITY_OF_SERVICE), quality->ImpersonationLevel,
                        quality->ContextTrackingMode, quality->EffectiveOnly},
        .ClientToken = kept,
        .DirectlyAccessClientToken = !copies,
        .DirectAccessEffectiveOnly = effective_only || quality->EffectiveOnly,
        .ServerIsRemote = is_remote};
    context->ClientTokenControl =
        (TOKEN_CONTROL){token->id, token->authentication_id, token->modified_id, token->source};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeCreateClientSecurityFromSubjectContext(PSECURITY_SUBJECT_CONTEXT subject,
                                                        PSECURITY_QUALITY_OF_SERVICE quality,
                                                        BOOLEAN is_remote,
                                                        PSECURITY_CLIENT_CONTEXT context)
{
    if ((ULONG)quality->ImpersonationLevel > SecurityDelegation)
        return STATUS_BAD_IMPERSONATION_LEVEL;
    if (subject->ClientToken && (quality->ImpersonationLevel > subject->ImpersonationLevel ||
                                 subject->ImpersonationLevel == SecurityAnonymous ||
                                 (is_remote && subject->ImpersonationLevel != SecurityDelegation)))
        return STATUS_BAD_IMPERSONATION_LEVEL;
    struct token *token = subject->ClientToken ? subject->ClientToken : subject->PrimaryToken;
    return remember(context, token, quality, is_remote, FALSE);
}
SB_EXPORT(SeCreateClientSecurityFromSubjectContext)

NTSTATUS NTAPI SeCreateClientSecurity(PETHREAD thread, PSECURITY_QUALITY_OF_SERVICE quality,
                                      BOOLEAN is_remote, PSECURITY_CLIENT_CONTEXT context)
{
    SECURITY_SUBJECT_CONTEXT subject;
    SeCaptureSubjectContextEx(thread, thread->Tcb.process, &subject);
    NTSTATUS status =
        SeCreateClientSecurityFromSubjectContext(&subject, quality, is_remote, context);
    SeReleaseSubjectContext(&subject);
    return status;
}
SB_EXPORT(SeCreateClientSecurity)

NTSTATUS NTAPI SeImpersonateClientEx(PSECURITY_CLIENT_CONTEXT context, PETHREAD thread)
{
    BOOLEAN effective_only = context->DirectlyAccessClientToken
                                 ? context->DirectAccessEffectiveOnly
                                 : context->SecurityQos.EffectiveOnly;
    return PsImpersonateClient(thread ? thread : current_thread(), context->ClientToken, TRUE,
                               effective_only, context->SecurityQos.ImpersonationLevel);
}
SB_EXPORT(SeImpersonateClientEx)

VOID NTAPI SeImpersonateClient(PSECURITY_CLIENT_CONTEXT context, PETHREAD thread)
{
    SeImpersonateClientEx(context, thread);
}
SB_EXPORT(SeImpersonateClient)

#undef SeDeleteClientSecurity
VOID NTAPI nt_SeDeleteClientSecurity(PSECURITY_CLIENT_CONTEXT context)
{
    ob_dereference(context->ClientToken);
    context->ClientToken = NULL;
}
SB_EXPORT_AS("SeDeleteClientSecurity", nt_SeDeleteClientSecurity)
