/*
 * A bus and its devices' function driver in one: what is plugged in becomes a physical device
 * object, gets this driver by its hardware id SBBUS\Child, and is opened as \\.\BusChildN.
 */
#include <ntddk.h>

#include "contract.h"
#include "properties.h"

enum { MOST_CHILDREN = 4, TAG = 0x73756253 };
enum kind { CONTROL, BUS, CHILD, FUNCTION };

struct extension {
    enum kind kind;
    PDEVICE_OBJECT lower, physical;
    ULONG serial; /* CHILD, FUNCTION */
    BOOLEAN is_present, is_reported;
};

static PDEVICE_OBJECT bus, children[MOST_CHILDREN];
static FAST_MUTEX lock; /* of both */
static struct bus_state state;
static UNICODE_STRING control_name = RTL_CONSTANT_STRING(L"\\Device\\SbBus");
static UNICODE_STRING control_link = RTL_CONSTANT_STRING(L"\\??\\SbBus");

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS pass(struct extension *own, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(own->lower, irp);
}

/* ---- what the bus reports ---- */
static PWSTR text(PCWSTR from, SIZE_T bytes)
{
    PWSTR copy = ExAllocatePoolWithTag(PagedPool, bytes, TAG);
    if (copy)
        RtlCopyMemory(copy, from, bytes);
    return copy;
}

static NTSTATUS query_id(struct extension *own, PIRP irp)
{
    static const WCHAR device[] = L"SBBUS\\Child", ids[] = L"SBBUS\\Child\0SBBUS\\Any\0";
    WCHAR number[2] = {(WCHAR)('0' + own->serial), 0};
    PWSTR answer = NULL;

    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        answer = text(device, sizeof device);
        break;
    case BusQueryHardwareIDs:
        answer = text(ids, sizeof ids);
        break;
    case BusQueryInstanceID:
        answer = text(number, sizeof number);
        break;
    default:
        return complete(irp, irp->IoStatus.Status, 0);
    }
    return complete(irp, answer ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES,
                    (ULONG_PTR)answer);
}

static NTSTATUS child_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    NTSTATUS status;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_QUERY_ID:
        return query_id(own, irp);
    case IRP_MN_REMOVE_DEVICE:
        status = complete(irp, STATUS_SUCCESS, 0);
        if (!own->is_present) {
            state.deleted++;
            IoDeleteDevice(device);
        }
        return status;
    case IRP_MN_START_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_DEVICE_TEXT:
    case IRP_MN_QUERY_BUS_INFORMATION:
    case IRP_MN_QUERY_CAPABILITIES:
        status = property_answer(irp, own->serial);
        return complete(irp, status, irp->IoStatus.Information);
    default:
        return complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
    }
}

static NTSTATUS relations(struct extension *own, PIRP irp)
{
    PDEVICE_RELATIONS answer;

    if (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceRelations.Type != BusRelations)
        return pass(own, irp);
    answer = ExAllocatePoolWithTag(
        PagedPool, FIELD_OFFSET(DEVICE_RELATIONS, Objects) + sizeof(PVOID) * MOST_CHILDREN, TAG);
    if (!answer)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    answer->Count = 0;
    ExAcquireFastMutex(&lock);
    for (ULONG i = 0; i < MOST_CHILDREN; i++)
        if (children[i]) {
            ObReferenceObject(children[i]);
            ((struct extension *)children[i]->DeviceExtension)->is_reported = TRUE;
            answer->Objects[answer->Count++] = children[i];
        }
    ExReleaseFastMutex(&lock);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = (ULONG_PTR)answer;
    return pass(own, irp);
}

static NTSTATUS bus_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    NTSTATUS status;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return relations(own, irp);
    case IRP_MN_REMOVE_DEVICE:
        ExAcquireFastMutex(&lock);
        for (ULONG i = 0; i < MOST_CHILDREN; i++) {
            if (children[i])
                IoDeleteDevice(children[i]);
            children[i] = NULL;
        }
        bus = NULL;
        ExReleaseFastMutex(&lock);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass(own, irp);
        IoDetachDevice(own->lower);
        IoDeleteDevice(device);
        return status;
    case IRP_MN_START_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS; /* fall through */
    default:
        return pass(own, irp);
    }
}

