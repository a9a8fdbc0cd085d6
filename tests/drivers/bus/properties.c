/* What the function driver finds of its device by IoGetDeviceProperty, and who says it. */
#include "properties.h"

#include <initguid.h>

DEFINE_GUID(own_bus, 0x3b0a7c11, 0x52c4, 0x4b0e, 0x9a, 0x77, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60);

enum { BUS_NUMBER = 5, TAG = 0x70756253, TEXT = 64 };

/* ---- the bus's side ---- */

static PVOID copy_of(const void *data, SIZE_T size)
{
    PVOID copy = ExAllocatePoolWithTag(PagedPool, size, TAG);

    if (copy)
        RtlCopyMemory(copy, data, size);
    return copy;
}

NTSTATUS property_answer(PIRP irp, ULONG serial)
{
    static const WCHAR description[] = L"A child", location[] = L"in a test";
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PNP_BUS_INFORMATION bus = {own_bus, PNPBus, BUS_NUMBER};
    PDEVICE_CAPABILITIES capabilities;
    PVOID answer;

    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_DEVICE_TEXT:
        answer = stack->Parameters.QueryDeviceText.DeviceTextType == DeviceTextDescription
                     ? copy_of(description, sizeof description)
                     : copy_of(location, sizeof location);
        break;
    case IRP_MN_QUERY_BUS_INFORMATION:
        answer = copy_of(&bus, sizeof bus);
        break;
    default:
        capabilities = stack->Parameters.DeviceCapabilities.Capabilities;
        capabilities->Address = 0x100 + serial;
        capabilities->Removable = TRUE;
        irp->IoStatus.Information = 0;
        return STATUS_SUCCESS;
    }
    irp->IoStatus.Information = (ULONG_PTR)answer;
    return answer ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- the function's side ---- */

static ULONG wrong, checked;

static void expect(PDEVICE_OBJECT physical, DEVICE_REGISTRY_PROPERTY property, const void *data,
                   ULONG size)
{
    UCHAR buffer[TEXT * sizeof(WCHAR)];
    ULONG needed = 0;
    NTSTATUS status = IoGetDeviceProperty(physical, property, sizeof buffer, buffer, &needed);

    checked++;
    if (!NT_SUCCESS(status) || needed != size || RtlCompareMemory(buffer, data, size) != size ||
        IoGetDeviceProperty(physical, property, size - 1, buffer, &needed) !=
            STATUS_BUFFER_TOO_SMALL ||
        needed != size)
        wrong = wrong ? wrong : checked;
}

static void refuse(PDEVICE_OBJECT physical, DEVICE_REGISTRY_PROPERTY property, NTSTATUS expected)
{
    ULONG needed, number;

    checked++;
    if (IoGetDeviceProperty(physical, property, sizeof number, &number, &needed) != expected)
        wrong = wrong ? wrong : checked;
}

#define EXPECT_TEXT(property, text)   expect(physical, property, text, sizeof text)
#define EXPECT_VALUE(property, value) expect(physical, property, &value, sizeof value)

ULONG properties_wrong(PDEVICE_OBJECT physical, ULONG serial)
{
    static const WCHAR ids[] = L"SBBUS\\Child\0SBBUS\\Any\0", friend[] = L"Child of ours";
    WCHAR key[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\SBBUS\\Child\\0";
    HANDLE parameters;
    const ULONG bus_number = BUS_NUMBER, address = 0x100 + serial, no_number = (ULONG)-1;
    const INTERFACE_TYPE type = PNPBus;
    const DEVICE_REMOVAL_POLICY policy = RemovalPolicyExpectOrderlyRemoval;

    wrong = checked = 0;
    EXPECT_TEXT(DevicePropertyHardwareID, ids);
    refuse(physical, DevicePropertyCompatibleIDs, STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_TEXT(DevicePropertyDeviceDescription, L"A child");
    EXPECT_TEXT(DevicePropertyLocationInformation, L"in a test");
    EXPECT_VALUE(DevicePropertyBusTypeGuid, own_bus);
    EXPECT_VALUE(DevicePropertyLegacyBusType, type);
    EXPECT_VALUE(DevicePropertyBusNumber, bus_number);
    EXPECT_VALUE(DevicePropertyAddress, address);
    EXPECT_VALUE(DevicePropertyUINumber, no_number);
    EXPECT_VALUE(DevicePropertyRemovalPolicy, policy);
    EXPECT_TEXT(DevicePropertyEnumeratorName, L"SBBUS");
    refuse(physical, DevicePropertyFriendlyName, STATUS_OBJECT_NAME_NOT_FOUND);
    key[RTL_NUMBER_OF(key) - 2] = (WCHAR)('0' + serial);
    if (NT_SUCCESS(
            IoOpenDeviceRegistryKey(physical, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &parameters)))
        ZwClose(parameters); /* the device's key is there now */
    RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, key, L"FriendlyName", REG_SZ, (PVOID) friend,
                          sizeof friend);
    EXPECT_TEXT(DevicePropertyFriendlyName, friend);
    RtlDeleteRegistryValue(RTL_REGISTRY_ABSOLUTE, key, L"FriendlyName");
    refuse(physical, (DEVICE_REGISTRY_PROPERTY)999, STATUS_INVALID_PARAMETER_2);
    return wrong;
}
