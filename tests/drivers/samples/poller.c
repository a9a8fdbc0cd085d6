/*
 * Reads wait in a cancel-safe queue and are served one at a time; a device that is not ready is
 * asked again by a timer's DPC. That DPC serves the queue on after it has completed a request, and
 * nobody waits for it at unload: by then it has ended, and its code stays until it has.
 */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK lock;
    LIST_ENTRY waiting;
    IO_CSQ queue;
    PIRP current;
    ULONG asked;
    KTIMER timer;
    KDPC dpc;
};

static struct extension *owner_of(PIO_CSQ queue)
{
    return CONTAINING_RECORD(queue, struct extension, queue);
}

/* STATUS_UNSUCCESSFUL: it is not queued but the current one. */
static NTSTATUS NTAPI insert(PIO_CSQ queue, PIRP irp, PVOID context)
{
    struct extension *own = owner_of(queue);
    if (!own->current) {
        own->current = irp;
        return STATUS_UNSUCCESSFUL;
    }
    InsertTailList(&own->waiting, &irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static void NTAPI take_out(PIO_CSQ queue, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

/* Without a file it is the next one to serve that is looked for. */
static PIRP NTAPI peek(PIO_CSQ queue, PIRP irp, PVOID file)
{
    struct extension *own = owner_of(queue);
    PLIST_ENTRY link = irp ? irp->Tail.Overlay.ListEntry.Flink : own->waiting.Flink;
    PIRP found = NULL;

    for (; link != &own->waiting && !found; link = link->Flink) {
        PIRP each = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        if (!file || IoGetCurrentIrpStackLocation(each)->FileObject == file)
            found = each;
    }
    if (!file)
        own->current = found;
    return found;
}

static void NTAPI acquire(PIO_CSQ queue, PKIRQL irql)
{
    KeAcquireSpinLock(&owner_of(queue)->lock, irql);
}

static void NTAPI release(PIO_CSQ queue, KIRQL irql)
{
    KeReleaseSpinLock(&owner_of(queue)->lock, irql);
}

static void end(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void NTAPI cancelled(PIO_CSQ queue, PIRP irp)
{
    end(irp, STATUS_CANCELLED, 0);
}

/* Every request is asked for twice. */
static void serve(struct extension *own)
{
    for (PIRP irp = own->current; irp; irp = IoCsqRemoveNextIrp(&own->queue, NULL)) {
        LARGE_INTEGER soon = {.QuadPart = -10000};
        if (++own->asked % 2 == 1) {
            KeSetTimer(&own->timer, soon, &own->dpc);
            return;
        }
        *(ULONG *)irp->AssociatedIrp.SystemBuffer = own->asked / 2;
        end(irp, STATUS_SUCCESS, sizeof(ULONG));
    }
}

static VOID NTAPI ask_again(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    serve(context);
}

static NTSTATUS NTAPI read(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;

    if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length < sizeof(ULONG)) {
        end(irp, STATUS_BUFFER_TOO_SMALL, 0);
        return STATUS_BUFFER_TOO_SMALL;
    }
    KeEnterCriticalRegion(); /* the current request's thread must not be suspended here */
    if (!NT_SUCCESS(IoCsqInsertIrpEx(&own->queue, irp, NULL, NULL))) {
        IoMarkIrpPending(irp);
        serve(own);
    }
    KeLeaveCriticalRegion();
    return STATUS_PENDING;
}

static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP waiting;

    while ((waiting = IoCsqRemoveNextIrp(&own->queue, file)) != NULL)
        end(waiting, STATUS_CANCELLED, 0);
    end(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT device, PIRP irp)
{
    end(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\PollerSample");
    struct extension *own = driver->DeviceObject->DeviceExtension;

    KeCancelTimer(&own->timer);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\PollerSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\PollerSample");
    struct extension *own;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(*own), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO;
    own = device->DeviceExtension;
    KeInitializeSpinLock(&own->lock);
    InitializeListHead(&own->waiting);
    KeInitializeTimer(&own->timer);
    KeInitializeDpc(&own->dpc, ask_again, own);
    IoCsqInitializeEx(&own->queue, insert, take_out, peek, acquire, release, cancelled);
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    driver->MajorFunction[IRP_MJ_READ] = read;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
