/* Waiting by handle: each type says where in its body the dispatcher header is. */
#include "host/ke/ke.h"
#include "host/ob/namespace.h"
#include "host/ps/ps.h"

static void *waitable_of(void *object)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    if (type == &ps_thread_type || type == &ps_process_type)
        return object;
    return type->waitable ? type->waitable(object) : NULL;
}

static NTSTATUS reference(HANDLE handle, KPROCESSOR_MODE mode, void **object, void **waitable)
{
    struct handle_entry entry;
    NTSTATUS status = ob_handle_reference(current_thread()->Tcb.process, handle, SYNCHRONIZE, NULL,
                                          mode, object, &entry);
    if (!NT_SUCCESS(status))
        return status;
    *waitable = waitable_of(*object);
    if (*waitable)
        return STATUS_SUCCESS;
    ob_dereference(*object);
    return STATUS_OBJECT_TYPE_MISMATCH;
}

NTSTATUS ob_wait(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout, KPROCESSOR_MODE mode)
{
    void *object, *waitable;
    NTSTATUS status = reference(handle, mode, &object, &waitable);
    if (!NT_SUCCESS(status))
        return status;
    status = KeWaitForSingleObject(waitable, UserRequest, mode, alertable, timeout);
    ob_dereference(object);
    return status;
}

static BOOLEAN has_duplicate(void *const *waitables, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        for (ULONG j = i + 1; j < count; j++)
            if (waitables[i] == waitables[j])
                return TRUE;
    return FALSE;
}

NTSTATUS ob_wait_many(ULONG count, const HANDLE *handles, WAIT_TYPE type, BOOLEAN alertable,
                      PLARGE_INTEGER timeout, KPROCESSOR_MODE mode)
{
    void *objects[MAXIMUM_WAIT_OBJECTS], *waitables[MAXIMUM_WAIT_OBJECTS];
    KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    NTSTATUS status = STATUS_SUCCESS;
    ULONG done = 0;
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    for (; done < count && NT_SUCCESS(status); done += NT_SUCCESS(status) ? 1 : 0)
        status = reference(handles[done], mode, &objects[done], &waitables[done]);
    if (NT_SUCCESS(status) && type == WaitAll && has_duplicate(waitables, count))
        status = STATUS_INVALID_PARAMETER_MIX;
    if (NT_SUCCESS(status))
        status = KeWaitForMultipleObjects(count, waitables, type, UserRequest, mode, alertable,
                                          timeout, blocks);
    while (done > 0)
        ob_dereference(objects[--done]);
    return status;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    return ob_wait(handle, alertable, timeout, KernelMode);
}
SB_EXPORT(ZwWaitForSingleObject)

NTSTATUS NTAPI NtWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    return ob_wait(handle, alertable, timeout, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtWaitForSingleObject)

NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG count, HANDLE handles[], WAIT_TYPE type,
                                        BOOLEAN alertable, PLARGE_INTEGER timeout);
NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG count, HANDLE handles[], WAIT_TYPE type,
                                        BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    return ob_wait_many(count, handles, type, alertable, timeout, KernelMode);
}
SB_EXPORT(ZwWaitForMultipleObjects)

/* ObWaitForSingleObject is the same by another name. */
NTSTATUS NTAPI ObWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout);
NTSTATUS NTAPI ObWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    return ob_wait(handle, alertable, timeout, KernelMode);
}
SB_EXPORT(ObWaitForSingleObject)
