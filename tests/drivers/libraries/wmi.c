/* A WMI provider that uses wmilib, and its client in the same driver. */
#include "libraries.h"

#include <wmilib.h>
#include <wmistr.h>

enum { RIGHT_QUERY = 1, RIGHT_SET = 2, RIGHT_NOTIFICATION = 4, RIGHT_EXECUTE = 0x10 };
enum { INSTANCES = 2, METHOD_DOUBLE = 7, ITEM = 1 };

static const GUID block_guid = {
    0x3a9d1c60, 0x0b7e, 0x4f11, {0x9c, 0x21, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba}};
static const GUID event_guid = {
    0x3a9d1c61, 0x0b7e, 0x4f11, {0x9c, 0x21, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba}};
static const GUID unknown_guid = {
    0x3a9d1c62, 0x0b7e, 0x4f11, {0x9c, 0x21, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba}};

static ULONGLONG values[INSTANCES] = {11, 22};
static LONG events_enabled;
static KEVENT event_seen;
static ULONG event_value, event_instance;
static UNICODE_STRING registry_path = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\Services");

/* ---- the provider ---- */
static NTSTATUS NTAPI query_registration(PDEVICE_OBJECT device, PULONG flags, PUNICODE_STRING name,
                                         PUNICODE_STRING *registry, PUNICODE_STRING resource,
                                         PDEVICE_OBJECT *physical)
{
    static const WCHAR base[] = L"Sensor ";

    (void)device, (void)resource, (void)physical;
    *flags = WMIREG_FLAG_INSTANCE_BASENAME;
    *registry = &registry_path;
    name->Buffer = ExAllocatePoolWithTag(PagedPool, sizeof base, TAG); /* WMI frees it */
    if (!name->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(name->Buffer, base, sizeof base);
    name->Length = sizeof base - sizeof(WCHAR);
    name->MaximumLength = sizeof base;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI query_block(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance,
                                  ULONG count, PULONG lengths, ULONG room, PUCHAR buffer)
{
    ULONG needed = count * sizeof values[0];

    (void)guid;
    if (room < needed)
        return WmiCompleteRequest(device, irp, STATUS_BUFFER_TOO_SMALL, needed, IO_NO_INCREMENT);
    for (ULONG i = 0; i < count; i++) {
        lengths[i] = sizeof values[0];
        ((PULONGLONG)buffer)[i] = values[instance + i];
    }
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, needed, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI set_block(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance,
                                ULONG size, PUCHAR buffer)
{
    NTSTATUS status = size == sizeof values[0] ? STATUS_SUCCESS : STATUS_WMI_SET_FAILURE;

    (void)guid;
    if (NT_SUCCESS(status))
        values[instance] = *(PULONGLONG)buffer;
    return WmiCompleteRequest(device, irp, status, 0, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI execute(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance,
                              ULONG method, ULONG in_size, ULONG out_size, PUCHAR buffer)
{
    (void)guid;
    if (method != METHOD_DOUBLE || in_size != sizeof(ULONG) || out_size < sizeof(ULONG))
        return WmiCompleteRequest(device, irp, STATUS_WMI_ITEMID_NOT_FOUND, 0, IO_NO_INCREMENT);
    *(PULONG)buffer = *(PULONG)buffer * 2 + instance;
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, sizeof(ULONG), IO_NO_INCREMENT);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                              WMIENABLEDISABLECONTROL what, BOOLEAN enable)
{
    if (what == WmiEventControl && guid == 1)
        events_enabled += enable ? 1 : -1;
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static WMIGUIDREGINFO blocks[] = {{&block_guid, INSTANCES, 0},
                                  {&event_guid, INSTANCES, WMIREG_FLAG_EVENT_ONLY_GUID}};
static WMILIB_CONTEXT library = {RTL_NUMBER_OF(blocks),
                                 blocks,
                                 query_registration,
                                 query_block,
                                 set_block,
                                 NULL,
                                 execute,
                                 control};

static NTSTATUS NTAPI system_control(PDEVICE_OBJECT device, PIRP irp)
{
    SYSCTL_IRP_DISPOSITION disposition;
    NTSTATUS status = WmiSystemControl(&library, device, irp, &disposition);

    if (disposition != IrpProcessed)
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- the client ---- */
/* Windows asks for the blocks some time after the registration. */
static NTSTATUS open_block(const GUID *guid, ULONG access, PVOID *block)
{
    LARGE_INTEGER moment = {.QuadPart = -100000};
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    for (int turn = 0; turn < 300; turn++) {
        status = IoWMIOpenBlock((GUID *)guid, access, block);
        if (status != STATUS_WMI_GUID_NOT_FOUND)
            break;
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    return status;
}

static void query(PVOID block)
{
    static ULONGLONG room[128];
    PWNODE_ALL_DATA all = (PWNODE_ALL_DATA)room;
    UNICODE_STRING second = RTL_CONSTANT_STRING(L"Sensor 1"),
                   third = RTL_CONSTANT_STRING(L"Sensor 2");
    PWNODE_SINGLE_INSTANCE single = (PWNODE_SINGLE_INSTANCE)room;
    ULONG size = 0;

    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, IoWMIQueryAllData(block, &size, NULL));
    CHECK(size > sizeof(WNODE_ALL_DATA) && size < sizeof room);
    size = sizeof room;
    CHECK_STATUS(STATUS_SUCCESS, IoWMIQueryAllData(block, &size, all));
    CHECK(all->InstanceCount == INSTANCES && all->WnodeHeader.Linkage == 0);
    for (ULONG i = 0; i < INSTANCES; i++) {
        const ULONG *names = (const ULONG *)((char *)all + all->OffsetInstanceNameOffsets);
        const USHORT *name = (const USHORT *)((char *)all + names[i]);
        const OFFSETINSTANCEDATAANDLENGTH *data = &all->OffsetInstanceDataAndLength[i];
        CHECK(data->LengthInstanceData == sizeof(ULONGLONG));
        CHECK(*(PULONGLONG)((char *)all + data->OffsetInstanceData) == values[i]);
        CHECK(name[0] == 16 && name[8] == '0' + i);
    }
    size = sizeof room;
    CHECK_STATUS(STATUS_SUCCESS, IoWMIQuerySingleInstance(block, &second, &size, room));
    CHECK(single->SizeDataBlock == 8 && single->InstanceIndex == 1);
    CHECK(*(PULONGLONG)((char *)single + single->DataBlockOffset) == 22);
    size = sizeof room;
    CHECK_STATUS(STATUS_WMI_INSTANCE_NOT_FOUND,
                 IoWMIQuerySingleInstance(block, &third, &size, room));
}

static void change(PVOID block)
{
    UNICODE_STRING first = RTL_CONSTANT_STRING(L"sensor 0");
    ULONGLONG value = 33;
    ULONG argument = 21, size = sizeof argument;

    CHECK_STATUS(STATUS_SUCCESS, IoWMISetSingleInstance(block, &first, 1, sizeof value, &value));
    CHECK(values[0] == 33);
    CHECK_STATUS(STATUS_WMI_SET_FAILURE, IoWMISetSingleInstance(block, &first, 1, 4, &value));
    CHECK_STATUS(STATUS_WMI_READ_ONLY,
                 IoWMISetSingleItem(block, &first, ITEM, 1, sizeof value, &value));
    CHECK_STATUS(STATUS_SUCCESS, IoWMIExecuteMethod(block, &first, METHOD_DOUBLE, sizeof argument,
                                                    &size, (PUCHAR)&argument));
    CHECK(argument == 42 && size == sizeof argument);
}

static VOID NTAPI notified(PVOID wnode, PVOID context)
{
    const WNODE_SINGLE_INSTANCE *event = wnode;

    CHECK(context == &event_seen && KeGetCurrentIrql() == PASSIVE_LEVEL);
    event_instance = event->InstanceIndex;
    event_value = *(PULONG)((char *)event + event->DataBlockOffset);
    KeSetEvent(&event_seen, IO_NO_INCREMENT, FALSE);
}

static void fire(PDEVICE_OBJECT device, ULONG value)
{
    PULONG data = ExAllocatePoolWithTag(NonPagedPool, sizeof *data, TAG); /* WMI frees it */

    CHECK(data != NULL);
    if (!data)
        return;
    *data = value;
    CHECK_STATUS(STATUS_SUCCESS, WmiFireEvent(device, &event_guid, 1, sizeof *data, data));
}

static void listen(PDEVICE_OBJECT device)
{
    LARGE_INTEGER limit = {.QuadPart = -50000000}, moment = {.QuadPart = -100000};
    PVOID block = NULL;

    KeInitializeEvent(&event_seen, SynchronizationEvent, FALSE);
    fire(device, 1); /* nobody listens */
    CHECK_STATUS(STATUS_SUCCESS, open_block(&event_guid, RIGHT_NOTIFICATION, &block));
    CHECK(events_enabled == 0);
    CHECK_STATUS(STATUS_SUCCESS, IoWMISetNotificationCallback(block, notified, &event_seen));
    CHECK(events_enabled == 1);
    fire(device, 5);
    CHECK_STATUS(STATUS_SUCCESS,
                 KeWaitForSingleObject(&event_seen, Executive, KernelMode, FALSE, &limit));
    CHECK(event_value == 5 && event_instance == 1);
    ObDereferenceObject(block);
    for (int turn = 0; turn < 300 && events_enabled; turn++) /* who called back lets go of it */
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    CHECK(events_enabled == 0);
}

static UNICODE_STRING device_name = RTL_CONSTANT_STRING(L"\\Device\\SbSensor");

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void check_first_name(NTSTATUS status, UNICODE_STRING *name)
{
    static UNICODE_STRING first = RTL_CONSTANT_STRING(L"Sensor 0");

    CHECK_STATUS(STATUS_SUCCESS, status);
    if (!NT_SUCCESS(status))
        return;
    CHECK(RtlEqualUnicodeString(name, &first, FALSE));
    RtlFreeUnicodeString(name);
}

/* The instance that a device, or who has it open, means. */
static void find_names(PVOID block, PDEVICE_OBJECT device)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    UNICODE_STRING name;
    PDEVICE_OBJECT other;
    HANDLE file = NULL;

    check_first_name(IoWMIDeviceObjectToInstanceName(block, device, &name), &name);
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(libraries_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other));
    CHECK_STATUS(STATUS_WMI_INSTANCE_NOT_FOUND,
                 IoWMIDeviceObjectToInstanceName(block, other, &name));
    IoDeleteDevice(other);
    InitializeObjectAttributes(&attributes, &device_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenFile(&file, GENERIC_READ, &attributes, &io, 0, 0));
    check_first_name(IoWMIHandleToInstanceName(block, file, &name), &name);
    ZwClose(file);
}

void check_wmi_library(void)
{
    PDEVICE_OBJECT device;
    PVOID block = NULL;

    libraries_driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = system_control;
    libraries_driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    libraries_driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    libraries_driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    CHECK_STATUS(STATUS_SUCCESS, IoCreateDevice(libraries_driver, 0, &device_name,
                                                FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK_STATUS(STATUS_SUCCESS, IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER));
    CHECK_STATUS(STATUS_SUCCESS,
                 open_block(&block_guid, RIGHT_QUERY | RIGHT_SET | RIGHT_EXECUTE, &block));
    query(block);
    change(block);
    find_names(block, device);
    ObDereferenceObject(block);
    CHECK_STATUS(STATUS_WMI_GUID_NOT_FOUND,
                 IoWMIOpenBlock((GUID *)&unknown_guid, RIGHT_QUERY, &block));
    listen(device);
    CHECK_STATUS(STATUS_SUCCESS, IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER));
    CHECK_STATUS(STATUS_WMI_GUID_NOT_FOUND,
                 IoWMIOpenBlock((GUID *)&block_guid, RIGHT_QUERY, &block));
    IoDeleteDevice(device);
}

void check_wmi_names(void)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Sensor"), name;

    CHECK_STATUS(STATUS_SUCCESS, IoWMISuggestInstanceName(NULL, &link, FALSE, &name));
    CHECK(RtlEqualUnicodeString(&name, &link, FALSE));
    RtlFreeUnicodeString(&name);
}
