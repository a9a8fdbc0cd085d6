/*
 * Timer and semaphore objects: kernel timers and semaphores with handles and names. Drivers make
 * timers by ZwCreateTimer; semaphores come from applications only, the type is for references.
 */
#include "host/ke/ke.h"
#include "host/ob/object.h"

enum { QUERY_RIGHT = 1, MODIFY_RIGHT = 2 };
#define TIMER_RIGHTS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | QUERY_RIGHT | MODIFY_RIGHT)

static PKEVENT itself(void *object)
{
    return object;
}

static void timer_remove(void *object)
{
    KeCancelTimer(object);
}

static OBJECT_TYPE timer_type = {
    .name = RTL_CONSTANT_STRING(L"Timer"),
    .mapping = {STANDARD_RIGHTS_READ | QUERY_RIGHT, STANDARD_RIGHTS_WRITE | MODIFY_RIGHT,
                STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, TIMER_RIGHTS},
    .valid_access = TIMER_RIGHTS,
    .remove = timer_remove,
    .waitable = itself};

OBJECT_TYPE ex_semaphore_type = {
    .name = RTL_CONSTANT_STRING(L"Semaphore"),
    .mapping = {STANDARD_RIGHTS_READ | QUERY_RIGHT, STANDARD_RIGHTS_WRITE | MODIFY_RIGHT,
                STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS},
    .valid_access = SEMAPHORE_ALL_ACCESS,
    .waitable = itself};
SB_EXPORT_DATA("ExSemaphoreObjectType", semaphore_object_type)

NTSTATUS NTAPI ZwCreateTimer(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             TIMER_TYPE type)
{
    PKTIMER timer;
    if (type != NotificationTimer && type != SynchronizationTimer)
        return STATUS_INVALID_PARAMETER_4;
    NTSTATUS status =
        ob_allocate(current_machine(), &timer_type, sizeof(*timer), (void **)&timer);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeTimerEx(timer, type);
    return ob_create_handle(timer, attributes, access, KernelMode, handle);
}
SB_EXPORT(ZwCreateTimer)

NTSTATUS NTAPI ZwOpenTimer(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &timer_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenTimer)

static NTSTATUS reference(HANDLE handle, PKTIMER *timer)
{
    struct handle_entry entry;
    return ob_handle_reference(current_thread()->Tcb.process, handle, MODIFY_RIGHT, &timer_type,
                               KernelMode, (void **)timer, &entry);
}

/* Without an APC routine only: nothing here would deliver it. previous may be NULL. */
NTSTATUS NTAPI ZwSetTimer(HANDLE handle, PLARGE_INTEGER due, PTIMER_APC_ROUTINE routine,
                          PVOID context, BOOLEAN resume, LONG period, PBOOLEAN previous)
{
    PKTIMER timer;
    if (routine)
        return STATUS_NOT_SUPPORTED;
    if (period < 0)
        return STATUS_INVALID_PARAMETER_6;
    NTSTATUS status = reference(handle, &timer);
    if (!NT_SUCCESS(status))
        return status;
    BOOLEAN was_signalled = KeReadStateTimer(timer);
    KeSetTimerEx(timer, *due, period, NULL);
    if (previous)
        *previous = was_signalled;
    ob_dereference(timer);
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwSetTimer)

NTSTATUS NTAPI ZwCancelTimer(HANDLE handle, PBOOLEAN current)
{
    PKTIMER timer;
    NTSTATUS status = reference(handle, &timer);
    if (!NT_SUCCESS(status))
        return status;
    KeCancelTimer(timer);
    if (current)
        *current = KeReadStateTimer(timer);
    ob_dereference(timer);
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwCancelTimer)
