/* Pool quota charged to processes. There is no limit: what is charged is only counted. */
#include "host/ps/ps.h"

enum { PAGED = 1 };

static uint64_t *counter(PEPROCESS process, POOL_TYPE type)
{
    return &((struct _EPROCESS *)process)->pool_charged[type & PAGED];
}

NTSTATUS NTAPI nt_PsChargeProcessPoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    uint64_t *charged = counter(process, type);
    uint64_t before = __atomic_load_n(charged, __ATOMIC_RELAXED);
    do {
        if (before + amount < before)
            return STATUS_QUOTA_EXCEEDED;
    } while (!__atomic_compare_exchange_n(charged, &before, before + amount, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("PsChargeProcessPoolQuota", nt_PsChargeProcessPoolQuota)

/* The older form raises. */
VOID NTAPI PsChargePoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    NTSTATUS status = nt_PsChargeProcessPoolQuota(process, type, amount);
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
}
SB_EXPORT(PsChargePoolQuota)

VOID NTAPI PsReturnPoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    __atomic_sub_fetch(counter(process, type), amount, __ATOMIC_RELAXED);
}
SB_EXPORT(PsReturnPoolQuota)

NTSTATUS NTAPI nt_PsChargeProcessNonPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    return nt_PsChargeProcessPoolQuota(process, NonPagedPool, amount);
}
SB_EXPORT_AS("PsChargeProcessNonPagedPoolQuota", nt_PsChargeProcessNonPagedPoolQuota)

NTSTATUS NTAPI nt_PsChargeProcessPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    return nt_PsChargeProcessPoolQuota(process, PagedPool, amount);
}
SB_EXPORT_AS("PsChargeProcessPagedPoolQuota", nt_PsChargeProcessPagedPoolQuota)

VOID NTAPI nt_PsReturnProcessNonPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    PsReturnPoolQuota(process, NonPagedPool, amount);
}
SB_EXPORT_AS("PsReturnProcessNonPagedPoolQuota", nt_PsReturnProcessNonPagedPoolQuota)

VOID NTAPI nt_PsReturnProcessPagedPoolQuota(PEPROCESS process, SIZE_T amount)
{
    PsReturnPoolQuota(process, PagedPool, amount);
}
SB_EXPORT_AS("PsReturnProcessPagedPoolQuota", nt_PsReturnProcessPagedPoolQuota)
