/* Requests one after the other through StartIo, each answered by a timer's DPC; all cancellable. */
#include <ntddk.h>

#define CODE_WORK CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

struct extension {
    KTIMER timer;
    KDPC dpc;
    PDEVICE_OBJECT self;
    ULONG served;
};

static VOID end(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* For the current request and for those in the queue; the cancel spin lock is held. */
static DRIVER_CANCEL cancel;
static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    if (device->CurrentIrp == irp) {
        /* It is not in the queue: StartIo or the DPC sees that it was cancelled. */
        IoReleaseCancelSpinLock(irp->CancelIrql);
        return;
    }
    BOOLEAN removed =
        KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (removed)
        end(irp, STATUS_CANCELLED, 0);
}

/* The next request becomes the current one. */
static VOID finish_current(PDEVICE_OBJECT device, NTSTATUS status, ULONG_PTR information)
{
    PIRP irp = device->CurrentIrp;
    IoStartNextPacket(device, TRUE);
    end(irp, status, information);
}

static DRIVER_STARTIO start_io;
static VOID NTAPI start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    LARGE_INTEGER soon = {.QuadPart = -20000};
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    if (irp->Cancel) {
        IoSetCancelRoutine(irp, NULL);
        IoReleaseCancelSpinLock(irql);
        finish_current(device, STATUS_CANCELLED, 0);
        return;
    }
    IoReleaseCancelSpinLock(irql);
    KeSetTimer(&extension->timer, soon, &extension->dpc);
}

static KDEFERRED_ROUTINE time_is_up;
static VOID NTAPI time_is_up(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    struct extension *extension = context;
    PIRP irp = extension->self->CurrentIrp;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN is_cancelled;

    IoAcquireCancelSpinLock(&irp->CancelIrql);
    IoSetCancelRoutine(irp, NULL);
    is_cancelled = irp->Cancel;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (is_cancelled) {
        finish_current(extension->self, STATUS_CANCELLED, 0);
        return;
    }
    extension->served++;
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)) {
        finish_current(extension->self, STATUS_BUFFER_TOO_SMALL, 0);
        return;
    }
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = extension->served;
    finish_current(extension->self, STATUS_SUCCESS, sizeof(ULONG));
}

static DRIVER_DISPATCH control;
static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode != CODE_WORK) {
        end(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, cancel);
    return STATUS_PENDING;
}

static DRIVER_DISPATCH open_close;
static NTSTATUS NTAPI open_close(PDEVICE_OBJECT device, PIRP irp)
{
    end(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

/* The first request of the file in the queue, which changes only under the cancel spin lock. */
static PIRP take(PDEVICE_OBJECT device, PFILE_OBJECT file)
{
    PLIST_ENTRY head = &device->DeviceQueue.DeviceListHead;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        PIRP irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.DeviceQueueEntry.DeviceListEntry);
        if (IoGetCurrentIrpStackLocation(irp)->FileObject == file) {
            KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
            IoSetCancelRoutine(irp, NULL);
            return irp;
        }
    }
    return NULL;
}

/* The last handle goes: what waits for its turn never gets it. The current one ends by itself. */
static DRIVER_DISPATCH cleanup;
static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP waiting;
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    while ((waiting = take(device, file)) != NULL) {
        IoReleaseCancelSpinLock(irql);
        end(waiting, STATUS_CANCELLED, 0);
        IoAcquireCancelSpinLock(&irql);
    }
    IoReleaseCancelSpinLock(irql);
    end(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

static DRIVER_UNLOAD unload;
static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\StartIoSample");
    struct extension *extension = driver->DeviceObject->DeviceExtension;

    KeCancelTimer(&extension->timer);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\StartIoSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\StartIoSample");
    struct extension *extension;
    PDEVICE_OBJECT device;
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(*extension), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    extension = device->DeviceExtension;
    extension->self = device;
    extension->served = 0;
    KeInitializeTimer(&extension->timer);
    KeInitializeDpc(&extension->dpc, time_is_up, extension);
    driver->DriverStartIo = start_io;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
