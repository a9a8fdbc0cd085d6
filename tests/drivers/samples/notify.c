/* The inverted call: a request waits until a timer's DPC completes it; or an event is set. */
#include <ntddk.h>

#define CODE_REGISTER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

enum kind { KIND_REQUEST = 1, KIND_EVENT };

struct input {
    ULONG kind;
    HANDLE event;
    LARGE_INTEGER due;
};

struct notice {
    LIST_ENTRY link;
    enum kind kind;
    PKEVENT event;
    PIRP irp;
    PFILE_OBJECT file;
    KTIMER timer;
    KDPC dpc;
    struct extension *own;
    PRKDPC unused;
    KSPIN_LOCK *lock;
};

struct extension {
    PDEVICE_OBJECT self;
    LIST_ENTRY notices;
    KSPIN_LOCK lock;
};

static void NTAPI expired(PKDPC dpc, PVOID context, PVOID one, PVOID other)
{
    struct notice *notice = context;
    struct extension *own = notice->own;
    PIRP irp = NULL;

    KeAcquireSpinLockAtDpcLevel(&own->lock);
    RemoveEntryList(&notice->link);
    if (notice->kind == KIND_EVENT) {
        KeSetEvent(notice->event, IO_NO_INCREMENT, FALSE);
        KeReleaseSpinLockFromDpcLevel(&own->lock);
        ObDereferenceObject(notice->event);
        ExFreePoolWithTag(notice, 0x5370746Eu);
        return;
    }
    irp = notice->irp;
    if (irp && IoSetCancelRoutine(irp, NULL) == NULL) { /* the cancel routine waits for the lock */
        irp->Tail.Overlay.DriverContext[3] = NULL;
        irp = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&own->lock);
    if (!irp) {
        ExFreePoolWithTag(notice, 0x5370746Eu);
        return;
    }
    irp->Tail.Overlay.DriverContext[3] = NULL;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    ExFreePoolWithTag(notice, 0x5370746Eu);
}

static void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    struct notice *notice;
    KIRQL irql;

    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&own->lock, &irql);
    notice = irp->Tail.Overlay.DriverContext[3];
    if (notice) {
        RemoveEntryList(&notice->link);
        InitializeListHead(&notice->link);
        notice->irp = NULL;
        if (!KeCancelTimer(&notice->timer))
            notice = NULL; /* the DPC frees it */
    }
    KeReleaseSpinLock(&own->lock, irql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    if (notice)
        ExFreePoolWithTag(notice, 0x5370746Eu);
}

static NTSTATUS wait_by_request(struct extension *own, PIRP irp, struct notice *notice,
                                LARGE_INTEGER due)
{
    KIRQL irql;

    notice->irp = irp;
    irp->Tail.Overlay.DriverContext[3] = notice;
    KeAcquireSpinLock(&own->lock, &irql);
    IoSetCancelRoutine(irp, cancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        KeReleaseSpinLock(&own->lock, irql);
        ExFreePoolWithTag(notice, 0x5370746Eu);
        return STATUS_CANCELLED;
    }
    IoMarkIrpPending(irp);
    InsertTailList(&own->notices, &notice->link);
    KeSetTimer(&notice->timer, due, &notice->dpc);
    KeReleaseSpinLock(&own->lock, irql);
    return STATUS_PENDING;
}

static NTSTATUS wait_by_event(struct extension *own, PIRP irp, struct notice *notice, HANDLE event,
                              LARGE_INTEGER due)
{
    NTSTATUS status =
        ObReferenceObjectByHandle(event, SYNCHRONIZE | EVENT_MODIFY_STATE, *ExEventObjectType,
                                  irp->RequestorMode, (PVOID *)&notice->event, NULL);
    KIRQL irql;

    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(notice, 0x5370746Eu);
        return status;
    }
    KeAcquireSpinLock(&own->lock, &irql);
    InsertTailList(&own->notices, &notice->link);
    KeSetTimer(&notice->timer, due, &notice->dpc);
    KeReleaseSpinLock(&own->lock, irql);
    return STATUS_SUCCESS;
}

static NTSTATUS add(struct extension *own, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct input *input = irp->AssociatedIrp.SystemBuffer;
    struct notice *notice;
    LARGE_INTEGER due;

    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof *input)
        return STATUS_INVALID_PARAMETER;
    if (input->kind != KIND_REQUEST && input->kind != KIND_EVENT)
        return STATUS_INVALID_PARAMETER;
    notice = ExAllocatePoolWithQuotaTag(NonPagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE,
                                        sizeof *notice, 0x5370746Eu);
    if (!notice)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(notice, sizeof *notice);
    notice->kind = input->kind;
    notice->own = own;
    notice->file = stack->FileObject;
    KeInitializeTimer(&notice->timer);
    KeInitializeDpc(&notice->dpc, expired, notice);
    due.QuadPart = -10000 * (LONG64)(input->due.LowPart % 5 + 1);
    if (notice->kind == KIND_REQUEST)
        return wait_by_request(own, irp, notice, due);
    return wait_by_event(own, irp, notice, input->event, due);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;

    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        status = stack->Parameters.DeviceIoControl.IoControlCode == CODE_REGISTER
                     ? add(device->DeviceExtension, irp, stack)
                     : STATUS_INVALID_DEVICE_REQUEST;
    if (status == STATUS_PENDING)
        return status;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* Events whose timers still run are given up. */
static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *own = device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    LIST_ENTRY gone, *each, *next;
    KIRQL irql;

    InitializeListHead(&gone);
    KeAcquireSpinLock(&own->lock, &irql);
    for (each = own->notices.Flink; each != &own->notices; each = next) {
        struct notice *notice = CONTAINING_RECORD(each, struct notice, link);
        next = each->Flink;
        if (notice->kind != KIND_EVENT || notice->file != file || !KeCancelTimer(&notice->timer))
            continue;
        RemoveEntryList(each);
        InsertTailList(&gone, each);
    }
    KeReleaseSpinLock(&own->lock, irql);
    while (!IsListEmpty(&gone)) {
        struct notice *notice = CONTAINING_RECORD(RemoveHeadList(&gone), struct notice, link);
        ObDereferenceObject(notice->event);
        ExFreePoolWithTag(notice, 0x5370746Eu);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\SampleNotify");

    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SampleNotify");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\SampleNotify");
    PDEVICE_OBJECT device;
    struct extension *own;
    NTSTATUS status = IoCreateDevice(driver, sizeof *own, &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    own = device->DeviceExtension;
    own->self = device;
    InitializeListHead(&own->notices);
    KeInitializeSpinLock(&own->lock);
    device->Flags |= DO_BUFFERED_IO;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
