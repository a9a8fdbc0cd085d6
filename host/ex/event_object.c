/* Event objects: events with handles and names. The body is a KEVENT. */
#include "host/ex/event_object.h"
#include "host/ke/ke.h"
#include "host/zw/zw.h"

enum { EVENT_QUERY_RIGHT = 1 };

static PKEVENT event_waitable(void *object)
{
    return object;
}

OBJECT_TYPE ex_event_type = {.self = &ex_event_type,
                             .name = RTL_CONSTANT_STRING(L"Event"),
                             .mapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_RIGHT,
                                         STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS},
                             .valid_access = EVENT_ALL_ACCESS,
                             .waitable = event_waitable};
SB_EXPORT_DATA("ExEventObjectType", event_object_type)

NTSTATUS ex_event_create(struct machine *machine, EVENT_TYPE type, BOOLEAN state, PKEVENT *created)
{
    PKEVENT event;
    NTSTATUS status = ob_allocate(machine, &ex_event_type, sizeof(*event), (void **)&event);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeEvent(event, type, state);
    *created = event;
    return STATUS_SUCCESS;
}

static NTSTATUS create(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                       EVENT_TYPE type, BOOLEAN state, KPROCESSOR_MODE mode)
{
    PKEVENT event;
    if (type != NotificationEvent && type != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = ex_event_create(current_machine(), type, state, &event);
    return NT_SUCCESS(status) ? ob_create_handle(event, attributes, access, mode, handle) : status;
}

NTSTATUS NTAPI ZwCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             EVENT_TYPE type, BOOLEAN state)
{
    return create(handle, access, attributes, type, state, KernelMode);
}
SB_EXPORT(ZwCreateEvent)

NTSTATUS NTAPI NtCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             EVENT_TYPE type, BOOLEAN state);
NTSTATUS NTAPI NtCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             EVENT_TYPE type, BOOLEAN state)
{
    return create(handle, access, attributes, type, state, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtCreateEvent)

NTSTATUS NTAPI ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSTATUS NTAPI ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &ex_event_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenEvent)

/* Does one thing to the event of a handle; previous (may be NULL) is its state before. */
static NTSTATUS change(HANDLE handle, KPROCESSOR_MODE mode, LONG (*function)(PKEVENT event),
                       PLONG previous)
{
    struct handle_entry entry;
    PKEVENT event;
    NTSTATUS status = ob_handle_reference(current_thread()->Tcb.process, handle, EVENT_MODIFY_STATE,
                                          &ex_event_type, mode, (void **)&event, &entry);
    if (!NT_SUCCESS(status))
        return status;
    LONG before = function(event);
    if (previous)
        *previous = before;
    ob_dereference(event);
    return STATUS_SUCCESS;
}

static LONG set(PKEVENT event)
{
    return KeSetEvent(event, EVENT_INCREMENT, FALSE);
}

static LONG reset(PKEVENT event)
{
    return KeResetEvent(event);
}

static LONG pulse(PKEVENT event)
{
    return KePulseEvent(event, EVENT_INCREMENT, FALSE);
}

NTSTATUS ex_event_set(HANDLE handle, KPROCESSOR_MODE mode, PLONG previous)
{
    return change(handle, mode, set, previous);
}

NTSTATUS ex_event_reset(HANDLE handle, KPROCESSOR_MODE mode, PLONG previous)
{
    return change(handle, mode, reset, previous);
}

NTSTATUS NTAPI ZwSetEvent(HANDLE handle, PLONG previous)
{
    return change(handle, KernelMode, set, previous);
}
SB_EXPORT(ZwSetEvent)

NTSTATUS NTAPI NtSetEvent(HANDLE handle, PLONG previous);
NTSTATUS NTAPI NtSetEvent(HANDLE handle, PLONG previous)
{
    return change(handle, current_thread()->Tcb.previous_mode, set, previous);
}
SB_EXPORT(NtSetEvent)

NTSTATUS NTAPI ZwResetEvent(HANDLE handle, PLONG previous);
NTSTATUS NTAPI ZwResetEvent(HANDLE handle, PLONG previous)
{
    return change(handle, KernelMode, reset, previous);
}
SB_EXPORT(ZwResetEvent)

NTSTATUS NTAPI ZwClearEvent(HANDLE handle);
NTSTATUS NTAPI ZwClearEvent(HANDLE handle)
{
    return change(handle, KernelMode, reset, NULL);
}
SB_EXPORT(ZwClearEvent)

NTSTATUS NTAPI ZwQueryEvent(HANDLE handle, ULONG class, PVOID buffer, ULONG length,
                            PULONG returned);
NTSTATUS NTAPI ZwQueryEvent(HANDLE handle, ULONG class, PVOID buffer, ULONG length, PULONG returned)
{
    PKEVENT event;
    if (class != 0)
        return STATUS_INVALID_INFO_CLASS;
    NTSTATUS status = zw_reference(handle, &ex_event_type, (void **)&event);
    if (!NT_SUCCESS(status))
        return status;
    LONG answer[] = {event->Header.Type, KeReadStateEvent(event)};
    ob_dereference(event);
    return zw_answer(answer, sizeof(answer), buffer, length, returned);
}
SB_EXPORT(ZwQueryEvent)

NTSTATUS NTAPI ZwPulseEvent(HANDLE handle, PLONG previous);
NTSTATUS NTAPI ZwPulseEvent(HANDLE handle, PLONG previous)
{
    return change(handle, KernelMode, pulse, previous);
}
SB_EXPORT(ZwPulseEvent)

/* ---- a driver's named events: made or opened, as a pointer that the handle keeps alive ---- */
static PKEVENT named_event(PUNICODE_STRING name, EVENT_TYPE type, PHANDLE handle)
{
    OBJECT_ATTRIBUTES attributes;
    struct handle_entry entry;
    PKEVENT event;
    InitializeObjectAttributes(&attributes, name, OBJ_OPENIF | OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, type, TRUE);
    if (!NT_SUCCESS(status))
        return NULL;
    status = ob_handle_reference(current_thread()->Tcb.process, *handle, 0, &ex_event_type,
                                 KernelMode, (void **)&event, &entry);
    if (!NT_SUCCESS(status))
        return NULL;
    ob_dereference(event);
    return event;
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING name, PHANDLE handle)
{
    return named_event(name, NotificationEvent, handle);
}
SB_EXPORT(IoCreateNotificationEvent)

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING name, PHANDLE handle)
{
    return named_event(name, SynchronizationEvent, handle);
}
SB_EXPORT(IoCreateSynchronizationEvent)
