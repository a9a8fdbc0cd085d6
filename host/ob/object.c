/* Allocation and reference counts. */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/ob/namespace.h"

enum { OBJECT_TAG = 0x206A624F };

NTSTATUS ob_allocate(struct machine *machine, POBJECT_TYPE type, SIZE_T size, void **object)
{
    struct object_header *header =
        mm_pool_allocate(machine, NonPagedPoolNx, sizeof(*header) + size, OBJECT_TAG);
    if (!header)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memset(header, 0, sizeof(*header) + size);
    header->references = 1;
    header->type = type;
    header->machine = machine;
    *object = header + 1;
    return STATUS_SUCCESS;
}

void ob_reference(void *object)
{
    __atomic_add_fetch(&object_header_of(object)->references, 1, __ATOMIC_RELAXED);
}

static void destroy(struct object_header *header)
{
    struct machine *machine = header->machine;
    if (header->type->remove)
        header->type->remove(header + 1);
    if (header->security)
        mm_pool_free(machine, header->security);
    if (header->name.Buffer)
        mm_pool_free(machine, header->name.Buffer);
    mm_pool_free(machine, header);
}

void ob_dereference(void *object)
{
    struct object_header *header = object_header_of(object);
    LONG64 left = __atomic_sub_fetch(&header->references, 1, __ATOMIC_ACQ_REL);
    if (left == 0)
        destroy(header);
    else if (left < 0)
        KeBugCheckEx(REFERENCE_BY_POINTER, (ULONG_PTR)header->type, (ULONG_PTR)object, 0,
                     (ULONG_PTR)left);
}

#undef ObReferenceObject
#undef ObDereferenceObject
LONG_PTR FASTCALL nt_ObfReferenceObject(PVOID object)
{
    return __atomic_add_fetch(&object_header_of(object)->references, 1, __ATOMIC_RELAXED);
}
SB_EXPORT_AS("ObfReferenceObject", nt_ObfReferenceObject)

LONG_PTR FASTCALL nt_ObfDereferenceObject(PVOID object)
{
    LONG64 left = __atomic_load_n(&object_header_of(object)->references, __ATOMIC_RELAXED) - 1;
    ob_dereference(object);
    return left;
}
SB_EXPORT_AS("ObfDereferenceObject", nt_ObfDereferenceObject)

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                         KPROCESSOR_MODE mode, PVOID *object,
                                         POBJECT_HANDLE_INFORMATION information)
{
    struct handle_entry entry;
    void *found;
    NTSTATUS status = ob_handle_reference(current_thread()->Tcb.process, handle, access, type,
                                          mode, &found, &entry);
    if (!NT_SUCCESS(status))
        return status;
    if (information) {
        information->HandleAttributes = entry.attributes;
        information->GrantedAccess = entry.access;
    }
    *object = found;
    return STATUS_SUCCESS;
}
SB_EXPORT(ObReferenceObjectByHandle)

NTSTATUS NTAPI ZwClose(HANDLE handle)
{
    return ob_handle_close(current_thread()->Tcb.process, handle, KernelMode);
}
SB_EXPORT(ZwClose)
