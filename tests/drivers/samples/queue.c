/* Reads wait in a cancel-safe queue until a polling thread serves them. */
#include <ntddk.h>

struct extension {
    PDEVICE_OBJECT self;
    LIST_ENTRY pending;
    KSPIN_LOCK lock;
    IO_CSQ queue;
    KSEMAPHORE arrived;
    BOOLEAN stops;
    PVOID thread;
};

static void NTAPI insert(PIO_CSQ queue, PIRP irp)
{
    struct extension *own = CONTAINING_RECORD(queue, struct extension, queue);
    InsertTailList(&own->pending, &irp->Tail.Overlay.ListEntry);
}

static void NTAPI take_out(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    struct extension *own = CONTAINING_RECORD(queue, struct extension, queue);
    PLIST_ENTRY head = &own->pending, next = irp ? irp->Tail.Overlay.ListEntry.Flink : head->Flink;

    for (; next != head; next = next->Flink) {
        PIRP each = CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
        if (!context || IoGetCurrentIrpStackLocation(each)->FileObject == context)
            return each;
    }
    return NULL;
}

static void NTAPI acquire(PIO_CSQ queue, PKIRQL irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(queue, struct extension, queue)->lock, irql);
}

static void NTAPI release(PIO_CSQ queue, KIRQL irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(queue, struct extension, queue)->lock, irql);
}

static void NTAPI cancelled(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void serve(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG length = stack->Parameters.Read.Length;

    if (length > 16)
        length = 16;
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, length, 0x33);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = length;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void NTAPI poll(PVOID context)
{
    struct extension *own = context;

    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    for (;;) {
        LARGE_INTEGER delay = {.QuadPart = -100 * 1000};
        PIRP irp;
        KeWaitForSingleObject(&own->arrived, Executive, KernelMode, FALSE, NULL);
        if (own->stops)
            PsTerminateSystemThread(STATUS_SUCCESS);
        irp = IoCsqRemoveNextIrp(&own->queue, NULL);
        if (!irp)
            continue;
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
        serve(irp);
    }
}

static NTSTATUS NTAPI read(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;

    if (length == 0) {
        irp->IoStatus.Status = STATUS_SUCCESS;
        irp->IoStatus.Information = 0;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    IoCsqInsertIrp(&own->queue, irp, NULL);
    KeReleaseSemaphore(&own->arrived, 0, 1, FALSE);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI create_close(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP pending;

    while ((pending = IoCsqRemoveNextIrp(&own->queue, file)) != NULL)
        cancelled(&own->queue, pending);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\SampleQueue");
    PDEVICE_OBJECT device = driver->DeviceObject;
    struct extension *own = device->DeviceExtension;

    own->stops = TRUE;
    KeReleaseSemaphore(&own->arrived, 0, 1, TRUE);
    KeWaitForSingleObject(own->thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(own->thread);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}

static NTSTATUS start_thread(struct extension *own)
{
    HANDLE handle;
    NTSTATUS status = PsCreateSystemThread(&handle, (ACCESS_MASK)0, NULL, NULL, NULL, poll, own);

    if (!NT_SUCCESS(status))
        return status;
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &own->thread, NULL);
    ZwClose(handle);
    return STATUS_SUCCESS;
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SampleQueue");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\SampleQueue");
    PDEVICE_OBJECT device;
    struct extension *own;
    NTSTATUS status = IoCreateDevice(driver, sizeof *own, &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    own = device->DeviceExtension;
    own->self = device;
    device->Flags |= DO_BUFFERED_IO;
    InitializeListHead(&own->pending);
    KeInitializeSpinLock(&own->lock);
    KeInitializeSemaphore(&own->arrived, 0, MAXLONG);
    IoCsqInitialize(&own->queue, insert, take_out, peek, acquire, release, cancelled);
    driver->MajorFunction[IRP_MJ_CREATE] = create_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = create_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    driver->MajorFunction[IRP_MJ_READ] = read;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    status = start_thread(own);
    if (!NT_SUCCESS(status)) {
        IoDeleteSymbolicLink(&link);
        IoDeleteDevice(device);
    }
    return status;
}
