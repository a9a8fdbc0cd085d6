/* A filter of plug-and-play devices: everything is passed on, some of it is looked at on the way
 * back; a control device beside them says what was seen; WMI tells the same. */
#include <ntddk.h>

#define CODE_SEEN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define PAGEABLE  __attribute__((section("PAGE")))

enum kind { KIND_CONTROL, KIND_FILTER };

struct extension {
    enum kind kind;
    PDEVICE_OBJECT self, lower, physical;
    IO_REMOVE_LOCK lock;
    BOOLEAN is_started;
};

static PDEVICE_OBJECT control_device;
static FAST_MUTEX control_mutex;
static LONG filter_count; /* the mutex */
static volatile LONG seen[IRP_MJ_MAXIMUM_FUNCTION + 1];

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- the control device, there as long as there are filters ---- */
PAGEABLE static NTSTATUS make_control_device(PDRIVER_OBJECT driver)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\FilterSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\FilterSample");
    struct extension *extension;
    NTSTATUS status = IoCreateDevice(driver, sizeof(*extension), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &control_device);

    if (!NT_SUCCESS(status))
        return status;
    extension = control_device->DeviceExtension;
    extension->kind = KIND_CONTROL;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(control_device);
        control_device = NULL;
        return status;
    }
    control_device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

PAGEABLE static VOID filter_comes(PDRIVER_OBJECT driver)
{
    ExAcquireFastMutex(&control_mutex);
    filter_count++;
    ExReleaseFastMutex(&control_mutex);
}

PAGEABLE static VOID first_filter_starts(PDRIVER_OBJECT driver)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&control_mutex);
    if (!control_device)
        make_control_device(driver);
    ExReleaseFastMutexUnsafe(&control_mutex);
    KeLeaveCriticalRegion();
}

PAGEABLE static VOID filter_goes(VOID)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\FilterSample");
    PDEVICE_OBJECT last = NULL;

    ExAcquireFastMutex(&control_mutex);
    if (--filter_count == 0) {
        last = control_device;
        control_device = NULL;
    }
    ExReleaseFastMutex(&control_mutex);
    if (last) {
        IoDeleteSymbolicLink(&link);
        IoDeleteDevice(last);
    }
}

static NTSTATUS serve_control(PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;

    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL)
        return complete(irp,
                        stack->MajorFunction == IRP_MJ_CREATE ||
                                stack->MajorFunction == IRP_MJ_CLOSE ||
                                stack->MajorFunction == IRP_MJ_CLEANUP
                            ? STATUS_SUCCESS
                            : STATUS_INVALID_DEVICE_REQUEST,
                        0);
    if (stack->Parameters.DeviceIoControl.IoControlCode != CODE_SEEN)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (length < sizeof(seen))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, (const void *)seen, sizeof(seen));
    return complete(irp, STATUS_SUCCESS, sizeof(seen));
}

/* ---- passing on ---- */
static NTSTATUS pass(struct extension *extension, PIRP irp)
{
    NTSTATUS status;

    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(extension->lower, irp);
    IoReleaseRemoveLock(&extension->lock, irp);
    return status;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status;

    InterlockedIncrement(&seen[stack->MajorFunction]);
    if (extension->kind == KIND_CONTROL)
        return serve_control(irp, stack);
    status = IoAcquireRemoveLock(&extension->lock, irp);
    return NT_SUCCESS(status) ? pass(extension, irp) : complete(irp, status, 0);
}

static NTSTATUS NTAPI power(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    NTSTATUS status;

    if (extension->kind == KIND_CONTROL) {
        PoStartNextPowerIrp(irp);
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    status = IoAcquireRemoveLock(&extension->lock, irp);
    PoStartNextPowerIrp(irp);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    IoSkipCurrentIrpStackLocation(irp);
    status = PoCallDriver(extension->lower, irp);
    IoReleaseRemoveLock(&extension->lock, irp);
    return status;
}

/* ---- plug and play ---- */
static NTSTATUS NTAPI start_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

PAGEABLE static NTSTATUS start(struct extension *extension, PIRP irp)
{
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, start_done, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(extension->lower, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        if (extension->lower->Characteristics & FILE_REMOVABLE_MEDIA)
            extension->self->Characteristics |= FILE_REMOVABLE_MEDIA;
        extension->is_started = TRUE;
        first_filter_starts(extension->self->DriverObject);
    }
    complete(irp, status, irp->IoStatus.Information);
    IoReleaseRemoveLock(&extension->lock, irp);
    return status;
}

PAGEABLE static NTSTATUS remove(struct extension *extension, PIRP irp)
{
    NTSTATUS status;

    IoReleaseRemoveLockAndWait(&extension->lock, irp);
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(extension->lower, irp);
    IoWMIRegistrationControl(extension->self, WMIREG_ACTION_DEREGISTER);
    filter_goes();
    IoDetachDevice(extension->lower);
    IoDeleteDevice(extension->self);
    return status;
}

/* The flags of the device below say whether the stack may be paged; they go up with the request. */
static NTSTATUS NTAPI usage_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct extension *extension = device->DeviceExtension;

    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    if (!(extension->lower->Flags & DO_POWER_PAGABLE))
        device->Flags &= ~DO_POWER_PAGABLE;
    IoReleaseRemoveLock(&extension->lock, irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI plug_and_play(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    NTSTATUS status;

    if (extension->kind == KIND_CONTROL)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    status = IoAcquireRemoveLock(&extension->lock, irp);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(extension, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(extension, irp);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, usage_done, NULL, TRUE, TRUE, TRUE);
        return IoCallDriver(extension->lower, irp);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        extension->is_started = FALSE;
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(extension, irp);
    default:
        return pass(extension, irp);
    }
}

PAGEABLE static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    struct extension *extension;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    PAGED_CODE();
    status = IoCreateDevice(driver, sizeof(*extension), NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    extension = device->DeviceExtension;
    extension->kind = KIND_FILTER;
    extension->self = device;
    extension->physical = physical;
    IoInitializeRemoveLock(&extension->lock, 0x746C6946 /* 'Filt' */, 1, 100);
    extension->lower = IoAttachDeviceToDeviceStack(device, physical);
    if (!extension->lower) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= extension->lower->Flags &
                     (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE | DO_POWER_INRUSH);
    device->DeviceType = extension->lower->DeviceType;
    device->Characteristics = extension->lower->Characteristics;
    filter_comes(driver);
    IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

PAGEABLE static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    PAGED_CODE();
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    ExInitializeFastMutex(&control_mutex);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    driver->MajorFunction[IRP_MJ_PNP] = plug_and_play;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
