/*
 * IoGetDeviceProperty: what a device's bus driver says of it, asked of the bus driver itself, and
 * what an installation has written to the device's key below Enum.
 */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { PATH_CHARACTERS = 400, US_ENGLISH = 0x409 };

/* Where an answer goes. */
struct answer {
    ULONG room;
    void *buffer;
    ULONG *needed;
};

static NTSTATUS give(const struct answer *answer, const void *data, ULONG size)
{
    *answer->needed = size;
    if (answer->room < size)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(answer->buffer, data, size);
    return STATUS_SUCCESS;
}

static ULONG text_size(PCWSTR text)
{
    ULONG count = 0;
    while (text[count])
        count++;
    return (count + 1) * (ULONG)sizeof(WCHAR);
}

/* A list's last text is empty. */
static ULONG list_size(PCWSTR list)
{
    ULONG size = 0;
    while (list[size / sizeof(WCHAR)])
        size += text_size(list + size / sizeof(WCHAR));
    return size + (ULONG)sizeof(WCHAR);
}

/* ---- from the bus driver ---- */

/* What a driver gave in its own pool memory, which is freed. */
static NTSTATUS give_allocated(const struct answer *answer, void *data, ULONG size)
{
    NTSTATUS status = give(answer, data, size);
    ExFreePool(data);
    return status;
}

static void fill_number(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryId.IdType = *(BUS_QUERY_ID_TYPE *)context;
}

static NTSTATUS give_ids(const struct io_node *node, BUS_QUERY_ID_TYPE type,
                         const struct answer *answer)
{
    ULONG_PTR list = 0;
    NTSTATUS status =
        io_send_bottom_minor(node->device, IRP_MJ_PNP, IRP_MN_QUERY_ID, fill_number, &type, &list);
    if (!NT_SUCCESS(status) || !list)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return give_allocated(answer, (void *)list, list_size((PCWSTR)list));
}

static void fill_text(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryDeviceText.DeviceTextType = *(DEVICE_TEXT_TYPE *)context;
    stack->Parameters.QueryDeviceText.LocaleId = US_ENGLISH;
}

static NTSTATUS give_device_text(const struct io_node *node, DEVICE_TEXT_TYPE type,
                                 const struct answer *answer)
{
    ULONG_PTR text = 0;
    NTSTATUS status = io_send_bottom_minor(node->device, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_TEXT,
                                           fill_text, &type, &text);
    if (!NT_SUCCESS(status) || !text)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return give_allocated(answer, (void *)text, text_size((PCWSTR)text));
}

static NTSTATUS give_bus(const struct io_node *node, DEVICE_REGISTRY_PROPERTY property,
                         const struct answer *answer)
{
    ULONG_PTR information = 0;
    NTSTATUS status = io_send_bottom_minor(node->device, IRP_MJ_PNP, IRP_MN_QUERY_BUS_INFORMATION,
                                           NULL, NULL, &information);
    if (!NT_SUCCESS(status) || !information)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    PNP_BUS_INFORMATION bus = *(PPNP_BUS_INFORMATION)information;
    ExFreePool((void *)information);
    if (property == DevicePropertyBusTypeGuid)
        return give(answer, &bus.BusTypeGuid, sizeof(bus.BusTypeGuid));
    return property == DevicePropertyBusNumber
               ? give(answer, &bus.BusNumber, sizeof(bus.BusNumber))
               : give(answer, &bus.LegacyBusType, sizeof(bus.LegacyBusType));
}

static DEVICE_REMOVAL_POLICY removal_policy(const DEVICE_CAPABILITIES *capabilities)
{
    if (!capabilities->Removable)
        return RemovalPolicyExpectNoRemoval;
    return capabilities->SurpriseRemovalOK ? RemovalPolicyExpectSurpriseRemoval
                                           : RemovalPolicyExpectOrderlyRemoval;
}

/* What the bus driver leaves out stays 0xFFFFFFFF. */
static NTSTATUS give_capability(const struct io_node *node, DEVICE_REGISTRY_PROPERTY property,
                                const struct answer *answer)
{
    DEVICE_CAPABILITIES capabilities;
    io_node_bus_capabilities(node, &capabilities);
    ULONG address = capabilities.Address, number = capabilities.UINumber;
    DEVICE_REMOVAL_POLICY policy = removal_policy(&capabilities);
    if (property == DevicePropertyAddress)
        return give(answer, &address, sizeof(address));
    return property == DevicePropertyUINumber ? give(answer, &number, sizeof(number))
                                              : give(answer, &policy, sizeof(policy));
}

/* ---- from the registry ---- */

