/* ObReferenceObject and its family. Tags only serve debugging; the verifier sees every change. */
#include "host/ke/ke.h"
#include "host/ob/namespace.h"
#include "host/se/se.h"

NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type,
                                  KPROCESSOR_MODE mode, PACCESS_STATE access_state,
                                  ACCESS_MASK access, PVOID parse_context, PHANDLE handle);
NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING name, ULONG attributes,
                                       PACCESS_STATE access_state, ACCESS_MASK access,
                                       POBJECT_TYPE type, KPROCESSOR_MODE mode, PVOID parse_context,
                                       PVOID *object);
POBJECT_TYPE NTAPI ObGetObjectType(PVOID object);
NTSTATUS NTAPI ObCloseHandle(HANDLE handle, KPROCESSOR_MODE mode);
BOOLEAN NTAPI ObReferenceObjectSafe(PVOID object);
BOOLEAN NTAPI ObReferenceObjectSafeWithTag(PVOID object, ULONG tag);

static void report_reference(void *object, BOOLEAN was_dead, void *caller)
{
    const struct verifier_hooks *verifier = object_header_of(object)->machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->object_referenced)
        verifier->object_referenced(object, was_dead, caller);
}

void ob_report_reference(void *object, void *caller)
{
    report_reference(object, FALSE, caller);
}

static LONG_PTR reference(void *object, void *caller)
{
    struct object_header *header = object_header_of(object);
    LONG64 count = __atomic_add_fetch(&header->references, 1, __ATOMIC_RELAXED);
    report_reference(object, count <= 1, caller);
    return count;
}

static LONG_PTR dereference(void *object, void *caller)
{
    struct object_header *header = object_header_of(object);
    const struct verifier_hooks *verifier = header->machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->object_dereferencing &&
        verifier->object_dereferencing(object, caller))
        return header->references;
    LONG64 left = __atomic_load_n(&header->references, __ATOMIC_RELAXED) - 1;
    ob_dereference(object);
    return left;
}

#undef ObReferenceObject
#undef ObDereferenceObject
LONG_PTR FASTCALL nt_ObfReferenceObject(PVOID object)
{
    return reference(object, __builtin_return_address(0));
}
SB_EXPORT_AS("ObfReferenceObject", nt_ObfReferenceObject)

LONG_PTR FASTCALL nt_ObfDereferenceObject(PVOID object)
{
    return dereference(object, __builtin_return_address(0));
}
SB_EXPORT_AS("ObfDereferenceObject", nt_ObfDereferenceObject)
SB_EXPORT_AS("ObDereferenceObject", nt_ObfDereferenceObject)

LONG_PTR FASTCALL nt_ObfReferenceObjectWithTag(PVOID object, ULONG tag)
{
    return reference(object, __builtin_return_address(0));
}
SB_EXPORT_AS("ObfReferenceObjectWithTag", nt_ObfReferenceObjectWithTag)

LONG_PTR FASTCALL nt_ObfDereferenceObjectWithTag(PVOID object, ULONG tag)
{
    return dereference(object, __builtin_return_address(0));
}
SB_EXPORT_AS("ObfDereferenceObjectWithTag", nt_ObfDereferenceObjectWithTag)

/* The object may go at once: nothing of the host's is held while a driver runs. */
VOID NTAPI ObDereferenceObjectDeferDelete(PVOID object)
{
    dereference(object, __builtin_return_address(0));
}
SB_EXPORT(ObDereferenceObjectDeferDelete)

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID object, ULONG tag)
{
    dereference(object, __builtin_return_address(0));
}
SB_EXPORT(ObDereferenceObjectDeferDeleteWithTag)

BOOLEAN NTAPI ObReferenceObjectSafe(PVOID object)
{
    BOOLEAN alive = ob_reference_if_alive(object);
    if (alive)
        ob_report_reference(object, __builtin_return_address(0));
    return alive;
}
SB_EXPORT(ObReferenceObjectSafe)

