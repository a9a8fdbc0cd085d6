/* From OBJECT_ATTRIBUTES to objects and handles: what all ZwOpenXxx and ZwCreateXxx share. */
#include "host/ob/namespace.h"
#include "host/ps/ps.h"
#include "host/se/se.h"

struct _EPROCESS *ob_handle_owner(ULONG attributes)
{
    PETHREAD thread = current_thread();
    return attributes & OBJ_KERNEL_HANDLE ? thread->machine->ps->system_process
                                          : thread->Tcb.process;
}

static NTSTATUS reference_root(POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode, void **root)
{
    struct handle_entry entry;
    *root = NULL;
    if (!attributes->RootDirectory)
        return STATUS_SUCCESS;
    return ob_handle_reference(current_thread()->Tcb.process, attributes->RootDirectory, 0, NULL,
                               mode, root, &entry);
}

NTSTATUS ob_open_by_attributes(POBJECT_ATTRIBUTES attributes, struct ob_open *open, void **found)
{
    static const UNICODE_STRING empty;
    PCUNICODE_STRING name = attributes->ObjectName ? attributes->ObjectName : &empty;
    if (attributes->Length != sizeof(*attributes) || name->Length % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = reference_root(attributes, open->mode, &open->root);
    if (!NT_SUCCESS(status))
        return status;
    if (!open->root && name->Length == 0)
        status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    else
        status = ob_lookup(current_machine(), name, open, found);
    if (open->root)
        ob_dereference(open->root);
    return status;
}

/* The rights a new handle gets. */
static NTSTATUS grant(void *object, ACCESS_MASK access, KPROCESSOR_MODE mode, ACCESS_MASK *granted)
{
    NTSTATUS status = se_object_access(object, access, mode, granted);
    if (NT_SUCCESS(status))
        *granted &= object_header_of(object)->type->valid_access | SYNCHRONIZE |
                    STANDARD_RIGHTS_REQUIRED | ACCESS_SYSTEM_SECURITY;
    return status;
}

NTSTATUS ob_open_handle(POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type, ACCESS_MASK access,
                        KPROCESSOR_MODE mode, HANDLE *handle)
{
    struct _EPROCESS *process = ob_handle_owner(attributes->Attributes);
    struct ob_open open = {.desired_access = access,
                           .attributes = attributes->Attributes,
                           .mode = mode,
                           .process = process,
                           .wanted = type};
    ACCESS_MASK granted;
    void *object;
    if (type == &ob_symbolic_link_type)
        open.attributes |= OBJ_OPENLINK;
    NTSTATUS status = ob_open_by_attributes(attributes, &open, &object);
    if (!NT_SUCCESS(status))
        return status;
    if (type && object_header_of(object)->type != type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (NT_SUCCESS(status))
        status = grant(object, access, mode, &granted);
    if (NT_SUCCESS(status))
        status = ob_handle_create(process, object, granted, attributes->Attributes, handle);
    ob_dereference(object);
    return status;
}

static NTSTATUS insert(void *object, POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode)
{
    void *root;
    NTSTATUS status = reference_root(attributes, mode, &root);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_insert_at(root, object, attributes->ObjectName,
                          attributes->Attributes & OBJ_PERMANENT ? OB_PERMANENT : 0);
    if (root)
        ob_dereference(root);
    return status;
}

static BOOLEAN is_named(POBJECT_ATTRIBUTES attributes)
{
    return attributes && attributes->ObjectName && attributes->ObjectName->Length;
}

NTSTATUS ob_create_handle(void *object, POBJECT_ATTRIBUTES attributes, ACCESS_MASK access,
                          KPROCESSOR_MODE mode, HANDLE *handle)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    ULONG flags = attributes ? attributes->Attributes : 0;
    ACCESS_MASK granted = access;
    NTSTATUS status = STATUS_SUCCESS;
    if (attributes && attributes->SecurityDescriptor)
        status = se_object_assign(object, attributes->SecurityDescriptor);
    if (NT_SUCCESS(status) && is_named(attributes))
        status = insert(object, attributes, mode);
    if (status == STATUS_OBJECT_NAME_COLLISION && (flags & OBJ_OPENIF)) {
        ob_dereference(object);
        status = ob_open_handle(attributes, type, access, mode, handle);
        return NT_SUCCESS(status) ? STATUS_OBJECT_NAME_EXISTS : status;
    }
    if (NT_SUCCESS(status)) {
        /* The creator gets what it asks for: its descriptor binds others. */
        status = grant(object, access, KernelMode, &granted);
        if (NT_SUCCESS(status))
            status = ob_handle_create(ob_handle_owner(flags), object, granted, flags, handle);
        if (!NT_SUCCESS(status))
            ob_make_temporary(object);
    }
    ob_dereference(object);
    return status;
}
