/* Setting and deleting values. */
#include "host/cm/cm.h"

/* Terminators at the end of a name are not part of it. */
NTSTATUS cm_capture_value_name(PCUNICODE_STRING name, UNICODE_STRING *copy)
{
    NTSTATUS status = cm_capture(name, MAXUSHORT, copy);
    if (!NT_SUCCESS(status))
        return status;
    while (copy->Length && copy->Buffer[copy->Length / sizeof(WCHAR) - 1] == 0)
        copy->Length -= sizeof(WCHAR);
    if (copy->Length <= CM_VALUE_NAME_BYTES)
        return STATUS_SUCCESS;
    cm_capture_end(copy);
    return STATUS_INVALID_PARAMETER;
}

/* A link key holds nothing but its target. */
static BOOLEAN is_allowed(const struct cm_node *node, PCUNICODE_STRING name, ULONG type)
{
    UNICODE_STRING target = SB_UNICODE(L"SymbolicLinkValue");
    BOOLEAN is_target = RtlEqualUnicodeString(name, &target, TRUE) && type == REG_LINK;
    return !node->is_link || is_target;
}

static NTSTATUS set_value(struct cm_key *key, PCUNICODE_STRING name, ULONG type, PVOID data,
                          ULONG size)
{
    struct cm_state *cm = cm_of(key);
    NTSTATUS status;
    linux_lock(&cm->lock);
    if (key->node->is_deleted)
        status = STATUS_KEY_DELETED;
    else if (!is_allowed(key->node, name, type))
        status = STATUS_ACCESS_DENIED;
    else
        status = cm_value_set(key->node, name, type, data, size);
    linux_unlock(&cm->lock);
    if (NT_SUCCESS(status))
        cm_changed(cm, key->node, REG_NOTIFY_CHANGE_LAST_SET);
    return status;
}

static NTSTATUS capture_data(PVOID data, ULONG size, PVOID *copy)
{
    *copy = NULL;
    if (!size)
        return STATUS_SUCCESS;
    *copy = ExAllocatePoolWithTag(PagedPool, size, CM_TAG);
    if (!*copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(*copy, data, size);
    return STATUS_SUCCESS;
}

static NTSTATUS set_with_callbacks(HANDLE handle, PUNICODE_STRING name, ULONG title, ULONG type,
                                   PVOID data, ULONG size)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_SET_VALUE_KEY_INFORMATION information = {.Object = key,
                                                 .ValueName = name,
                                                 .TitleIndex = title,
                                                 .Type = type,
                                                 .Data = data,
                                                 .DataSize = size};
    struct cm_call call = CM_CALL(SetValueKey, key, information);
    if (cm_call_before(&call, &status))
        status = set_value(key, name, type, data, size);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}

NTSTATUS NTAPI ZwSetValueKey(HANDLE handle, PUNICODE_STRING value_name, ULONG title, ULONG type,
                             PVOID data, ULONG size)
{
    UNICODE_STRING name;
    PVOID copy;
    NTSTATUS status = cm_capture_value_name(value_name, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = capture_data(data, size, &copy);
    if (NT_SUCCESS(status)) {
        status = set_with_callbacks(handle, &name, title, type, copy, size);
        if (copy)
            ExFreePoolWithTag(copy, CM_TAG);
    }
    cm_capture_end(&name);
    return status;
}
SB_EXPORT(ZwSetValueKey)

static NTSTATUS delete_value(struct cm_key *key, PCUNICODE_STRING name)
{
    struct cm_state *cm = cm_of(key);
    linux_lock(&cm->lock);
    NTSTATUS status = key->node->is_deleted ? STATUS_KEY_DELETED : cm_value_delete(key->node, name);
    linux_unlock(&cm->lock);
    if (NT_SUCCESS(status))
        cm_changed(cm, key->node, REG_NOTIFY_CHANGE_LAST_SET);
    return status;
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE handle, PUNICODE_STRING value_name)
{
    struct cm_key *key;
    UNICODE_STRING name;
    NTSTATUS status = cm_capture_value_name(value_name, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_key_reference(handle, KEY_SET_VALUE, &key);
    if (NT_SUCCESS(status)) {
        REG_DELETE_VALUE_KEY_INFORMATION information = {.Object = key, .ValueName = &name};
        struct cm_call call = CM_CALL(DeleteValueKey, key, information);
        if (cm_call_before(&call, &status))
            status = delete_value(key, &name);
        status = cm_call_after(&call, status);
        ob_dereference(key);
    }
    cm_capture_end(&name);
    return status;
}
SB_EXPORT(ZwDeleteValueKey)