static NTSTATUS NTAPI take_value(PWSTR value, ULONG type, PVOID data, ULONG length, PVOID context,
                                 PVOID entry)
{
    return type == REG_SZ ? give(context, data, text_size(data)) : STATUS_OBJECT_TYPE_MISMATCH;
}

static NTSTATUS give_installed(const struct io_node *node, PCWSTR value,
                               const struct answer *answer)
{
    static const WCHAR root[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\";
    WCHAR text[PATH_CHARACTERS];
    UNICODE_STRING key = {0, sizeof(text) - sizeof(WCHAR), text};
    RTL_QUERY_REGISTRY_TABLE table[2] = {
        {.QueryRoutine = take_value,
         .Flags = RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_NOEXPAND,
         .Name = (PWSTR)value}};
    RtlAppendUnicodeToString(&key, root);
    RtlAppendUnicodeStringToString(&key, &node->instance);
    text[key.Length / sizeof(WCHAR)] = 0;
    return RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, text, table, (PVOID)answer, NULL);
}

/* What the bus says of the device until an installation says it better. */
static NTSTATUS give_description(const struct io_node *node, const struct answer *answer)
{
    NTSTATUS status = give_installed(node, L"DeviceDesc", answer);
    return status == STATUS_OBJECT_NAME_NOT_FOUND
               ? give_device_text(node, DeviceTextDescription, answer)
               : status;
}

/* ---- from the node ---- */

static NTSTATUS give_enumerator(const struct io_node *node, const struct answer *answer)
{
    WCHAR text[NODE_NAME_LIMIT + 1] = {0};
    for (ULONG i = 0; i < NODE_NAME_LIMIT && i < node->instance.Length / sizeof(WCHAR); i++) {
        if (node->instance.Buffer[i] == '\\')
            break;
        text[i] = node->instance.Buffer[i];
    }
    return give(answer, text, text_size(text));
}

static NTSTATUS give_object_name(PDEVICE_OBJECT device, const struct answer *answer)
{
    UNICODE_STRING path;
    NTSTATUS status = ob_path(device, &path);
    if (!NT_SUCCESS(status))
        return status;
    status = give(answer, path.Buffer, path.Length + (ULONG)sizeof(WCHAR));
    mm_pool_free(current_machine(), path.Buffer);
    return status;
}

static NTSTATUS get(const struct io_node *node, DEVICE_REGISTRY_PROPERTY property,
                    const struct answer *answer)
{
    static const PCWSTR values[] = {[DevicePropertyClassName] = L"Class",
                                    [DevicePropertyClassGuid] = L"ClassGUID",
                                    [DevicePropertyDriverKeyName] = L"Driver",
                                    [DevicePropertyManufacturer] = L"Mfg",
                                    [DevicePropertyFriendlyName] = L"FriendlyName"};
    const ULONG installed = InstallStateInstalled;
    switch (property) {
    case DevicePropertyHardwareID:
        return give_ids(node, BusQueryHardwareIDs, answer);
    case DevicePropertyCompatibleIDs:
        return give_ids(node, BusQueryCompatibleIDs, answer);
    case DevicePropertyDeviceDescription:
        return give_description(node, answer);
    case DevicePropertyLocationInformation:
        return give_device_text(node, DeviceTextLocationInformation, answer);
    case DevicePropertyClassName:
    case DevicePropertyClassGuid:
    case DevicePropertyDriverKeyName:
    case DevicePropertyManufacturer:
    case DevicePropertyFriendlyName:
        return give_installed(node, values[property], answer);
    case DevicePropertyBusTypeGuid:
    case DevicePropertyLegacyBusType:
    case DevicePropertyBusNumber:
        return give_bus(node, property, answer);
    case DevicePropertyAddress:
    case DevicePropertyUINumber:
    case DevicePropertyRemovalPolicy:
        return give_capability(node, property, answer);
    case DevicePropertyEnumeratorName:
        return give_enumerator(node, answer);
    case DevicePropertyPhysicalDeviceObjectName:
        return give_object_name(node->device, answer);
    case DevicePropertyInstallState:
        return give(answer, &installed, sizeof(installed));
    case DevicePropertyBootConfiguration: /* devices have no resources here */
    case DevicePropertyBootConfigurationTranslated:
    case DevicePropertyResourceRequirements:
    case DevicePropertyAllocatedResources:
    case DevicePropertyContainerID:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    default:
        return STATUS_INVALID_PARAMETER_2;
    }
}

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT device, DEVICE_REGISTRY_PROPERTY property,
                                   ULONG room, PVOID buffer, PULONG result_length)
{
    const struct io_node *node = io_node_of(device);
    struct answer answer = {room, buffer, result_length};
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    *result_length = 0;
    return get(node, property, &answer);
}
SB_EXPORT(IoGetDeviceProperty)
