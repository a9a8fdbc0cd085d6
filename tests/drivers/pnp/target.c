#include "target.h"

#include <devpropdef.h>

struct target_events target_events;
BOOLEAN target_refuses;

static PVOID listening;
/* Whose end the device's removal waits for. */
static LONG volatile reports_under_way;
static KEVENT reported;

static const GUID custom_event = {
    0x5b6c7d80, 0x1234, 0x4321, {0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 0x56, 0x78}};
static const GUID alias_class = {
    0x5b6c7d81, 0x1234, 0x4321, {0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 0x56, 0x78}};

BOOLEAN properties_are_kept(PDEVICE_OBJECT physical)
{
    static const DEVPROPKEY key = {
        {0x5b6c7d82, 0x1234, 0x4321, {0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 0x56, 0x78}}, 2};
    static const DEVPROPKEY instance = {
        {0x78c34fc8, 0x104a, 0x4aca, {0x9e, 0xa4, 0x52, 0x4d, 0x52, 0x99, 0x6e, 0x57}}, 256};
    WCHAR text[40];
    ULONG value = 77, read = 0, needed = 0;
    DEVPROPTYPE type = 0;

    if (IoGetDevicePropertyData(physical, &key, 0, 0, sizeof read, &read, &needed, &type) !=
        STATUS_OBJECT_NAME_NOT_FOUND)
        return FALSE;
    if (IoSetDevicePropertyData(physical, &key, 0, 0, DEVPROP_TYPE_UINT32, sizeof value, &value) !=
            STATUS_SUCCESS ||
        IoGetDevicePropertyData(physical, &key, 0, 0, 2, &read, &needed, &type) !=
            STATUS_BUFFER_TOO_SMALL ||
        needed != sizeof value)
        return FALSE;
    if (IoGetDevicePropertyData(physical, &key, 0, 0, sizeof read, &read, &needed, &type) !=
            STATUS_SUCCESS ||
        read != 77 || type != DEVPROP_TYPE_UINT32)
        return FALSE;
    if (IoSetDevicePropertyData(physical, &key, 0, 0, 0, 0, NULL) != STATUS_SUCCESS ||
        IoGetDevicePropertyData(physical, &key, 0, 0, sizeof read, &read, &needed, &type) !=
            STATUS_OBJECT_NAME_NOT_FOUND)
        return FALSE;
    return IoGetDevicePropertyData(physical, &instance, 0, 0, sizeof text, text, &needed, &type) ==
               STATUS_SUCCESS &&
           type == DEVPROP_TYPE_STRING && needed == (wcslen(text) + 1) * sizeof(WCHAR);
}

BOOLEAN interfaces_have_aliases(PDEVICE_OBJECT physical, PUNICODE_STRING link)
{
    UNICODE_STRING name, alias;
    BOOLEAN right;

    if (IoGetDeviceInterfaceAlias(link, &alias_class, &alias) != STATUS_OBJECT_NAME_NOT_FOUND ||
        IoRegisterDeviceInterface(physical, &alias_class, NULL, &name) != STATUS_SUCCESS)
        return FALSE;
    right = IoGetDeviceInterfaceAlias(link, &alias_class, &alias) == STATUS_SUCCESS;
    if (right) {
        right = RtlEqualUnicodeString(&name, &alias, FALSE);
        RtlFreeUnicodeString(&alias);
    }
    RtlFreeUnicodeString(&name);
    return right;
}

static NTSTATUS NTAPI changed(PVOID structure, PVOID context)
{
    const TARGET_DEVICE_REMOVAL_NOTIFICATION *change = structure;

    if (change->FileObject != context)
        return STATUS_SUCCESS;
    switch (change->Event.Data1) {
    case 0xcb3a4006:
        target_events.queried++;
        return target_refuses ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
    case 0xcb3a4007:
        target_events.cancelled++;
        break;
    case 0xcb3a4008:
        target_events.removed++;
        break;
    default:
        target_events.custom +=
            ((const TARGET_DEVICE_CUSTOM_NOTIFICATION *)structure)->CustomDataBuffer[0];
    }
    return STATUS_SUCCESS;
}

void target_initialize(void)
{
    KeInitializeEvent(&reported, SynchronizationEvent, FALSE);
}

NTSTATUS target_listen(PDRIVER_OBJECT driver, PFILE_OBJECT file)
{
    if (listening)
        return STATUS_DEVICE_BUSY;
    return IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file, driver, changed,
                                          file, &listening);
}

void target_forget(void)
{
    while (reports_under_way)
        KeWaitForSingleObject(&reported, Executive, KernelMode, FALSE, NULL);
    if (listening)
        IoUnregisterPlugPlayNotification(listening);
    listening = NULL;
}

static VOID NTAPI completed(PVOID context)
{
    (void)context;
    target_events.completed++;
    InterlockedDecrement(&reports_under_way);
    KeSetEvent(&reported, IO_NO_INCREMENT, FALSE);
}

NTSTATUS target_report(PDEVICE_OBJECT physical)
{
    TARGET_DEVICE_CUSTOM_NOTIFICATION event = {.Version = 1,
                                               .Size = sizeof event,
                                               .Event = custom_event,
                                               .NameBufferOffset = -1,
                                               .CustomDataBuffer = {3}};
    NTSTATUS status = IoReportTargetDeviceChange(physical, &event);

    if (NT_SUCCESS(status)) {
        InterlockedIncrement(&reports_under_way);
        status = IoReportTargetDeviceChangeAsynchronous(physical, &event, completed, NULL);
        if (!NT_SUCCESS(status))
            InterlockedDecrement(&reports_under_way);
    }
    event.Event.Data1 = 0xcb3a4008; /* the PnP manager's: not a driver's to report */
    event.Event.Data2 = 0x46f0;
    event.Event.Data3 = 0x11d0;
    RtlCopyMemory(event.Event.Data4, "\xb0\x8f\x00\x60\x97\x13\x05\x3f", 8);
    if (IoReportTargetDeviceChange(physical, &event) != STATUS_INVALID_DEVICE_REQUEST)
        return STATUS_UNSUCCESSFUL;
    return status;
}

BOOLEAN idle_is_watched(PDEVICE_OBJECT device)
{
    PULONG counter = PoRegisterDeviceForIdleDetection(device, 0, 1, PowerDeviceD1);

    if (!counter)
        return FALSE;
    PoStartDeviceBusy(counter);
    PoEndDeviceBusy(counter);
    PoSetDeviceBusyEx(counter);
    return *counter == 0;
}

void idle_forget(PDEVICE_OBJECT device)
{
    PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD1);
}
