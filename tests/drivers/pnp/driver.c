/* A function driver as WDM wants it: AddDevice, a remove lock, an interface, StartIo, power. */
#include <ntddk.h>

#include "target.h"

#define CODE(function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (function), METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_PNP_STATE    CODE(0) /* struct state */
#define IOCTL_PNP_STARTED  CODE(1) /* through StartIo: how many came before */
#define IOCTL_PNP_WAIT     CODE(2) /* stays in StartIo until the next one or cancellation */
#define IOCTL_PNP_PROPERTY CODE(3) /* the hardware ids */
#define IOCTL_PNP_LISTEN   CODE(4) /* to what happens to the device */
#define IOCTL_PNP_EVENTS   CODE(5) /* struct target_events, after an event of the driver's own */
#define IOCTL_PNP_REFUSE   CODE(6) /* removal, or no more */
#define IOCTL_PNP_IDLE     CODE(7) /* to sleep when idle */

struct state {
    ULONG added, started, removed, surprised, wmi_asked, queried_stop;
    ULONG device_power, arrivals, removals, requested_power, reinitialized, timer_ticks;
};

static const GUID interface_class = {
    0x8a1f2b30, 0x1c2d, 0x4e5f, {0x90, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07}};

static struct state state;
static PVOID notification;

struct extension {
    PDEVICE_OBJECT lower, physical;
    IO_REMOVE_LOCK lock;
    UNICODE_STRING link;
    ULONG count;
};

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI pass(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(extension->lower, irp);
}

static NTSTATUS NTAPI system_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    if (stack->MinorFunction == IRP_MN_REGINFO_EX &&
        stack->Parameters.WMI.ProviderId == (ULONG_PTR)device &&
        stack->Parameters.WMI.BufferSize >= sizeof(ULONG))
        state.wmi_asked++;
    return pass(device, irp);
}

static NTSTATUS start(struct extension *extension, PIRP irp)
{
    NTSTATUS status;
    if (!IoForwardIrpSynchronously(extension->lower, irp))
        return complete(irp, STATUS_UNSUCCESSFUL, 0);
    status = irp->IoStatus.Status;
    if (NT_SUCCESS(status)) {
        state.started++;
        status = IoSetDeviceInterfaceState(&extension->link, TRUE);
        if (status == STATUS_OBJECT_NAME_EXISTS)
            status = STATUS_SUCCESS;
    }
    return complete(irp, status, 0);
}

static NTSTATUS remove(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    NTSTATUS status;
    state.removed++;
    idle_forget(device);
    target_forget();
    IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER);
    IoStopTimer(device);
    IoReleaseRemoveLockAndWait(&extension->lock, irp);
    IoSetDeviceInterfaceState(&extension->link, FALSE);
    RtlFreeUnicodeString(&extension->link);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(extension->lower, irp);
    IoDetachDevice(extension->lower);
    IoDeleteDevice(device);
    return status;
}

static NTSTATUS NTAPI pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&extension->lock, irp);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = start(extension, irp);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return remove(device, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        state.surprised++;
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass(device, irp);
        break;
    case IRP_MN_QUERY_STOP_DEVICE:
        state.queried_stop++;
        status = complete(irp, STATUS_DEVICE_BUSY, 0);
        break;
    default:
        status = pass(device, irp);
    }
    IoReleaseRemoveLock(&extension->lock, irp);
    return status;
}

static VOID NTAPI power_requested(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE requested,
                                  PVOID context, PIO_STATUS_BLOCK result)
{
    (void)device, (void)context;
    if (minor == IRP_MN_SET_POWER && requested.DeviceState == PowerDeviceD2 &&
        NT_SUCCESS(result->Status))
        state.requested_power++;
}

static NTSTATUS NTAPI power(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    if (stack->MinorFunction == IRP_MN_SET_POWER &&
        stack->Parameters.Power.Type == DevicePowerState) {
        PoSetPowerState(device, DevicePowerState, stack->Parameters.Power.State);
        state.device_power = stack->Parameters.Power.State.DeviceState;
    }
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(extension->lower, irp);
}

/* ---- StartIo ---- */
static VOID NTAPI cancel_waiting(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql = irp->CancelIrql;
    if (irp == device->CurrentIrp) {
        IoReleaseCancelSpinLock(DISPATCH_LEVEL); /* where the next one is started */
        complete(irp, STATUS_CANCELLED, 0);
        IoStartNextPacket(device, TRUE);
        KeLowerIrql(irql);
        return;
    }
    KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irql);
    complete(irp, STATUS_CANCELLED, 0);
}

static VOID NTAPI start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    ULONG code = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode;
    KIRQL irql;
    if (code == IOCTL_PNP_WAIT)
        return; /* until it is cancelled */
    IoAcquireCancelSpinLock(&irql);
    BOOLEAN is_ours = IoSetCancelRoutine(irp, NULL) != NULL;
    IoReleaseCancelSpinLock(irql);
    if (!is_ours)
        return; /* it is being cancelled */
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = extension->count++;
    complete(irp, KeGetCurrentIrql() == DISPATCH_LEVEL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL,
             sizeof(ULONG));
    IoStartNextPacket(device, TRUE);
}

