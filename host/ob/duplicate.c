/* Handles that come from other handles: duplication and inheritance. */
#include "host/ke/ke.h"
#include "host/ob/namespace.h"
#include "host/ps/ps.h"

NTSTATUS NTAPI NtDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                                 PHANDLE target, ACCESS_MASK access, ULONG attributes,
                                 ULONG options);

static NTSTATUS reference_process(HANDLE handle, KPROCESSOR_MODE mode, struct _EPROCESS **process)
{
    struct handle_entry entry;
    return ob_handle_reference(current_thread()->Tcb.process, handle, PROCESS_DUP_HANDLE,
                               &ps_process_type, mode, (void **)process, &entry);
}

NTSTATUS ob_handle_duplicate(struct _EPROCESS *from, HANDLE source, struct _EPROCESS *to,
                             ACCESS_MASK access, ULONG attributes, ULONG options,
                             KPROCESSOR_MODE mode, HANDLE *target)
{
    struct handle_entry entry;
    void *object;
    NTSTATUS status = ob_handle_reference(from, source, 0, NULL, mode, &object, &entry);
    if (!NT_SUCCESS(status))
        return status;
    ACCESS_MASK wanted = access;
    RtlMapGenericMask(&wanted, &object_header_of(object)->type->mapping);
    if (options & DUPLICATE_SAME_ACCESS)
        wanted = entry.access;
    else if (mode == UserMode && (wanted & ~entry.access))
        status = STATUS_ACCESS_DENIED; /* a copy never allows more */
    if (options & DUPLICATE_SAME_ATTRIBUTES)
        attributes = entry.attributes;
    if (NT_SUCCESS(status) && to)
        status = ob_handle_create_duplicate(
            from, to, object, wanted, attributes & (OBJ_INHERIT | OBJ_PROTECT_CLOSE_BIT), target);
    ob_dereference(object);
    return status;
}

static NTSTATUS duplicate(HANDLE source_process, HANDLE source, HANDLE target_process,
                          PHANDLE target, ACCESS_MASK access, ULONG attributes, ULONG options,
                          KPROCESSOR_MODE mode)
{
    struct _EPROCESS *from, *to = NULL;
    HANDLE copy = NULL;
    NTSTATUS status = reference_process(source_process, mode, &from);
    if (!NT_SUCCESS(status))
        return status;
    if (target_process)
        status = reference_process(target_process, mode, &to);
    else if (!(options & DUPLICATE_CLOSE_SOURCE))
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status)) {
        struct _EPROCESS *owner = to && (attributes & OBJ_KERNEL_HANDLE) && mode == KernelMode
                                      ? to->machine->ps->system_process
                                      : to;
        status = ob_handle_duplicate(from, source, owner, access, attributes, options, mode, &copy);
        if (options & DUPLICATE_CLOSE_SOURCE) /* even when the copy failed */
            ob_handle_close(from, source, mode);
    }
    if (NT_SUCCESS(status) && target)
        *target = copy;
    if (to)
        ob_dereference(to);
    ob_dereference(from);
    return status;
}

NTSTATUS NTAPI ZwDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                                 PHANDLE target, ACCESS_MASK access, ULONG attributes,
                                 ULONG options)
{
    return duplicate(source_process, source, target_process, target, access, attributes, options,
                     KernelMode);
}
SB_EXPORT(ZwDuplicateObject)

NTSTATUS NTAPI NtDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                                 PHANDLE target, ACCESS_MASK access, ULONG attributes,
                                 ULONG options)
{
    return duplicate(source_process, source, target_process, target, access, attributes, options,
                     current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtDuplicateObject)
