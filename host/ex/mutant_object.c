/* Mutant objects: mutexes with handles and names. The body is a KMUTANT. */
#include "host/ke/ke.h"
#include "host/zw/zw.h"
#include "host/ob/object.h"

enum { QUERY_RIGHT = 1, ALL_RIGHTS = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | QUERY_RIGHT };

struct mutant_information {
    LONG current_count;
    BOOLEAN owned_by_caller, abandoned;
};

static PKEVENT itself(void *object)
{
    return object;
}

/* Whoever still owns it must not find it among its own any more. */
static void remove(void *object)
{
    LONG before;
    ke_release_mutant(object, TRUE, FALSE, &before);
}

OBJECT_TYPE ex_mutant_type = {.self = &ex_mutant_type,
                              .name = RTL_CONSTANT_STRING(L"Mutant"),
                              .mapping = {STANDARD_RIGHTS_READ | QUERY_RIGHT, STANDARD_RIGHTS_WRITE,
                                          STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, ALL_RIGHTS},
                              .valid_access = ALL_RIGHTS,
                              .remove = remove,
                              .waitable = itself};
SB_EXPORT_DATA("ExMutantObjectType", mutant_object_type)

NTSTATUS NTAPI ZwCreateMutant(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                              BOOLEAN initial_owner);
NTSTATUS NTAPI ZwCreateMutant(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                              BOOLEAN initial_owner)
{
    PKMUTANT mutant;
    NTSTATUS status =
        ob_allocate(current_machine(), &ex_mutant_type, sizeof(*mutant), (void **)&mutant);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeMutant(mutant, initial_owner);
    return ob_create_handle(mutant, attributes, access, KernelMode, handle);
}
SB_EXPORT(ZwCreateMutant)

NTSTATUS NTAPI ZwOpenMutant(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSTATUS NTAPI ZwOpenMutant(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &ex_mutant_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenMutant)

NTSTATUS NTAPI ZwReleaseMutant(HANDLE handle, PLONG previous);
NTSTATUS NTAPI ZwReleaseMutant(HANDLE handle, PLONG previous)
{
    PKMUTANT mutant;
    LONG before;
    NTSTATUS status = zw_reference(handle, &ex_mutant_type, (void **)&mutant);
    if (!NT_SUCCESS(status))
        return status;
    status = ke_release_mutant(mutant, FALSE, FALSE, &before);
    ob_dereference(mutant);
    if (NT_SUCCESS(status) && previous)
        *previous = before;
    return status;
}
SB_EXPORT(ZwReleaseMutant)

NTSTATUS NTAPI ZwQueryMutant(HANDLE handle, ULONG class, PVOID buffer, ULONG length,
                             PULONG returned);
NTSTATUS NTAPI ZwQueryMutant(HANDLE handle, ULONG class, PVOID buffer, ULONG length,
                             PULONG returned)
{
    PKMUTANT mutant;
    if (class != 0)
        return STATUS_INVALID_INFO_CLASS;
    NTSTATUS status = zw_reference(handle, &ex_mutant_type, (void **)&mutant);
    if (!NT_SUCCESS(status))
        return status;
    struct mutant_information answer = {
        KeReadStateMutex(mutant), mutant->OwnerThread == &current_thread()->Tcb, mutant->Abandoned};
    ob_dereference(mutant);
    return zw_answer(&answer, sizeof(answer), buffer, length, returned);
}
SB_EXPORT(ZwQueryMutant)
