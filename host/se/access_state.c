/* The access state of an open: subject, what was asked for, what was granted so far. */
#include "host/se/se.h"

NTSTATUS NTAPI SeCreateAccessState(PACCESS_STATE state, PVOID aux_data, ACCESS_MASK access,
                                   PGENERIC_MAPPING mapping)
{
    if (mapping)
        RtlMapGenericMask(&access, mapping);
    *state = (ACCESS_STATE){
        .RemainingDesiredAccess = access, .OriginalDesiredAccess = access, .AuxData = aux_data};
    SeCaptureSubjectContext(&state->SubjectSecurityContext);
    struct token *token = state->SubjectSecurityContext.ClientToken
                              ? state->SubjectSecurityContext.ClientToken
                              : state->SubjectSecurityContext.PrimaryToken;
    if (se_token_has_privilege(token, (LUID){SE_CHANGE_NOTIFY_PRIVILEGE, 0}))
        state->Flags = TOKEN_HAS_TRAVERSE_PRIVILEGE;
    state->OperationID = se_luid_allocate(current_machine());
    return STATUS_SUCCESS;
}
SB_EXPORT(SeCreateAccessState)

VOID NTAPI SeDeleteAccessState(PACCESS_STATE state)
{
    SeReleaseSubjectContext(&state->SubjectSecurityContext);
}
SB_EXPORT(SeDeleteAccessState)

VOID NTAPI SeSetAccessStateGenericMapping(PACCESS_STATE state, PGENERIC_MAPPING mapping)
{
    RtlMapGenericMask(&state->RemainingDesiredAccess, mapping);
    RtlMapGenericMask(&state->OriginalDesiredAccess, mapping);
}
SB_EXPORT(SeSetAccessStateGenericMapping)