static NTSTATUS give_state(PDEVICE_OBJECT device, PIRP irp, ULONG length)
{
    POWER_STATE d2 = {.DeviceState = PowerDeviceD2};
    if (length < sizeof(state))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &state, sizeof(state));
    PoRequestPowerIrp(device, IRP_MN_SET_POWER, d2, power_requested, NULL, NULL);
    return complete(irp, STATUS_SUCCESS, sizeof(state));
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength, needed = 0;
    NTSTATUS status;
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_PNP_STATE:
        return give_state(device, irp, length);
    case IOCTL_PNP_STARTED:
        if (length < sizeof(ULONG))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        /* fall through */
    case IOCTL_PNP_WAIT:
        IoMarkIrpPending(irp);
        IoStartPacket(device, irp, NULL, cancel_waiting);
        return STATUS_PENDING;
    case IOCTL_PNP_PROPERTY:
        status = IoGetDeviceProperty(extension->physical, DevicePropertyHardwareID, length,
                                     irp->AssociatedIrp.SystemBuffer, &needed);
        return complete(irp, status, NT_SUCCESS(status) ? needed : 0);
    case IOCTL_PNP_LISTEN:
        return complete(irp, target_listen(device->DriverObject, stack->FileObject), 0);
    case IOCTL_PNP_EVENTS:
        if (length < sizeof(target_events))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        status = target_report(extension->physical);
        RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &target_events, sizeof(target_events));
        return complete(irp, status == STATUS_PENDING ? STATUS_SUCCESS : status,
                        sizeof(target_events));
    case IOCTL_PNP_IDLE:
        return complete(irp, idle_is_watched(device) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL, 0);
    case IOCTL_PNP_REFUSE:
        target_refuses = !target_refuses;
        return complete(irp, STATUS_SUCCESS, 0);
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI tick(PDEVICE_OBJECT device, PVOID context)
{
    (void)device, (void)context;
    state.timer_ticks++;
}

static NTSTATUS NTAPI interface_changed(PVOID structure, PVOID context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = structure;
    (void)context;
    if (change->Event.Data1 == 0xcb3a4004 && change->SymbolicLinkName->Length)
        state.arrivals++;
    else
        state.removals++;
    return STATUS_SUCCESS;
}

/* A value set through the device's key is there through the next handle. */
static BOOLEAN device_key_keeps_a_value(struct extension *extension)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Kept");
    UCHAR buffer[64];
    ULONG value = 0x1234, size = 0;
    HANDLE key;
    NTSTATUS status =
        IoOpenDeviceRegistryKey(extension->physical, PLUGPLAY_REGKEY_DEVICE, KEY_WRITE, &key);
    if (!NT_SUCCESS(status))
        return FALSE;
    status = ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof(value));
    ZwClose(key);
    if (!NT_SUCCESS(status) || !NT_SUCCESS(IoOpenDeviceRegistryKey(
                                   extension->physical, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key)))
        return FALSE;
    status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, sizeof(buffer), &size);
    ZwClose(key);
    return NT_SUCCESS(status) && *(ULONG *)((PKEY_VALUE_PARTIAL_INFORMATION)buffer)->Data == 0x1234;
}

static ULONG controller_turns;

static IO_ALLOCATION_ACTION NTAPI take_turn(PDEVICE_OBJECT device, PIRP irp, PVOID extension,
                                            PVOID context)
{
    (void)device, (void)irp, (void)context;
    controller_turns++;
    *(ULONG *)extension += 1;
    return KeepObject;
}

/* The second allocation waits until the first lets go. */
static BOOLEAN controllers_take_turns(PDEVICE_OBJECT device)
{
    PCONTROLLER_OBJECT controller = IoCreateController(16);
    BOOLEAN right;
    KIRQL irql;
    controller_turns = 0;
    if (!controller)
        return FALSE;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoAllocateController(controller, device, take_turn, NULL);
    right = controller_turns == 1;
    IoAllocateController(controller, device, take_turn, NULL);
    right = right && controller_turns == 1;
    IoFreeController(controller);
    right = right && controller_turns == 2 && *(ULONG *)controller->ControllerExtension == 2;
    IoFreeController(controller);
    KeLowerIrql(irql);
    IoDeleteController(controller);
    return right;
}

static NTSTATUS prepare(PDEVICE_OBJECT device, PDEVICE_OBJECT physical)
{
    struct extension *extension = device->DeviceExtension;
    if (!device_key_keeps_a_value(extension) || !controllers_take_turns(device) ||
        !properties_are_kept(physical) || !interfaces_have_aliases(physical, &extension->link))
        return STATUS_UNSUCCESSFUL;
    return IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    struct extension *extension;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(*extension), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    extension = device->DeviceExtension;
    extension->physical = physical;
    IoInitializeRemoveLock(&extension->lock, 0, 0, 0);
    status = IoRegisterDeviceInterface(physical, &interface_class, NULL, &extension->link);
    if (!NT_SUCCESS(status))
        goto no_interface;
    status = IoInitializeTimer(device, tick, NULL);
    if (!NT_SUCCESS(status))
        goto not_attached;
    extension->lower = IoAttachDeviceToDeviceStack(device, physical);
    status = STATUS_NO_SUCH_DEVICE;
    if (!extension->lower)
        goto not_attached;
    status = prepare(device, physical);
    if (!NT_SUCCESS(status))
        goto not_prepared;
    IoStartTimer(device);
    state.added++;
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
not_prepared:
    IoDetachDevice(extension->lower);
not_attached:
    RtlFreeUnicodeString(&extension->link);
no_interface:
    IoDeleteDevice(device);
    return status;
}

static VOID NTAPI reinitialize(PDRIVER_OBJECT driver, PVOID context, ULONG count)
{
    state.reinitialized = count;
    if (count < 3)
        IoRegisterDriverReinitialization(driver, reinitialize, context);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    IoUnregisterPlugPlayNotification(notification);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    (void)registry_path;
    target_initialize();
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    driver->DriverStartIo = start_io;
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = system_control;
    IoRegisterDriverReinitialization(driver, reinitialize, NULL);
    return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                          (PVOID)&interface_class, driver, interface_changed, NULL,
                                          &notification);
}
