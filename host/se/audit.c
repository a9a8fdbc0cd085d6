/* Auditing is off, as in Windows before anyone turns it on: nothing is to be audited, and an audit
 * that is asked for writes nothing. */
#include "host/se/se.h"

BOOLEAN NTAPI SeAuditingFileEvents(BOOLEAN granted, PSECURITY_DESCRIPTOR descriptor)
{
    return FALSE;
}
SB_EXPORT(SeAuditingFileEvents)
SB_EXPORT_AS("SeAuditingHardLinkEvents", SeAuditingFileEvents)

BOOLEAN NTAPI SeAuditingFileEventsWithContext(BOOLEAN granted, PSECURITY_DESCRIPTOR descriptor,
                                              PSECURITY_SUBJECT_CONTEXT subject)
{
    return FALSE;
}
SB_EXPORT(SeAuditingFileEventsWithContext)
SB_EXPORT_AS("SeAuditingFileOrGlobalEvents", SeAuditingFileEventsWithContext)
SB_EXPORT_AS("SeAuditingHardLinkEventsWithContext", SeAuditingFileEventsWithContext)

VOID NTAPI SeOpenObjectAuditAlarm(PUNICODE_STRING type, PVOID object, PUNICODE_STRING name,
                                  PSECURITY_DESCRIPTOR descriptor, PACCESS_STATE access,
                                  BOOLEAN created, BOOLEAN granted, KPROCESSOR_MODE mode,
                                  PBOOLEAN generate_on_close)
{
    *generate_on_close = FALSE;
}
SB_EXPORT(SeOpenObjectAuditAlarm)
SB_EXPORT_AS("SeOpenObjectForDeleteAuditAlarm", SeOpenObjectAuditAlarm)

VOID NTAPI SeDeleteObjectAuditAlarm(PVOID object, HANDLE handle)
{
}
SB_EXPORT(SeDeleteObjectAuditAlarm)

VOID NTAPI nt_SePrivilegeObjectAuditAlarm(HANDLE handle, PSECURITY_SUBJECT_CONTEXT subject,
                                          ACCESS_MASK access, PPRIVILEGE_SET privileges,
                                          BOOLEAN granted, KPROCESSOR_MODE mode)
{
}
SB_EXPORT_AS("SePrivilegeObjectAuditAlarm", nt_SePrivilegeObjectAuditAlarm)
