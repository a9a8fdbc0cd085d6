/* Semaphore objects: semaphores with handles and names. The body is a KSEMAPHORE. */
#include "host/ke/ke.h"
#include "host/zw/zw.h"
#include "host/ob/object.h"

enum { QUERY_RIGHT = 1, MODIFY_RIGHT = 2 };

struct semaphore_information {
    LONG current_count, maximum_count;
};

static PKEVENT itself(void *object)
{
    return object;
}

OBJECT_TYPE ex_semaphore_type = {
    .self = &ex_semaphore_type,
    .name = RTL_CONSTANT_STRING(L"Semaphore"),
    .mapping = {STANDARD_RIGHTS_READ | QUERY_RIGHT, STANDARD_RIGHTS_WRITE | MODIFY_RIGHT,
                STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS},
    .valid_access = SEMAPHORE_ALL_ACCESS,
    .waitable = itself};
SB_EXPORT_DATA("ExSemaphoreObjectType", semaphore_object_type)

NTSTATUS NTAPI ZwCreateSemaphore(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                 LONG initial, LONG maximum);
NTSTATUS NTAPI ZwCreateSemaphore(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                 LONG initial, LONG maximum)
{
    PKSEMAPHORE semaphore;
    if (maximum <= 0 || initial < 0 || initial > maximum)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status =
        ob_allocate(current_machine(), &ex_semaphore_type, sizeof(*semaphore), (void **)&semaphore);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeSemaphore(semaphore, initial, maximum);
    return ob_create_handle(semaphore, attributes, access, KernelMode, handle);
}
SB_EXPORT(ZwCreateSemaphore)

NTSTATUS NTAPI ZwOpenSemaphore(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSTATUS NTAPI ZwOpenSemaphore(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &ex_semaphore_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenSemaphore)

NTSTATUS NTAPI ZwReleaseSemaphore(HANDLE handle, LONG count, PLONG previous);
NTSTATUS NTAPI ZwReleaseSemaphore(HANDLE handle, LONG count, PLONG previous)
{
    PKSEMAPHORE semaphore;
    LONG before;
    if (count <= 0)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = zw_reference(handle, &ex_semaphore_type, (void **)&semaphore);
    if (!NT_SUCCESS(status))
        return status;
    status = ke_release_semaphore(semaphore, count, FALSE, &before);
    ob_dereference(semaphore);
    if (NT_SUCCESS(status) && previous)
        *previous = before;
    return status;
}
SB_EXPORT(ZwReleaseSemaphore)

NTSTATUS NTAPI ZwQuerySemaphore(HANDLE handle, ULONG class, PVOID buffer, ULONG length,
                                PULONG returned);
NTSTATUS NTAPI ZwQuerySemaphore(HANDLE handle, ULONG class, PVOID buffer, ULONG length,
                                PULONG returned)
{
    PKSEMAPHORE semaphore;
    if (class != 0)
        return STATUS_INVALID_INFO_CLASS;
    NTSTATUS status = zw_reference(handle, &ex_semaphore_type, (void **)&semaphore);
    if (!NT_SUCCESS(status))
        return status;
    struct semaphore_information answer = {KeReadStateSemaphore(semaphore), semaphore->Limit};
    ob_dereference(semaphore);
    return zw_answer(&answer, sizeof(answer), buffer, length, returned);
}
SB_EXPORT(ZwQuerySemaphore)
