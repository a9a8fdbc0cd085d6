/* A plug-and-play function driver: remove lock, power, reads from the device's memory. */
#include <wdm.h>

enum state {
    STATE_NOT_STARTED,
    STATE_STARTED,
    STATE_STOP_PENDING,
    STATE_STOPPED,
    STATE_REMOVE_PENDING,
    STATE_SURPRISE_REMOVED,
    STATE_DELETED
};

struct extension {
    PDEVICE_OBJECT self, next, physical;
    IO_REMOVE_LOCK lock;
    enum state state, previous;
    UNICODE_STRING interface_name;
    DEVICE_POWER_STATE power;
};

static const GUID interface_class = {
    0x6a3c1b02, 0x9f55, 0x4c0e, {0x81, 0x02, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88}};

static NTSTATUS complete(struct extension *own, PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    if (own)
        IoReleaseRemoveLock(&own->lock, irp);
    return status;
}

static NTSTATUS NTAPI lower_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send_and_wait(struct extension *own, PIRP irp)
{
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, lower_done, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(own->next, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    return status;
}

static NTSTATUS pass(struct extension *own, PIRP irp)
{
    NTSTATUS status;

    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(own->next, irp);
    IoReleaseRemoveLock(&own->lock, irp);
    return status;
}

static void set_state(struct extension *own, enum state state)
{
    own->previous = own->state;
    own->state = state;
}

static NTSTATUS start(struct extension *own, PIRP irp)
{
    NTSTATUS status = send_and_wait(own, irp);

    if (NT_SUCCESS(status)) {
        POWER_STATE state = {.DeviceState = PowerDeviceD0};
        PoSetPowerState(own->self, DevicePowerState, state);
        own->power = PowerDeviceD0;
        set_state(own, STATE_STARTED);
        if (own->interface_name.Buffer)
            status = IoSetDeviceInterfaceState(&own->interface_name, TRUE);
        if (status == STATUS_OBJECT_NAME_EXISTS)
            status = STATUS_SUCCESS;
    }
    return complete(own, irp, status, 0);
}

static NTSTATUS remove(struct extension *own, PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status;

    if (own->state != STATE_SURPRISE_REMOVED && own->interface_name.Buffer)
        IoSetDeviceInterfaceState(&own->interface_name, FALSE);
    set_state(own, STATE_DELETED);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(own->next, irp);
    IoReleaseRemoveLockAndWait(&own->lock, irp);
    IoDetachDevice(own->next);
    RtlFreeUnicodeString(&own->interface_name);
    IoDeleteDevice(device);
    return status;
}

static NTSTATUS NTAPI plug_and_play(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = IoAcquireRemoveLock(&own->lock, irp);

    if (!NT_SUCCESS(status))
        return complete(NULL, irp, status, 0);
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(own, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        set_state(own, STATE_STOP_PENDING);
        break;
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        status = send_and_wait(own, irp);
        if (NT_SUCCESS(status) &&
            (own->state == STATE_STOP_PENDING || own->state == STATE_REMOVE_PENDING))
            own->state = own->previous;
        return complete(own, irp, status, 0);
    case IRP_MN_STOP_DEVICE:
        set_state(own, STATE_STOPPED);
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
        set_state(own, STATE_REMOVE_PENDING);
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        set_state(own, STATE_SURPRISE_REMOVED);
        if (own->interface_name.Buffer)
            IoSetDeviceInterfaceState(&own->interface_name, FALSE);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return remove(own, device, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        status = send_and_wait(own, irp);
        if (NT_SUCCESS(status))
            stack->Parameters.DeviceCapabilities.Capabilities->SurpriseRemovalOK = TRUE;
        return complete(own, irp, status, irp->IoStatus.Information);
    default:
        return pass(own, irp);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass(own, irp);
}

static NTSTATUS NTAPI power(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = IoAcquireRemoveLock(&own->lock, irp);

    if (!NT_SUCCESS(status)) {
        PoStartNextPowerIrp(irp);
        return complete(NULL, irp, status, 0);
    }
    if (stack->MinorFunction == IRP_MN_SET_POWER &&
        stack->Parameters.Power.Type == DevicePowerState) {
        own->power = stack->Parameters.Power.State.DeviceState;
        PoSetPowerState(device, DevicePowerState, stack->Parameters.Power.State);
    }
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    status = PoCallDriver(own->next, irp);
    IoReleaseRemoveLock(&own->lock, irp);
    return status;
}

static NTSTATUS NTAPI forward(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&own->lock, irp);

    return NT_SUCCESS(status) ? pass(own, irp) : complete(NULL, irp, status, 0);
}

static NTSTATUS NTAPI transfer(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = IoAcquireRemoveLock(&own->lock, irp);
    ULONG_PTR information = 0;

    if (!NT_SUCCESS(status))
        return complete(NULL, irp, status, 0);
    if (own->state != STATE_STARTED) {
        status = STATUS_DEVICE_NOT_READY;
    } else if (stack->MajorFunction == IRP_MJ_READ) {
        RtlZeroMemory(irp->AssociatedIrp.SystemBuffer, stack->Parameters.Read.Length);
        information = stack->Parameters.Read.Length;
    } else if (stack->MajorFunction == IRP_MJ_WRITE) {
        information = stack->Parameters.Write.Length;
    } else if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    return complete(own, irp, status, information);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    struct extension *own;
    NTSTATUS status = IoCreateDevice(driver, sizeof *own, NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    own = device->DeviceExtension;
    own->self = device;
    own->physical = physical;
    own->power = PowerDeviceD3;
    IoInitializeRemoveLock(&own->lock, 0x5366756Eu, 0, 0);
    device->Flags |= DO_POWER_PAGABLE | DO_BUFFERED_IO;
    own->next = IoAttachDeviceToDeviceStack(device, physical);
    if (!own->next) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    status = IoRegisterDeviceInterface(physical, &interface_class, NULL, &own->interface_name);
    if (!NT_SUCCESS(status)) {
        IoDetachDevice(own->next);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    PAGED_CODE();
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    driver->MajorFunction[IRP_MJ_PNP] = plug_and_play;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = forward;
    driver->MajorFunction[IRP_MJ_CREATE] = transfer;
    driver->MajorFunction[IRP_MJ_CLOSE] = transfer;
    driver->MajorFunction[IRP_MJ_CLEANUP] = transfer;
    driver->MajorFunction[IRP_MJ_READ] = transfer;
    driver->MajorFunction[IRP_MJ_WRITE] = transfer;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = transfer;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
