/* Pool quota that drivers charge to processes themselves. */
#include "host/ps/pool_quota.h"

static struct _EPROCESS *eprocess(PEPROCESS process)
{
    return (struct _EPROCESS *)process;
}

NTSTATUS NTAPI nt_PsChargeProcessPoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    return ps_quota_charge(eprocess(process), type, amount);
}
SB_EXPORT_AS("PsChargeProcessPoolQuota", nt_PsChargeProcessPoolQuota)

/* The older form raises. */
VOID NTAPI PsChargePoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    NTSTATUS status = ps_quota_charge(eprocess(process), type, amount);
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
}
SB_EXPORT(PsChargePoolQuota)

VOID NTAPI PsReturnPoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    ps_quota_return(eprocess(process), type, amount);
}
SB_EXPORT(PsReturnPoolQuota)

NTSTATUS NTAPI nt_PsChargeProcessNonPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    return ps_quota_charge(eprocess(process), NonPagedPool, amount);
}
SB_EXPORT_AS("PsChargeProcessNonPagedPoolQuota", nt_PsChargeProcessNonPagedPoolQuota)

NTSTATUS NTAPI nt_PsChargeProcessPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    return ps_quota_charge(eprocess(process), PagedPool, amount);
}
SB_EXPORT_AS("PsChargeProcessPagedPoolQuota", nt_PsChargeProcessPagedPoolQuota)

VOID NTAPI nt_PsReturnProcessNonPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    ps_quota_return(eprocess(process), NonPagedPool, amount);
}
SB_EXPORT_AS("PsReturnProcessNonPagedPoolQuota", nt_PsReturnProcessNonPagedPoolQuota)

VOID NTAPI nt_PsReturnProcessPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    ps_quota_return(eprocess(process), PagedPool, amount);
}
SB_EXPORT_AS("PsReturnProcessPagedPoolQuota", nt_PsReturnProcessPagedPoolQuota)
