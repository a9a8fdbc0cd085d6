/* What an object is: its name, type, counts. */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/ob/namespace.h"

enum { HANDLE_FLAG_CLASS = 4 };

struct handle_flags {
    BOOLEAN inherit, protect_from_close;
};

/* The full name: a file's is its device's name and its own behind it. In pool, perhaps empty. */
static NTSTATUS full_name(void *object, UNICODE_STRING *name)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    return type->name_of ? type->name_of(object, name) : ob_path(object, name);
}

/* The first length bytes of a name and a 0 behind it; nothing at all of an empty one. */
static void put_name(const UNICODE_STRING *name, USHORT length,
                     POBJECT_NAME_INFORMATION information)
{
    PWSTR text = (PWSTR)(information + 1);
    RtlInitUnicodeString(&information->Name, NULL);
    if (length == 0)
        return;
    RtlCopyMemory(text, name->Buffer, length);
    text[length / sizeof(WCHAR)] = 0;
    information->Name = (UNICODE_STRING){length, length + sizeof(WCHAR), text};
}

static NTSTATUS store_name(const UNICODE_STRING *name, BOOLEAN is_cut,
                           POBJECT_NAME_INFORMATION information, ULONG length, PULONG needed)
{
    *needed = sizeof(*information);
    if (name->Length)
        *needed += name->Length + sizeof(WCHAR);
    if (length < sizeof(*information) || (length < *needed && !is_cut))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (length >= *needed) {
        put_name(name, name->Length, information);
        return STATUS_SUCCESS;
    }
    ULONG room = length - sizeof(*information);
    put_name(name, room > sizeof(WCHAR) ? (USHORT)((room & ~1u) - sizeof(WCHAR)) : 0, information);
    return STATUS_BUFFER_OVERFLOW;
}

NTSTATUS NTAPI ObQueryNameString(PVOID object, POBJECT_NAME_INFORMATION information, ULONG length,
                                 PULONG return_length)
{
    UNICODE_STRING name;
    NTSTATUS status = full_name(object, &name);
    if (!NT_SUCCESS(status))
        return status;
    BOOLEAN is_cut = object_header_of(object)->type->name_is_cut;
    status = store_name(&name, is_cut, information, length, return_length);
    mm_pool_free(object_header_of(object)->machine, name.Buffer);
    return status;
}
SB_EXPORT(ObQueryNameString)

static NTSTATUS basic(const struct handle_entry *entry, void *object,
                      POBJECT_BASIC_INFORMATION information, ULONG length, PULONG needed)
{
    const struct object_header *header = object_header_of(object);
    *needed = sizeof(*information);
    if (length != sizeof(*information))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlZeroMemory(information, sizeof(*information));
    information->Attributes = entry->attributes & (OBJ_INHERIT | OBJ_PROTECT_CLOSE_BIT);
    if (header->flags & OB_PERMANENT)
        information->Attributes |= OBJ_PERMANENT;
    information->GrantedAccess = entry->access;
    information->HandleCount = (ULONG)header->handles;
    information->PointerCount = (ULONG)header->references;
    if (header->name.Length)
        information->NameInfoSize =
            sizeof(OBJECT_NAME_INFORMATION) + header->name.Length + sizeof(WCHAR);
    information->TypeInfoSize =
        sizeof(PUBLIC_OBJECT_TYPE_INFORMATION) + header->type->name.Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

static NTSTATUS type_name(void *object, PPUBLIC_OBJECT_TYPE_INFORMATION information, ULONG length,
                          PULONG needed)
{
    const UNICODE_STRING *name = &object_header_of(object)->type->name;
    *needed = sizeof(*information) + name->Length + sizeof(WCHAR);
    if (length < *needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlZeroMemory(information, *needed);
    PWSTR text = (PWSTR)(information + 1);
    RtlCopyMemory(text, name->Buffer, name->Length);
    information->TypeName =
        (UNICODE_STRING){name->Length, (USHORT)(name->Length + sizeof(WCHAR)), text};
    return STATUS_SUCCESS;
}

static NTSTATUS handle_flags(const struct handle_entry *entry, struct handle_flags *flags,
                             ULONG length, PULONG needed)
{
    *needed = sizeof(*flags);
    if (length != sizeof(*flags))
        return STATUS_INFO_LENGTH_MISMATCH;
    flags->inherit = (entry->attributes & OBJ_INHERIT) != 0;
    flags->protect_from_close = (entry->attributes & OBJ_PROTECT_CLOSE_BIT) != 0;
    return STATUS_SUCCESS;
}

static NTSTATUS query(HANDLE handle, OBJECT_INFORMATION_CLASS class, PVOID information,
                      ULONG length, PULONG return_length, KPROCESSOR_MODE mode)
{
    struct handle_entry entry;
    void *object;
    ULONG needed = 0;
    NTSTATUS status =
        ob_handle_reference(current_thread()->Tcb.process, handle, 0, NULL, mode, &object, &entry);
    if (!NT_SUCCESS(status))
        return status;
    switch ((int)class) {
    case ObjectBasicInformation:
        status = basic(&entry, object, information, length, &needed);
        break;
    case 1: /* ObjectNameInformation */
        status = ObQueryNameString(object, information, length, &needed);
        break;
    case ObjectTypeInformation:
        status = type_name(object, information, length, &needed);
        break;
    case HANDLE_FLAG_CLASS:
        status = handle_flags(&entry, information, length, &needed);
        break;
    default:
        status = STATUS_INVALID_INFO_CLASS;
    }
    if (return_length)
        *return_length = needed;
    ob_dereference(object);
    return status;
}

NTSTATUS NTAPI ZwQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS class, PVOID information,
                             ULONG length, PULONG return_length)
{
    return query(handle, class, information, length, return_length, KernelMode);
}
SB_EXPORT(ZwQueryObject)

NTSTATUS NTAPI NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS class, PVOID information,
                             ULONG length, PULONG return_length)
{
    return query(handle, class, information, length, return_length,
                 current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtQueryObject)

NTSTATUS NTAPI ZwSetInformationObject(HANDLE handle, OBJECT_INFORMATION_CLASS class,
                                      PVOID information, ULONG length);
NTSTATUS NTAPI ZwSetInformationObject(HANDLE handle, OBJECT_INFORMATION_CLASS class,
                                      PVOID information, ULONG length)
{
    const struct handle_flags *flags = information;
    if ((int)class != HANDLE_FLAG_CLASS)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(*flags))
        return STATUS_INFO_LENGTH_MISMATCH;
    return ob_handle_set_attributes(current_thread()->Tcb.process, handle,
                                    (flags->inherit ? OBJ_INHERIT : 0) |
                                        (flags->protect_from_close ? OBJ_PROTECT_CLOSE_BIT : 0));
}
SB_EXPORT(ZwSetInformationObject)
