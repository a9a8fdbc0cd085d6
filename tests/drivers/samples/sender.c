/* Sends requests to its own second device in all the ways a driver makes IRPs. */
#include <ntddk.h>

#define CODE(function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (function), METHOD_BUFFERED, FILE_ANY_ACCESS)
#define CODE_SYNCHRONOUS  CODE(0)    /* IoBuildDeviceIoControlRequest and an event */
#define CODE_READ         CODE(1)    /* IoBuildSynchronousFsdRequest */
#define CODE_ASYNCHRONOUS CODE(2)    /* IoBuildAsynchronousFsdRequest, finished in its routine */
#define CODE_OWN          CODE(3)    /* IoAllocateIrp, completing the caller's request later */
#define CODE_TIMED        CODE(4)    /* cancelled when it takes too long */
#define CODE_FORWARD      CODE(5)    /* the caller's request goes to the other device */
#define TAG               0x646e6553 /* 'Send' */

static PDEVICE_OBJECT upper, lower;

/* Reads of the lower device wait for a tick, under its lock. */
static KSPIN_LOCK lock;
static LIST_ENTRY waiting;
static KTIMER timer;
static KDPC dpc;

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- the lower device ---- */
static VOID NTAPI cancel_read(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;

    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&lock, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&lock, irql);
    complete(irp, STATUS_CANCELLED, 0);
}

static VOID NTAPI tick(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    LIST_ENTRY done;

    InitializeListHead(&done);
    KeAcquireSpinLockAtDpcLevel(&lock);
    for (PLIST_ENTRY link = waiting.Flink, next; link != &waiting; link = next) {
        PIRP irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        next = link->Flink;
        if (!IoSetCancelRoutine(irp, NULL))
            continue; /* its cancel routine takes it out */
        RemoveEntryList(link);
        InsertTailList(&done, link);
    }
    KeReleaseSpinLockFromDpcLevel(&lock);
    while (!IsListEmpty(&done)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(&done), IRP, Tail.Overlay.ListEntry);
        ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
        RtlFillMemory(irp->AssociatedIrp.SystemBuffer, length, 0x5A);
        complete(irp, STATUS_SUCCESS, length);
    }
}

static NTSTATUS wait_for_tick(PIRP irp)
{
    LARGE_INTEGER soon = {.QuadPart = -10000};
    NTSTATUS status = STATUS_PENDING;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    IoSetCancelRoutine(irp, cancel_read);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        status = STATUS_CANCELLED;
    } else {
        IoMarkIrpPending(irp);
        InsertTailList(&waiting, &irp->Tail.Overlay.ListEntry);
    }
    KeReleaseSpinLock(&lock, irql);
    if (status != STATUS_PENDING)
        return complete(irp, status, 0);
    KeSetTimer(&timer, soon, &dpc);
    return STATUS_PENDING;
}

static NTSTATUS serve_lower(PIRP irp, PIO_STACK_LOCATION stack)
{
    if (stack->MajorFunction == IRP_MJ_READ)
        return wait_for_tick(irp);
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL)
        return complete(irp, STATUS_SUCCESS, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = 7;
    return complete(irp, STATUS_SUCCESS, sizeof(ULONG));
}

/* ---- the upper device ---- */
static NTSTATUS wait_for(NTSTATUS status, PKEVENT event, const IO_STATUS_BLOCK *result)
{
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
        status = result->Status;
    }
    return status;
}

static NTSTATUS ask(ULONG *answer)
{
    IO_STATUS_BLOCK result;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(CODE(9), lower, NULL, 0, answer, sizeof(*answer), FALSE,
                                        &event, &result);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    return wait_for(IoCallDriver(lower, irp), &event, &result);
}

static NTSTATUS read_lower(ULONG *answer)
{
    LARGE_INTEGER start = {.QuadPart = 0};
    IO_STATUS_BLOCK result;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, lower, answer, sizeof(*answer), &start, &event,
                                       &result);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    return wait_for(IoCallDriver(lower, irp), &event, &result);
}

struct late {
    KEVENT done;
    NTSTATUS status;
};

/* The IRP is the driver's: what the I/O manager attached to it goes with it. */
static NTSTATUS NTAPI read_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct late *late = context;

    if (irp->AssociatedIrp.SystemBuffer && (irp->Flags & IRP_DEALLOCATE_BUFFER)) {
        if (NT_SUCCESS(irp->IoStatus.Status))
            RtlCopyMemory(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer,
                          irp->IoStatus.Information);
        ExFreePool(irp->AssociatedIrp.SystemBuffer);
    }
    late->status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    KeSetEvent(&late->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS read_asynchronously(ULONG *answer)
{
    LARGE_INTEGER start = {.QuadPart = 0};
    IO_STATUS_BLOCK result;
    struct late late;
    PIRP irp =
        IoBuildAsynchronousFsdRequest(IRP_MJ_READ, lower, answer, sizeof(*answer), &start, &result);

    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&late.done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, read_done, &late, TRUE, TRUE, TRUE);
    IoCallDriver(lower, irp);
    KeWaitForSingleObject(&late.done, Executive, KernelMode, FALSE, NULL);
    return late.status;
}

