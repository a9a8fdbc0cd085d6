/* The registry keys of root-enumerated devices and their interfaces; made when first asked for. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"

enum { KEY_CAPACITY = 512 };

/* Creates each key of the path that is missing and opens the last for the kernel. */
static NTSTATUS open_path(PCUNICODE_STRING path, ACCESS_MASK access, PHANDLE handle)
{
    OBJECT_ATTRIBUTES attributes;
    USHORT count = path->Length / sizeof(WCHAR);
    NTSTATUS status = STATUS_OBJECT_NAME_INVALID;
    HANDLE key = NULL;
    for (USHORT end = 1; end <= count; end++) {
        if (end < count && path->Buffer[end] != '\\')
            continue;
        UNICODE_STRING part = {(USHORT)(end * sizeof(WCHAR)), (USHORT)(end * sizeof(WCHAR)),
                               path->Buffer};
        InitializeObjectAttributes(&attributes, &part, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                                   NULL, NULL);
        status = ZwOpenKey(&key, end == count ? access : KEY_READ, &attributes);
        if (status == STATUS_OBJECT_NAME_NOT_FOUND)
            status = ZwCreateKey(&key, end == count ? access : KEY_READ, &attributes, 0, NULL,
                                 REG_OPTION_NON_VOLATILE, NULL);
        if (!NT_SUCCESS(status))
            return status;
        if (end < count)
            ZwClose(key);
    }
    *handle = key;
    return status;
}

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT device, ULONG type, ACCESS_MASK access,
                                       PHANDLE handle)
{
    static const WCHAR instances[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\",
                       parameters[] = L"\\Device Parameters", software[] = L"\\Driver";
    const struct io_node *node = io_node_of(device);
    WCHAR text[KEY_CAPACITY];
    UNICODE_STRING path = {0, sizeof(text), text};
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!(type & (PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER)))
        return STATUS_INVALID_PARAMETER;
    RtlAppendUnicodeToString(&path, instances);
    RtlAppendUnicodeStringToString(&path, &node->instance);
    RtlAppendUnicodeToString(&path, type & PLUGPLAY_REGKEY_DRIVER ? software : parameters);
    return open_path(&path, access, handle);
}
SB_EXPORT(IoOpenDeviceRegistryKey)

NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING name, ACCESS_MASK access,
                                                PHANDLE handle);
NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING name, ACCESS_MASK access,
                                                PHANDLE handle)
{
    static const WCHAR classes[] =
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\";
    static const WCHAR parameters[] = L"\\Device Parameters";
    enum { PREFIX = 4 }; /* "\??\" */
    WCHAR text[KEY_CAPACITY];
    UNICODE_STRING path = {0, sizeof(text), text};
    if (name->Length <= PREFIX * sizeof(WCHAR) || !io_interface_exists(name))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    RtlAppendUnicodeToString(&path, classes);
    USHORT start = path.Length / sizeof(WCHAR);
    UNICODE_STRING rest = {(USHORT)(name->Length - PREFIX * sizeof(WCHAR)),
                           (USHORT)(name->Length - PREFIX * sizeof(WCHAR)), name->Buffer + PREFIX};
    RtlAppendUnicodeStringToString(&path, &rest);
    for (USHORT i = start; i < path.Length / sizeof(WCHAR); i++)
        if (text[i] == '\\')
            text[i] = '#'; /* one component a name */
    RtlAppendUnicodeToString(&path, parameters);
    return open_path(&path, access, handle);
}
SB_EXPORT(IoOpenDeviceInterfaceRegistryKey)