/* ---- the function driver of what is plugged in ---- */
static UNICODE_STRING link_of(const struct extension *own, PWSTR characters, SIZE_T count)
{
    UNICODE_STRING link = {0, (USHORT)(count * sizeof(WCHAR)), characters};

    RtlAppendUnicodeToString(&link, L"\\??\\BusChild");
    characters[link.Length / sizeof(WCHAR)] = (WCHAR)('0' + own->serial);
    link.Length += sizeof(WCHAR);
    return link;
}

static NTSTATUS function_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    WCHAR characters[24], path_text[64];
    UNICODE_STRING link = link_of(own, characters, RTL_NUMBER_OF(characters));
    UNICODE_STRING path = {0, sizeof path_text, path_text};
    ULONG needed;
    NTSTATUS status;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = IoGetDeviceProperty(own->physical, DevicePropertyPhysicalDeviceObjectName,
                                     sizeof path_text, path_text, &needed);
        RtlInitUnicodeString(&path, path_text);
        if (NT_SUCCESS(status))
            status = IoCreateSymbolicLink(&link, &path);
        if (!NT_SUCCESS(status))
            return complete(irp, status, 0);
        state.wrong_property = properties_wrong(own->physical, own->serial);
        state.started++;
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(own, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        state.surprised++;
        return pass(own, irp);
    case IRP_MN_REMOVE_DEVICE:
        state.removed++;
        IoDeleteSymbolicLink(&link);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass(own, irp);
        IoDetachDevice(own->lower);
        IoDeleteDevice(device);
        return status;
    default:
        return pass(own, irp);
    }
}

static NTSTATUS NTAPI pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;

    return own->kind == BUS     ? bus_pnp(device, irp)
           : own->kind == CHILD ? child_pnp(device, irp)
                                : function_pnp(device, irp);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    BOOLEAN is_child = physical->DriverObject == driver;
    PDEVICE_OBJECT device;
    struct extension *own;
    NTSTATUS status =
        IoCreateDevice(driver, sizeof *own, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    own = device->DeviceExtension;
    own->kind = is_child ? FUNCTION : BUS;
    own->physical = physical;
    own->lower = IoAttachDeviceToDeviceStack(device, physical);
    if (is_child)
        own->serial = ((struct extension *)physical->DeviceExtension)->serial;
    else
        bus = physical;
    state.added++;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* ---- plugging; the lock is held ---- */
static NTSTATUS plug(PDRIVER_OBJECT driver, ULONG serial)
{
    PDEVICE_OBJECT device;
    struct extension *own;
    NTSTATUS status;

    if (serial >= MOST_CHILDREN || children[serial] || !bus)
        return STATUS_INVALID_PARAMETER;
    status = IoCreateDevice(driver, sizeof *own, NULL, FILE_DEVICE_UNKNOWN,
                            FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    own = device->DeviceExtension;
    own->kind = CHILD;
    own->serial = serial;
    own->is_present = TRUE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    children[serial] = device;
    IoInvalidateDeviceRelations(bus, BusRelations);
    return STATUS_SUCCESS;
}

/* What was never reported gets no IRP_MN_REMOVE_DEVICE. */
static NTSTATUS unplug(ULONG serial)
{
    struct extension *own;

    if (serial >= MOST_CHILDREN || !children[serial])
        return STATUS_INVALID_PARAMETER;
    own = children[serial]->DeviceExtension;
    own->is_present = FALSE;
    if (!own->is_reported)
        IoDeleteDevice(children[serial]);
    children[serial] = NULL;
    IoInvalidateDeviceRelations(bus, BusRelations);
    return STATUS_SUCCESS;
}

static NTSTATUS change(PDRIVER_OBJECT driver, BOOLEAN is_plug, ULONG serial)
{
    NTSTATUS status;

    ExAcquireFastMutex(&lock);
    status = is_plug ? plug(driver, serial) : unplug(serial);
    ExReleaseFastMutex(&lock);
    return status;
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG *buffer = irp->AssociatedIrp.SystemBuffer;

    if (own->kind != CONTROL)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    switch (code) {
    case BUS_PLUG:
    case BUS_UNPLUG:
        if (in < sizeof *buffer)
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        return complete(irp, change(device->DriverObject, code == BUS_PLUG, *buffer), 0);
    case BUS_STATE:
        if (out < sizeof state)
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        RtlCopyMemory(buffer, &state, sizeof state);
        return complete(irp, STATUS_SUCCESS, sizeof state);
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteSymbolicLink(&control_link);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct extension), &control_name,
                                     FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    (void)path;
    if (!NT_SUCCESS(status))
        return status;
    ExInitializeFastMutex(&lock);
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&control_link, &control_name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
