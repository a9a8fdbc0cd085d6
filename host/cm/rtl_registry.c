/* RtlWriteRegistryValue and its simple sisters. */
#include "host/cm/rtl_registry.h"

/* What RelativeTo stands for, by number. */
static const WCHAR *const prefixes[RTL_REGISTRY_MAXIMUM] = {
    [RTL_REGISTRY_ABSOLUTE] = L"",
    [RTL_REGISTRY_SERVICES] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\",
    [RTL_REGISTRY_CONTROL] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\",
    [RTL_REGISTRY_WINDOWS_NT] =
        L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\",
    [RTL_REGISTRY_DEVICEMAP] = L"\\Registry\\Machine\\Hardware\\DeviceMap\\",
    [RTL_REGISTRY_USER] = L"\\Registry\\User\\.Default\\", /* the system's, as for any service */
};

/* prefix and path in one pool buffer. */
static NTSTATUS join(const WCHAR *prefix, PCWSTR path, UNICODE_STRING *joined)
{
    SIZE_T prefix_length = rtl_unicode_length(prefix);
    SIZE_T path_length = path ? rtl_unicode_length(path) : 0;
    if (!path_length && prefix_length)
        prefix_length -= sizeof(WCHAR); /* without the backslash at its end */
    SIZE_T length = prefix_length + path_length;
    if (length > MAXUSHORT)
        return STATUS_NAME_TOO_LONG;
    PWSTR text = ExAllocatePoolWithTag(PagedPool, length + sizeof(WCHAR), CM_TAG);
    if (!text)
        return STATUS_NO_MEMORY;
    RtlCopyMemory(text, prefix, prefix_length);
    if (path_length)
        RtlCopyMemory((PUCHAR)text + prefix_length, path, path_length);
    *joined = (UNICODE_STRING){(USHORT)length, (USHORT)length, text};
    return STATUS_SUCCESS;
}

NTSTATUS cm_open_relative(ULONG relative_to, PCWSTR path, ACCESS_MASK access, BOOLEAN creates,
                          HANDLE *handle, BOOLEAN *is_ours)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    ULONG disposition;
    *is_ours = FALSE;
    if (relative_to & RTL_REGISTRY_HANDLE) {
        *handle = (HANDLE)path;
        return STATUS_SUCCESS;
    }
    relative_to &= ~RTL_REGISTRY_OPTIONAL;
    if (relative_to >= RTL_REGISTRY_MAXIMUM)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = join(prefixes[relative_to], path, &name);
    if (!NT_SUCCESS(status))
        return status;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    status = creates ? ZwCreateKey(handle, access, &attributes, 0, NULL, 0, &disposition)
                     : ZwOpenKey(handle, access, &attributes);
    cm_capture_end(&name);
    *is_ours = NT_SUCCESS(status);
    return status;
}

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR value_name, ULONG type,
                                     PVOID data, ULONG length)
{
    HANDLE key;
    BOOLEAN is_ours;
    UNICODE_STRING name;
    NTSTATUS status = cm_open_relative(relative_to, path, KEY_SET_VALUE, TRUE, &key, &is_ours);
    if (!NT_SUCCESS(status))
        return status;
    RtlInitUnicodeString(&name, value_name);
    status = ZwSetValueKey(key, &name, 0, type, data, length);
    if (is_ours)
        ZwClose(key);
    return status;
}
SB_EXPORT(RtlWriteRegistryValue)

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR value_name)
{
    HANDLE key;
    BOOLEAN is_ours;
    UNICODE_STRING name;
    NTSTATUS status = cm_open_relative(relative_to, path, KEY_SET_VALUE, FALSE, &key, &is_ours);
    if (!NT_SUCCESS(status))
        return status;
    RtlInitUnicodeString(&name, value_name);
    status = ZwDeleteValueKey(key, &name);
    if (is_ours)
        ZwClose(key);
    return status;
}
SB_EXPORT(RtlDeleteRegistryValue)

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG relative_to, PWSTR path)
{
    HANDLE key;
    BOOLEAN is_ours;
    NTSTATUS status = cm_open_relative(relative_to, path, KEY_WRITE, TRUE, &key, &is_ours);
    if (NT_SUCCESS(status) && is_ours)
        ZwClose(key);
    return status;
}
SB_EXPORT(RtlCreateRegistryKey)

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG relative_to, PWSTR path)
{
    HANDLE key;
    BOOLEAN is_ours;
    NTSTATUS status = cm_open_relative(relative_to, path, KEY_READ, FALSE, &key, &is_ours);
    if (NT_SUCCESS(status) && is_ours)
        ZwClose(key);
    return status;
}
SB_EXPORT(RtlCheckRegistryKey)
