/* Names of a block's instances: a base name or a physical device's with a number, or a list. */
#include "host/io/pnp.h"
#include "host/mm/mm.h"
#include "host/wmi/wmi.h"

enum { NAME_CAPACITY = 320 };

/* A counted text at an offset of the registration; empty when it does not lie within. */
static UNICODE_STRING text_at(const struct wmi_provider *provider, ULONG offset)
{
    const USHORT *counted = (const USHORT *)((const char *)provider->info + offset);
    if (offset > provider->size - sizeof(USHORT) || offset % sizeof(USHORT) ||
        *counted > provider->size - offset - sizeof(USHORT))
        return (UNICODE_STRING){0};
    return (UNICODE_STRING){*counted, *counted, (PWSTR)(counted + 1)};
}

static NTSTATUS number(PUNICODE_STRING name, const WCHAR *between, ULONG index)
{
    WCHAR digits[12];
    UNICODE_STRING text = {0, sizeof(digits), digits};
    RtlIntegerToUnicodeString(index, 10, &text);
    RtlAppendUnicodeToString(name, between);
    return RtlAppendUnicodeStringToString(name, &text);
}

static NTSTATUS from_device(PDEVICE_OBJECT device, ULONG index, PUNICODE_STRING name)
{
    static const WCHAR separator[] = L"_";
    const struct io_node *node = io_node_of(device);
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    RtlAppendUnicodeStringToString(name, &node->instance);
    return number(name, separator, index);
}

static NTSTATUS from_list(const struct wmi_provider *provider, ULONG offset, ULONG index,
                          PUNICODE_STRING name)
{
    UNICODE_STRING text = text_at(provider, offset);
    while (index-- > 0 && text.Buffer) {
        offset += text.Length + (ULONG)sizeof(USHORT);
        text = text_at(provider, offset);
    }
    return text.Buffer ? RtlAppendUnicodeStringToString(name, &text) : STATUS_INVALID_PARAMETER;
}

static NTSTATUS build(const struct wmi_provider *provider, const WMIREGGUID *entry, ULONG index,
                      PUNICODE_STRING name)
{
    static const WCHAR nothing[] = L"";
    UNICODE_STRING base;
    if (entry->Flags & WMIREG_FLAG_INSTANCE_PDO)
        return from_device((PDEVICE_OBJECT)entry->Pdo, index, name);
    if (entry->Flags & WMIREG_FLAG_INSTANCE_LIST)
        return from_list(provider, entry->InstanceNameList, index, name);
    if (!(entry->Flags & WMIREG_FLAG_INSTANCE_BASENAME))
        return STATUS_NOT_FOUND;
    base = text_at(provider, entry->BaseNameOffset);
    RtlAppendUnicodeStringToString(name, &base);
    return number(name, nothing, index);
}

BOOLEAN wmi_instance_name(const struct wmi_provider *provider, const WMIREGGUID *entry, ULONG index,
                          PUNICODE_STRING name)
{
    struct machine *machine = current_machine();
    *name = (UNICODE_STRING){0, NAME_CAPACITY * sizeof(WCHAR), NULL};
    name->Buffer = mm_pool_allocate_zero(machine, name->MaximumLength, WMI_TAG);
    if (!name->Buffer)
        return FALSE;
    if (index < entry->InstanceCount && NT_SUCCESS(build(provider, entry, index, name)))
        return TRUE;
    mm_pool_free(machine, name->Buffer);
    return FALSE;
}

/* "path of the device" from IoWMISuggestInstanceName; with the link's name in front if both are to
 * be told. The caller frees it. */
NTSTATUS NTAPI IoWMISuggestInstanceName(PDEVICE_OBJECT device, PUNICODE_STRING link,
                                        BOOLEAN combine, PUNICODE_STRING suggested)
{
    struct machine *machine = current_machine();
    const struct io_node *node = device ? io_node_of(device) : NULL;
    if ((!node && !link) || (device && !node))
        return STATUS_INVALID_DEVICE_REQUEST;
    UNICODE_STRING name = {0, NAME_CAPACITY * sizeof(WCHAR), NULL};
    name.Buffer = mm_pool_allocate_zero(machine, name.MaximumLength, WMI_TAG);
    if (!name.Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    static const WCHAR space[] = L" ";
    if (link && (combine || !node))
        RtlAppendUnicodeStringToString(&name, link);
    if (link && combine && node)
        RtlAppendUnicodeToString(&name, space);
    if (node)
        RtlAppendUnicodeStringToString(&name, &node->instance);
    *suggested = name;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMISuggestInstanceName)

/* ---- the instance that a device has of a block ---- */

/* The first of the provider that matches; the caller frees the name. */
static NTSTATUS first_instance(const struct wmi_block *block, PDEVICE_OBJECT device,
                               BOOLEAN by_stack, PUNICODE_STRING name)
{
    const WMIREGGUID *entry;
    struct wmi_provider *provider;
    for (ULONG i = 0; (provider = wmi_provider_of(&block->guid, i, &entry)) != NULL; i++) {
        BOOLEAN is_its = by_stack ? io_top_of_stack(provider->device) == io_top_of_stack(device)
                                  : provider->device == device;
        BOOLEAN has_name = is_its && wmi_instance_name(provider, entry, 0, name);
        wmi_provider_release(provider);
        if (has_name)
            return STATUS_SUCCESS;
    }
    return STATUS_WMI_INSTANCE_NOT_FOUND;
}

NTSTATUS NTAPI IoWMIDeviceObjectToInstanceName(PVOID block, PDEVICE_OBJECT device,
                                               PUNICODE_STRING name)
{
    return first_instance(block, device, FALSE, name);
}
SB_EXPORT(IoWMIDeviceObjectToInstanceName)

/* The file's requests go through all drivers of its device. */
NTSTATUS NTAPI IoWMIHandleToInstanceName(PVOID block, HANDLE handle, PUNICODE_STRING name)
{
    PFILE_OBJECT file;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, FILE_READ_DATA, &io_file_type,
                                  current_thread()->Tcb.previous_mode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = first_instance(block, file->DeviceObject, TRUE, name);
    ob_dereference(file);
    return status;
}
SB_EXPORT(IoWMIHandleToInstanceName)
