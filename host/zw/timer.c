/* Timer objects: timers with handles and names, which may queue an APC to the thread that set them.
 */
#include "host/ke/apc.h"
#include "host/zw/zw.h"
#include "host/ob/object.h"

enum { QUERY_RIGHT = 1, MODIFY_RIGHT = 2, ALL_RIGHTS = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 3 };

/* The APC's thread is referenced while thread is set. */
struct timer_object {
    KTIMER timer; /* first: what waits use */
    KDPC dpc;
    KAPC apc;
    struct linux_lock lock;
    PETHREAD thread;
};

static PKEVENT timer_waitable(void *object)
{
    return object;
}

static void forget_thread(struct timer_object *timer)
{
    linux_lock(&timer->lock);
    PETHREAD thread = timer->thread;
    timer->thread = NULL;
    linux_unlock(&timer->lock);
    if (!thread)
        return;
    KeRemoveQueueApc(&timer->apc);
    ob_dereference(thread);
}

static void timer_remove(void *object)
{
    struct timer_object *timer = object;
    KeCancelTimer(&timer->timer);
    KeFlushQueuedDpcs();
    forget_thread(timer);
}

OBJECT_TYPE zw_timer_type = {.self = &zw_timer_type,
                             .name = RTL_CONSTANT_STRING(L"Timer"),
                             .mapping = {STANDARD_RIGHTS_READ | QUERY_RIGHT,
                                         STANDARD_RIGHTS_WRITE | MODIFY_RIGHT,
                                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, ALL_RIGHTS},
                             .valid_access = ALL_RIGHTS,
                             .removes_at_passive = TRUE,
                             .remove = timer_remove,
                             .waitable = timer_waitable};
SB_EXPORT_DATA("ExTimerObjectType", timer_object_type)

static VOID NTAPI apc_kernel_routine(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context,
                                     PVOID *argument1, PVOID *argument2)
{
}

static VOID NTAPI timer_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct timer_object *timer = context;
    linux_lock(&timer->lock);
    PETHREAD thread = timer->thread;
    if (thread)
        ob_reference(thread);
    linux_unlock(&timer->lock);
    if (!thread)
        return;
    KeInsertQueueApc(&timer->apc, argument1, argument2, 0);
    ob_dereference(thread);
}

NTSTATUS NTAPI ZwCreateTimer(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             TIMER_TYPE type)
{
    struct timer_object *timer;
    if (type != NotificationTimer && type != SynchronizationTimer)
        return STATUS_INVALID_PARAMETER_4;
    NTSTATUS status =
        ob_allocate(current_machine(), &zw_timer_type, sizeof(*timer), (void **)&timer);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeTimerEx(&timer->timer, type);
    KeInitializeDpc(&timer->dpc, timer_dpc, timer);
    return ob_create_handle(timer, attributes, access, KernelMode, handle);
}
SB_EXPORT(ZwCreateTimer)

NTSTATUS NTAPI ZwOpenTimer(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &zw_timer_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenTimer)

static void set_apc(struct timer_object *timer, PTIMER_APC_ROUTINE routine, PVOID context)
{
    forget_thread(timer);
    if (!routine)
        return;
    PETHREAD thread = current_thread();
    ob_reference(thread);
    KeInitializeApc(&timer->apc, &thread->Tcb, OriginalApcEnvironment, apc_kernel_routine, NULL,
                    (PKNORMAL_ROUTINE)(PVOID)routine, KernelMode, context);
    linux_lock(&timer->lock);
    timer->thread = thread;
    linux_unlock(&timer->lock);
}

static NTSTATUS set(HANDLE handle, PLARGE_INTEGER due, PTIMER_APC_ROUTINE routine, PVOID context,
                    LONG period, PBOOLEAN previous)
{
    struct timer_object *timer;
    if (period < 0)
        return STATUS_INVALID_PARAMETER_6;
    NTSTATUS status = zw_reference(handle, &zw_timer_type, (void **)&timer);
    if (!NT_SUCCESS(status))
        return status;
    BOOLEAN was_signalled = KeReadStateTimer(&timer->timer);
    KeCancelTimer(&timer->timer);
    set_apc(timer, routine, context);
    KeSetTimerEx(&timer->timer, *due, period, routine ? &timer->dpc : NULL);
    ob_dereference(timer);
    if (previous)
        *previous = was_signalled;
    return STATUS_SUCCESS;
}

/* resume: to wake a sleeping system, which this one never is. */
NTSTATUS NTAPI ZwSetTimer(HANDLE handle, PLARGE_INTEGER due, PTIMER_APC_ROUTINE routine,
                          PVOID context, BOOLEAN resume, LONG period, PBOOLEAN previous)
{
    return set(handle, due, routine, context, period, previous);
}
SB_EXPORT(ZwSetTimer)

NTSTATUS NTAPI ZwSetTimerEx(HANDLE handle, TIMER_SET_INFORMATION_CLASS class, PVOID information,
                            ULONG length)
{
    PTIMER_SET_COALESCABLE_TIMER_INFO timer = information;
    if (class != TimerSetCoalescableTimer)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(*timer))
        return STATUS_INFO_LENGTH_MISMATCH;
    return set(handle, &timer->DueTime, timer->TimerApcRoutine, timer->TimerContext,
               (LONG)timer->Period, timer->PreviousState);
}
SB_EXPORT(ZwSetTimerEx)

NTSTATUS NTAPI ZwCancelTimer(HANDLE handle, PBOOLEAN state)
{
    struct timer_object *timer;
    NTSTATUS status = zw_reference(handle, &zw_timer_type, (void **)&timer);
    if (!NT_SUCCESS(status))
        return status;
    KeCancelTimer(&timer->timer);
    forget_thread(timer);
    if (state)
        *state = KeReadStateTimer(&timer->timer);
    ob_dereference(timer);
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwCancelTimer)
