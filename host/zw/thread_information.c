/* ZwQueryInformationThread and ZwSetInformationThread. */
#include "host/io/io.h"
#include "host/zw/zw.h"
#include "host/ob/object.h"

struct thread_basic {
    NTSTATUS exit_status;
    PVOID teb;
    CLIENT_ID id;
    KAFFINITY affinity;
    KPRIORITY priority, base_priority;
};

struct thread_times {
    LARGE_INTEGER create, exit, kernel, user;
};

enum { LEAST_PRIORITY = 1, MOST_PRIORITY = 31, LEAST_INCREMENT = -15, MOST_INCREMENT = 15 };

static BOOLEAN is_last(PETHREAD thread)
{
    struct ps_state *ps = thread->machine->ps;
    ULONG count = 0;
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads; link = link->Flink) {
        PETHREAD other = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        count +=
            other->owner == thread->owner && !__atomic_load_n(&other->has_exited, __ATOMIC_RELAXED);
    }
    linux_unlock(&ps->lock);
    return count == 1;
}

static NTSTATUS answer_basic(PETHREAD thread, PVOID buffer, ULONG length, PULONG returned)
{
    struct thread_basic basic = {
        .exit_status = __atomic_load_n(&thread->exit_status, __ATOMIC_ACQUIRE),
        .id = {thread->owner->process_id, thread->thread_id},
        .affinity = thread->Tcb.affinity,
        .priority = KeQueryPriorityThread(&thread->Tcb),
        .base_priority = thread->Tcb.priority_increment,
    };
    return zw_answer(&basic, sizeof(basic), buffer, length, returned);
}

static BOOLEAN has_pending_requests(PETHREAD thread)
{
    io_irps_lock(thread);
    BOOLEAN pending = !IsListEmpty(&thread->irps);
    io_irps_unlock(thread);
    return pending;
}

static NTSTATUS answer(PETHREAD thread, THREADINFOCLASS class, PVOID buffer, ULONG length,
                       PULONG returned)
{
    struct thread_times times = {.create.QuadPart = thread->create_time,
                                 .exit.QuadPart = thread->exit_time};
    PVOID start = (PVOID)thread->start_routine;
    BOOLEAN hidden = thread->is_hidden;
    ULONG number;
    switch ((ULONG) class) {
    case ThreadBasicInformation:
        return answer_basic(thread, buffer, length, returned);
    case ThreadTimes: /* time on a processor is not accounted */
        return zw_answer(&times, sizeof(times), buffer, length, returned);
    case ThreadQuerySetWin32StartAddress:
        return zw_answer(&start, sizeof(start), buffer, length, returned);
    case ThreadAmILastThread:
        number = is_last(thread);
        return zw_answer(&number, sizeof(number), buffer, length, returned);
    case ThreadIsIoPending:
        number = has_pending_requests(thread);
        return zw_answer(&number, sizeof(number), buffer, length, returned);
    case ThreadIsTerminated:
        number = __atomic_load_n(&thread->has_exited, __ATOMIC_ACQUIRE);
        return zw_answer(&number, sizeof(number), buffer, length, returned);
    case ThreadHideFromDebugger:
        return zw_answer(&hidden, sizeof(hidden), buffer, length, returned);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSTATUS NTAPI ZwQueryInformationThread(HANDLE handle, THREADINFOCLASS class, PVOID information,
                                        ULONG length, PULONG returned)
{
    PETHREAD thread;
    NTSTATUS status = zw_reference(handle, &ps_thread_type, (void **)&thread);
    if (!NT_SUCCESS(status))
        return status;
    status = answer(thread, class, information, length, returned);
    ob_dereference(thread);
    return status;
}
SB_EXPORT(ZwQueryInformationThread)

static NTSTATUS set_affinity(PETHREAD thread, KAFFINITY affinity)
{
    KAFFINITY all = ~(KAFFINITY)0 >> (64 - thread->machine->processors);
    if (!affinity || (affinity & ~all))
        return STATUS_INVALID_PARAMETER;
    thread->Tcb.affinity = affinity;
    if (thread == current_thread() && !thread->Tcb.system_affinity)
        KeRevertToUserAffinityThread(); /* obeys the new one at once */
    return STATUS_SUCCESS;
}

static NTSTATUS set_impersonation(PETHREAD thread, HANDLE token)
{
    return PsAssignImpersonationToken(thread, token);
}

static NTSTATUS set(PETHREAD thread, THREADINFOCLASS class, const void *information, ULONG length)
{
    LONG number = 0;
    if (class == ThreadHideFromDebugger) {
        if (length != 0)
            return STATUS_INFO_LENGTH_MISMATCH;
        thread->is_hidden = TRUE;
        return STATUS_SUCCESS;
    }
    if (class == ThreadAffinityMask || class == ThreadImpersonationToken) {
        ULONG_PTR value;
        if (length != sizeof(value))
            return STATUS_INFO_LENGTH_MISMATCH;
        RtlCopyMemory(&value, information, sizeof(value));
        return class == ThreadAffinityMask ? set_affinity(thread, value)
                                           : set_impersonation(thread, (HANDLE)value);
    }
    if (class != ThreadPriority && class != ThreadBasePriority)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(number))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(&number, information, sizeof(number));
    if (class == ThreadPriority) {
        if (number < LEAST_PRIORITY || number > MOST_PRIORITY)
            return STATUS_INVALID_PARAMETER;
        KeSetPriorityThread(&thread->Tcb, number);
    } else {
        if (number < LEAST_INCREMENT || number > MOST_INCREMENT)
            return STATUS_INVALID_PARAMETER;
        KeSetBasePriorityThread(&thread->Tcb, number);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetInformationThread(HANDLE handle, THREADINFOCLASS class, PVOID information,
                                      ULONG length)
{
    PETHREAD thread;
    NTSTATUS status = zw_reference(handle, &ps_thread_type, (void **)&thread);
    if (!NT_SUCCESS(status))
        return status;
    status = set(thread, class, information, length);
    ob_dereference(thread);
    return status;
}
SB_EXPORT(ZwSetInformationThread)
