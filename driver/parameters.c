#include "parameters.h"

static NTSTATUS open_key(HANDLE parent, PUNICODE_STRING name, HANDLE *key)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent,
                               NULL);
    return ZwOpenKey(key, KEY_READ, &attributes);
}

NTSTATUS sb_open_parameters(PUNICODE_STRING registry_path, HANDLE *key)
{
    UNICODE_STRING name;
    HANDLE service;
    NTSTATUS status;

    status = open_key(NULL, registry_path, &service);
    if (!NT_SUCCESS(status))
        return status;
    RtlInitUnicodeString(&name, L"Parameters");
    status = open_key(service, &name, key);
    ZwClose(service);
    return status;
}

NTSTATUS sb_read_value(HANDLE key, const wchar_t *name, union sb_value *value)
{
    UNICODE_STRING string;
    ULONG length;

    RtlInitUnicodeString(&string, name);
    return ZwQueryValueKey(key, &string, KeyValuePartialInformation, value, sizeof(*value),
                           &length);
}
