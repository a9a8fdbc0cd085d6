/*
 * Rtl: one-time initialisation. The low two bits of the word are its state; above them stand the
 * waiters while it is in progress, and the caller's context once it is complete. No lock: every
 * step is one compare-and-exchange.
 */
#include "host/rtl/rtl.h"

enum run_once_state { NOT_STARTED, IN_PROGRESS, COMPLETE, IN_PROGRESS_ASYNC, STATE_MASK = 3 };

/* On the stack of the thread that waits. */
struct waiter {
    KEVENT event;
    struct waiter *next;
};

static BOOLEAN exchange(PRTL_RUN_ONCE once, ULONG_PTR from, ULONG_PTR to)
{
    PVOID expected = (PVOID)from;

    return __atomic_compare_exchange_n(&once->Ptr, &expected, (PVOID)to, FALSE, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* Sleeps until the state has changed from `value`; returns at once when it has already. */
static void wait_for_completion(PRTL_RUN_ONCE once, ULONG_PTR value)
{
    struct waiter waiter;

    KeInitializeEvent(&waiter.event, NotificationEvent, FALSE);
    waiter.next = (struct waiter *)(value & ~(ULONG_PTR)STATE_MASK);
    if (exchange(once, value, (ULONG_PTR)&waiter | IN_PROGRESS))
        KeWaitForSingleObject(&waiter.event, Executive, KernelMode, FALSE, NULL);
}

/* A waiter is gone as soon as its event is set, so its link is read before. */
static void wake(ULONG_PTR value)
{
    struct waiter *waiter = (struct waiter *)(value & ~(ULONG_PTR)STATE_MASK);

    while (waiter) {
        struct waiter *next = waiter->next;
        KeSetEvent(&waiter->event, IO_NO_INCREMENT, FALSE);
        waiter = next;
    }
}

VOID NTAPI RtlRunOnceInitialize(PRTL_RUN_ONCE once)
{
    once->Ptr = NULL;
}
SB_EXPORT(RtlRunOnceInitialize)

static NTSTATUS check_only(ULONG_PTR value, ULONG flags, PVOID *context)
{
    if (flags & RTL_RUN_ONCE_ASYNC)
        return STATUS_INVALID_PARAMETER;
    if ((value & STATE_MASK) != COMPLETE)
        return STATUS_UNSUCCESSFUL;
    if (context)
        *context = (PVOID)(value & ~(ULONG_PTR)STATE_MASK);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlRunOnceBeginInitialize(PRTL_RUN_ONCE once, ULONG flags, PVOID *context)
{
    BOOLEAN async = (flags & RTL_RUN_ONCE_ASYNC) != 0;

    if (flags & ~(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC))
        return STATUS_INVALID_PARAMETER;
    for (;;) {
        ULONG_PTR value = (ULONG_PTR)__atomic_load_n(&once->Ptr, __ATOMIC_ACQUIRE);

        if (flags & RTL_RUN_ONCE_CHECK_ONLY)
            return check_only(value, flags, context);
        switch (value & STATE_MASK) {
        case NOT_STARTED:
            if (exchange(once, value, async ? IN_PROGRESS_ASYNC : IN_PROGRESS))
                return STATUS_PENDING;
            break;
        case IN_PROGRESS:
            if (async)
                return STATUS_INVALID_PARAMETER;
            wait_for_completion(once, value);
            break;
        case IN_PROGRESS_ASYNC:
            return async ? STATUS_PENDING : STATUS_INVALID_PARAMETER;
        default:
            return check_only(value, 0, context);
        }
    }
}
SB_EXPORT(RtlRunOnceBeginInitialize)

NTSTATUS NTAPI RtlRunOnceComplete(PRTL_RUN_ONCE once, ULONG flags, PVOID context)
{
    BOOLEAN async = (flags & RTL_RUN_ONCE_ASYNC) != 0;
    BOOLEAN failed = (flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    ULONG_PTR result = failed ? NOT_STARTED : (ULONG_PTR)context | COMPLETE, value;

    if ((flags & ~(RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED)) || (async && failed) ||
        (failed && context) || ((ULONG_PTR)context & STATE_MASK))
        return STATUS_INVALID_PARAMETER;
    do {
        value = (ULONG_PTR)__atomic_load_n(&once->Ptr, __ATOMIC_ACQUIRE);
        if ((value & STATE_MASK) != IN_PROGRESS && (value & STATE_MASK) != IN_PROGRESS_ASYNC)
            return STATUS_UNSUCCESSFUL;
        if (async != ((value & STATE_MASK) == IN_PROGRESS_ASYNC))
            return STATUS_INVALID_OWNER;
    } while (!exchange(once, value, result));
    if (!async)
        wake(value);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlRunOnceComplete)

NTSTATUS NTAPI RtlRunOnceExecuteOnce(PRTL_RUN_ONCE once, PRTL_RUN_ONCE_INIT_FN initialize,
                                     PVOID parameter, PVOID *context)
{
    NTSTATUS status = RtlRunOnceBeginInitialize(once, 0, context);
    PVOID result = NULL;

    if (status != STATUS_PENDING)
        return status;
    if (!initialize(once, parameter, &result)) {
        RtlRunOnceComplete(once, RTL_RUN_ONCE_INIT_FAILED, NULL);
        return STATUS_UNSUCCESSFUL;
    }
    status = RtlRunOnceComplete(once, 0, result);
    if (NT_SUCCESS(status) && context)
        *context = result;
    return status;
}
SB_EXPORT(RtlRunOnceExecuteOnce)