BOOLEAN NTAPI ObReferenceObjectSafeWithTag(PVOID object, ULONG tag)
{
    BOOLEAN alive = ob_reference_if_alive(object);
    if (alive)
        ob_report_reference(object, __builtin_return_address(0));
    return alive;
}
SB_EXPORT(ObReferenceObjectSafeWithTag)

/* Kernel mode may name no type; a user's request must. */
static NTSTATUS reference_by_pointer(PVOID object, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                     void *caller)
{
    POBJECT_TYPE actual = object_header_of(object)->type;
    if (actual != type && (mode != KernelMode || actual == &ob_symbolic_link_type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    reference(object, caller);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID object, ACCESS_MASK access, POBJECT_TYPE type,
                                          KPROCESSOR_MODE mode)
{
    return reference_by_pointer(object, type, mode, __builtin_return_address(0));
}
SB_EXPORT(ObReferenceObjectByPointer)

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID object, ACCESS_MASK access,
                                                 POBJECT_TYPE type, KPROCESSOR_MODE mode, ULONG tag)
{
    return reference_by_pointer(object, type, mode, __builtin_return_address(0));
}
SB_EXPORT(ObReferenceObjectByPointerWithTag)

/* A driver asks for what a handle leads to. */
struct by_handle {
    HANDLE handle;
    ACCESS_MASK access;
    POBJECT_TYPE type;
    KPROCESSOR_MODE mode;
    PVOID *object;
    POBJECT_HANDLE_INFORMATION information;
};

static NTSTATUS reference_by_handle(const struct by_handle *by, void *caller)
{
    struct handle_entry entry;
    void *found;
    *by->object = NULL;
    NTSTATUS status = ob_handle_reference(current_thread()->Tcb.process, by->handle, by->access,
                                          by->type, by->mode, &found, &entry);
    if (!NT_SUCCESS(status))
        return status;
    const struct verifier_hooks *verifier = current_machine()->verifier;
    if (SB_UNLIKELY(verifier) && verifier->handle_any_type && !by->type)
        verifier->handle_any_type(by->handle, by->mode, caller);
    ob_report_reference(found, caller);
    if (by->information) {
        by->information->HandleAttributes =
            entry.attributes & (OBJ_INHERIT | OBJ_PROTECT_CLOSE_BIT);
        by->information->GrantedAccess = entry.access;
    }
    *by->object = found;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                         KPROCESSOR_MODE mode, PVOID *object,
                                         POBJECT_HANDLE_INFORMATION information)
{
    struct by_handle by = {handle, access, type, mode, object, information};
    return reference_by_handle(&by, __builtin_return_address(0));
}
SB_EXPORT(ObReferenceObjectByHandle)

NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE handle, ACCESS_MASK access,
                                                POBJECT_TYPE type, KPROCESSOR_MODE mode, ULONG tag,
                                                PVOID *object,
                                                POBJECT_HANDLE_INFORMATION information)
{
    struct by_handle by = {handle, access, type, mode, object, information};
    return reference_by_handle(&by, __builtin_return_address(0));
}
SB_EXPORT(ObReferenceObjectByHandleWithTag)

NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING name, ULONG attributes,
                                       PACCESS_STATE access_state, ACCESS_MASK access,
                                       POBJECT_TYPE type, KPROCESSOR_MODE mode, PVOID parse_context,
                                       PVOID *object)
{
    struct ob_open open = {.desired_access = access,
                           .attributes = attributes,
                           .mode = mode,
                           .process = current_thread()->Tcb.process,
                           .wanted = type,
                           .context = parse_context};
    ACCESS_MASK granted;
    void *found;
    NTSTATUS status = ob_lookup(current_machine(), name, &open, &found);
    if (!NT_SUCCESS(status))
        return status;
    status = se_object_access(found, access, mode, &granted);
    if (NT_SUCCESS(status)) {
        *object = found;
        ob_report_reference(found, __builtin_return_address(0));
    } else {
        ob_dereference(found);
    }
    return status;
}
SB_EXPORT(ObReferenceObjectByName)

NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type,
                                  KPROCESSOR_MODE mode, PACCESS_STATE access_state,
                                  ACCESS_MASK access, PVOID parse_context, PHANDLE handle)
{
    return ob_open_handle(attributes, type, access, mode, handle);
}
SB_EXPORT(ObOpenObjectByName)

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID object, ULONG attributes, PACCESS_STATE access_state,
                                     ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                     PHANDLE handle)
{
    ACCESS_MASK granted;
    POBJECT_TYPE actual = object_header_of(object)->type;
    if (type ? actual != type : mode != KernelMode)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (access_state)
        access |= access_state->PreviouslyGrantedAccess | access_state->RemainingDesiredAccess;
    NTSTATUS status = se_object_access(object, access, mode, &granted);
    if (!NT_SUCCESS(status))
        return status;
    return ob_handle_create(
        ob_handle_owner(mode == KernelMode ? attributes : attributes & ~(ULONG)OBJ_KERNEL_HANDLE),
        object, granted, attributes & (OBJ_INHERIT | OBJ_KERNEL_HANDLE), handle);
}
SB_EXPORT(ObOpenObjectByPointer)

NTSTATUS NTAPI ObOpenObjectByPointerWithTag(PVOID object, ULONG attributes,
                                            PACCESS_STATE access_state, ACCESS_MASK access,
                                            POBJECT_TYPE type, KPROCESSOR_MODE mode, ULONG tag,
                                            PHANDLE handle)
{
    return ObOpenObjectByPointer(object, attributes, access_state, access, type, mode, handle);
}
SB_EXPORT(ObOpenObjectByPointerWithTag)

POBJECT_TYPE NTAPI ObGetObjectType(PVOID object)
{
    return object_header_of(object)->type;
}
SB_EXPORT(ObGetObjectType)

#undef ObIsKernelHandle
BOOLEAN NTAPI nt_ObIsKernelHandle(HANDLE handle)
{
    return (LONG_PTR)handle < 0 && handle != NtCurrentProcess() && handle != NtCurrentThread();
}
SB_EXPORT_AS("ObIsKernelHandle", nt_ObIsKernelHandle)

VOID NTAPI ObMakeTemporaryObject(PVOID object)
{
    ob_give_up_permanence(object);
}
SB_EXPORT(ObMakeTemporaryObject)

/* A handle of the mode given: a user's request cannot close the kernel's. */
NTSTATUS NTAPI ObCloseHandle(HANDLE handle, KPROCESSOR_MODE mode)
{
    return ob_handle_close(current_thread()->Tcb.process, handle, mode);
}
SB_EXPORT(ObCloseHandle)

NTSTATUS NTAPI ZwClose(HANDLE handle)
{
    return ob_handle_close(current_thread()->Tcb.process, handle, KernelMode);
}
SB_EXPORT(ZwClose)

NTSTATUS NTAPI NtClose(HANDLE handle)
{
    return ob_handle_close(current_thread()->Tcb.process, handle,
                           current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtClose)

static NTSTATUS set_permanence(HANDLE handle, BOOLEAN permanent)
{
    struct handle_entry entry;
    void *object;
    NTSTATUS status =
        ob_handle_reference(current_thread()->Tcb.process, handle, permanent ? 0 : DELETE, NULL,
                            KernelMode, &object, &entry);
    if (!NT_SUCCESS(status))
        return status;
    if (permanent)
        ob_make_permanent(object);
    else
        ob_give_up_permanence(object);
    ob_dereference(object);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE handle)
{
    return set_permanence(handle, FALSE);
}
SB_EXPORT(ZwMakeTemporaryObject)

NTSTATUS NTAPI ZwMakePermanentObject(HANDLE handle);
NTSTATUS NTAPI ZwMakePermanentObject(HANDLE handle)
{
    return set_permanence(handle, TRUE);
}
SB_EXPORT(ZwMakePermanentObject)
