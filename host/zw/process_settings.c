/* ZwSetInformationProcess, and the classes of ZwQueryInformationProcess that it sets. */
#include "host/zw/process_settings.h"
#include "host/ob/object.h"
#include "host/zw/zw.h"

enum {
    CLASS_HARD_ERROR_MODE = 12,
    CLASS_POOLED_USAGE = 14,
    CLASS_PRIORITY = 18,
    CLASS_PRIORITY_BOOST = 22,
    CLASS_BREAK_ON_TERMINATION = 29,
    PRIORITY_CLASSES = 6, /* the highest */
};

struct usage {
    SIZE_T peak, used, limit;
};

static SIZE_T limit_of(const struct pool_quota *quota)
{
    uint64_t limit = __atomic_load_n(&quota->limit, __ATOMIC_RELAXED);
    return limit ? limit : MAXSIZE_T;
}

static struct usage usage_of(const struct pool_quota *quota)
{
    return (struct usage){.peak = __atomic_load_n(&quota->peak, __ATOMIC_RELAXED),
                          .used = __atomic_load_n(&quota->charged, __ATOMIC_RELAXED),
                          .limit = limit_of(quota)};
}

/* ---- asking ---- */

NTSTATUS zw_process_setting(struct _EPROCESS *process, ULONG class, PVOID buffer, ULONG length,
                            PULONG returned)
{
    const struct process_settings *settings = &process->settings;
    ULONG number = 0;
    switch (class) {
    case ProcessQuotaLimits: {
        QUOTA_LIMITS limits = {.PagedPoolLimit = limit_of(&process->quota[PagedPool]),
                               .NonPagedPoolLimit = limit_of(&process->quota[NonPagedPool]),
                               .MaximumWorkingSetSize = MAXSIZE_T,
                               .PagefileLimit = MAXSIZE_T,
                               .TimeLimit.QuadPart = -1};
        return zw_answer(&limits, sizeof(limits), buffer, length, returned);
    }
    case CLASS_POOLED_USAGE: {
        struct usage usage[3] = {usage_of(&process->quota[PagedPool]),
                                 usage_of(&process->quota[NonPagedPool]),
                                 {0, 0, MAXSIZE_T}}; /* there is no page file */
        return zw_answer(usage, sizeof(usage), buffer, length, returned);
    }
    case CLASS_PRIORITY:
        return zw_answer(settings->priority, sizeof(settings->priority), buffer, length, returned);
    case CLASS_HARD_ERROR_MODE:
        number = settings->hard_error_mode;
        break;
    case CLASS_PRIORITY_BOOST:
        number = settings->boost_disabled;
        break;
    case CLASS_BREAK_ON_TERMINATION:
        number = settings->is_critical;
        break;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    return zw_answer(&number, sizeof(number), buffer, length, returned);
}

/* ---- setting ---- */

/* 0 and the highest number are both no limit. */
static void set_limit(struct pool_quota *quota, SIZE_T limit)
{
    __atomic_store_n(&quota->limit, limit == MAXSIZE_T ? 0 : limit, __ATOMIC_RELAXED);
}

static NTSTATUS set_quota(struct _EPROCESS *process, const void *information, ULONG length)
{
    QUOTA_LIMITS limits;
    if (length != sizeof(limits))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(&limits, information, sizeof(limits));
    set_limit(&process->quota[PagedPool], limits.PagedPoolLimit);
    set_limit(&process->quota[NonPagedPool], limits.NonPagedPoolLimit);
    return STATUS_SUCCESS;
}

static NTSTATUS set_priority(struct _EPROCESS *process, const void *information, ULONG length)
{
    UCHAR priority[2]; /* PROCESS_PRIORITY_CLASS: foreground, class */
    if (length != sizeof(priority))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(priority, information, sizeof(priority));
    if (priority[1] > PRIORITY_CLASSES)
        return STATUS_INVALID_PARAMETER;
    __builtin_memcpy(process->settings.priority, priority, sizeof(priority));
    return STATUS_SUCCESS;
}

static NTSTATUS set(struct _EPROCESS *process, ULONG class, const void *information, ULONG length)
{
    struct process_settings *settings = &process->settings;
    ULONG number;
    if (class == ProcessQuotaLimits)
        return set_quota(process, information, length);
    if (class == CLASS_PRIORITY)
        return set_priority(process, information, length);
    if (class != CLASS_HARD_ERROR_MODE && class != CLASS_PRIORITY_BOOST &&
        class != CLASS_BREAK_ON_TERMINATION)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(number))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(&number, information, sizeof(number));
    if (class == CLASS_HARD_ERROR_MODE)
        settings->hard_error_mode = number;
    else if (class == CLASS_PRIORITY_BOOST)
        settings->boost_disabled = number != 0;
    else
        settings->is_critical = number != 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetInformationProcess(HANDLE handle, PROCESSINFOCLASS class, PVOID information,
                                       ULONG length)
{
    struct _EPROCESS *process;
    NTSTATUS status = zw_reference(handle, &ps_process_type, (void **)&process);
    if (!NT_SUCCESS(status))
        return status;
    status = set(process, (ULONG) class, information, length);
    ob_dereference(process);
    return status;
}
SB_EXPORT(ZwSetInformationProcess)