static NTSTATUS NTAPI own_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PIRP callers = context;
    ULONG *buffer = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = irp->IoStatus.Status;

    if (NT_SUCCESS(status))
        *(ULONG *)callers->AssociatedIrp.SystemBuffer = *buffer;
    ExFreePoolWithTag(buffer, TAG);
    IoFreeIrp(irp);
    complete(callers, status, NT_SUCCESS(status) ? sizeof(ULONG) : 0);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send_own(PIRP callers)
{
    ULONG *buffer = ExAllocatePoolWithTag(NonPagedPool, sizeof(*buffer), TAG);
    PIRP irp = buffer ? IoAllocateIrp(lower->StackSize, FALSE) : NULL;
    PIO_STACK_LOCATION next;

    if (!irp) {
        if (buffer)
            ExFreePoolWithTag(buffer, TAG);
        return complete(callers, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    irp->AssociatedIrp.SystemBuffer = buffer;
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_READ;
    next->Parameters.Read.Length = sizeof(*buffer);
    IoSetCompletionRoutine(irp, own_done, callers, TRUE, TRUE, TRUE);
    IoMarkIrpPending(callers);
    IoCallDriver(lower, irp);
    return STATUS_PENDING;
}

/* Whoever is second, the one that waits or the completion routine, may free the IRP. */
struct timed {
    KEVENT done;
    LONG count;
};

static NTSTATUS NTAPI timed_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct timed *timed = context;
    KeSetEvent(&timed->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS read_with_timeout(ULONG *answer)
{
    LARGE_INTEGER moment = {.QuadPart = -5000};
    PIRP irp = IoAllocateIrp(lower->StackSize, FALSE);
    struct timed timed;
    PIO_STACK_LOCATION next;
    NTSTATUS status;

    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&timed.done, NotificationEvent, FALSE);
    irp->AssociatedIrp.SystemBuffer = answer;
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_READ;
    next->Parameters.Read.Length = sizeof(*answer);
    IoSetCompletionRoutine(irp, timed_done, &timed, TRUE, TRUE, TRUE);
    if (IoCallDriver(lower, irp) == STATUS_PENDING &&
        KeWaitForSingleObject(&timed.done, Executive, KernelMode, FALSE, &moment) ==
            STATUS_TIMEOUT) {
        IoCancelIrp(irp);
        KeWaitForSingleObject(&timed.done, Executive, KernelMode, FALSE, NULL);
    }
    status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS NTAPI forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS forward(PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, forwarded, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(lower, irp);
}

static NTSTATUS serve_upper(PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode, answer = 0;
    NTSTATUS status;

    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL)
        return complete(irp, STATUS_SUCCESS, 0);
    if (code == CODE_FORWARD)
        return forward(irp);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    switch (code) {
    case CODE_SYNCHRONOUS:
        status = ask(&answer);
        break;
    case CODE_READ:
        status = read_lower(&answer);
        break;
    case CODE_ASYNCHRONOUS:
        status = read_asynchronously(&answer);
        break;
    case CODE_OWN:
        return send_own(irp);
    case CODE_TIMED:
        status = read_with_timeout(&answer);
        break;
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = answer;
    return complete(irp, status, sizeof(ULONG));
}

/* ---- both ---- */
static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    return device == lower ? serve_lower(irp, stack) : serve_upper(irp, stack);
}

static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SenderSample");

    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(upper);
    IoDeleteDevice(lower);
}

static NTSTATUS make_devices(PDRIVER_OBJECT driver, UNICODE_STRING *name)
{
    NTSTATUS status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &lower);
    if (!NT_SUCCESS(status))
        return status;
    lower->Flags |= DO_BUFFERED_IO;
    lower->Flags &= ~DO_DEVICE_INITIALIZING;
    status = IoCreateDevice(driver, 0, name, FILE_DEVICE_UNKNOWN, 0, FALSE, &upper);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(lower);
    else
        upper->StackSize = lower->StackSize + 1;
    return status;
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SenderSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SenderSample");
    NTSTATUS status = make_devices(driver, &name);

    if (!NT_SUCCESS(status))
        return status;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&waiting);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, tick, NULL);
    driver->MajorFunction[IRP_MJ_CREATE] = cleanup;
    driver->MajorFunction[IRP_MJ_CLOSE] = cleanup;
    driver->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    driver->MajorFunction[IRP_MJ_READ] = dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status))
        return status;
    IoDeleteDevice(upper);
    IoDeleteDevice(lower);
    return status;
}
