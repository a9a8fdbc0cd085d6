/*
 * A filter above a volume: it sees every request to the files on it, counts those that open, and
 * tells its own device's callers how many. It goes again when nobody uses the volume.
 */
#include <ntifs.h>

#define CODE_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS)

struct extension {
    PDEVICE_OBJECT lower;
    volatile LONG requests;
    volatile LONG opened;
};

static PDEVICE_OBJECT control_device;
static PDEVICE_OBJECT filter_device;

static NTSTATUS end(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS control(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct extension *own = filter_device->DeviceExtension;

    if (stack->MajorFunction == IRP_MJ_CREATE || stack->MajorFunction == IRP_MJ_CLOSE ||
        stack->MajorFunction == IRP_MJ_CLEANUP)
        return end(irp, STATUS_SUCCESS, 0);
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL ||
        stack->Parameters.DeviceIoControl.IoControlCode != CODE_COUNT)
        return end(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return end(irp, STATUS_BUFFER_TOO_SMALL, 0);
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = (ULONG)own->opened;
    return end(irp, STATUS_SUCCESS, sizeof(ULONG));
}

static NTSTATUS NTAPI opened(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Waits for the file system, as a filter does that looks at the file then. */
static NTSTATUS open(struct extension *own, PIRP irp)
{
    KEVENT done;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, opened, &done, TRUE, TRUE, TRUE);
    if (IoCallDriver(own->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        InterlockedIncrement(&own->opened);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;

    if (device == control_device)
        return control(irp);
    InterlockedIncrement(&own->requests);
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_CREATE)
        return open(own, irp);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(own->lower, irp);
}

/* As deep as the volume's, and with its way of giving buffers. */
static NTSTATUS attach(PDRIVER_OBJECT driver, PDEVICE_OBJECT volume)
{
    struct extension *own;
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(*own), NULL, volume->DeviceType, 0, FALSE, &filter_device);

    if (!NT_SUCCESS(status))
        return status;
    own = filter_device->DeviceExtension;
    filter_device->Flags |= volume->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
    filter_device->Characteristics |= volume->Characteristics & FILE_DEVICE_SECURE_OPEN;
    status = IoAttachDeviceToDeviceStackSafe(filter_device, volume, &own->lower);
    if (NT_SUCCESS(status))
        filter_device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    else
        IoDeleteDevice(filter_device);
    return status;
}

static NTSTATUS attach_to(PDRIVER_OBJECT driver, PCWSTR name)
{
    UNICODE_STRING path;
    PDEVICE_OBJECT volume;
    PFILE_OBJECT file;
    NTSTATUS status;

    RtlInitUnicodeString(&path, name);
    status = IoGetDeviceObjectPointer(&path, FILE_READ_ATTRIBUTES, &file, &volume);
    if (!NT_SUCCESS(status))
        return status;
    status = attach(driver, volume);
    ObDereferenceObject(file);
    return status;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\VolumeSample");
    struct extension *own = filter_device->DeviceExtension;

    IoDeleteSymbolicLink(&link);
    IoDetachDevice(own->lower);
    IoDeleteDevice(filter_device);
    IoDeleteDevice(control_device);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\VolumeSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\VolumeSample");
    NTSTATUS status;

    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &control_device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        goto no_link;
    status = attach_to(driver, L"\\??\\C:");
    if (NT_SUCCESS(status))
        return status;
    IoDeleteSymbolicLink(&link);
no_link:
    IoDeleteDevice(control_device);
    return status;
}
