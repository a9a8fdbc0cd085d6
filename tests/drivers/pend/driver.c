/*
 * A driver without the toolkit that lets calls wait, with and without a cancel routine.
 *
 * Waiting IRPs are in a list under the system's cancel lock, under which cancel routines are
 * called: so whoever takes an IRP from the list owns it ("Synchronizing IRP Cancellation").
 */
#include <ntifs.h>
#include <pend/contract.h>

static LIST_ENTRY waiting;
static volatile LONG waiting_count;
static volatile LONG cancelled_count;
static volatile LONG create_count;
static volatile LONG cleanup_count;
static volatile LONG close_count;

static PIRP deaf;
static PVOID deaf_thread; /* the last one that answered late, NULL for none */

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void answer(PIRP irp)
{
    ULONG capacity =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;

    if (capacity != 0)
        RtlFillMemory(irp->AssociatedIrp.SystemBuffer, capacity, 0x77);
    complete(irp, STATUS_SUCCESS, capacity);
}

static BOOLEAN is_stubborn(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode ==
           PEND_WAIT_STUBBORN;
}

static DRIVER_CANCEL cancel;
static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    InterlockedDecrement(&waiting_count);
    InterlockedIncrement(&cancelled_count);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (is_stubborn(irp))
        answer(irp);
    else
        complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS wait(PIRP irp)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    if (irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        return complete(irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel);
    InsertTailList(&waiting, &irp->Tail.Overlay.ListEntry);
    InterlockedIncrement(&waiting_count);
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

/* Takes the first waiting IRP of the file, or of any if file is NULL. */
static PIRP take(PFILE_OBJECT file)
{
    PIRP found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;
    PIRP irp;

    IoAcquireCancelSpinLock(&irql);
    for (entry = waiting.Flink; entry != &waiting && found == NULL; entry = entry->Flink) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (file == NULL || IoGetCurrentIrpStackLocation(irp)->FileObject == file)
            found = irp;
    }
    if (found != NULL) {
        RemoveEntryList(&found->Tail.Overlay.ListEntry);
        InterlockedDecrement(&waiting_count);
        IoSetCancelRoutine(found, NULL);
    }
    IoReleaseCancelSpinLock(irql);
    return found;
}

static KSTART_ROUTINE answer_late;
static VOID NTAPI answer_late(PVOID context)
{
    LARGE_INTEGER delay;

    delay.QuadPart = PEND_DEAF_TIME * -10000LL; /* relative, in 100 ns */
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    InterlockedExchangePointer((PVOID volatile *)&deaf, NULL);
    answer(context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* The thread runs code of this image until it has ended. */
static void join_deaf_thread(void)
{
    if (deaf_thread == NULL)
        return;
    KeWaitForSingleObject(deaf_thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(deaf_thread);
    deaf_thread = NULL;
}

static NTSTATUS start_deaf_thread(PIRP irp)
{
    NTSTATUS status;
    HANDLE handle;

    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, answer_late, irp);
    if (!NT_SUCCESS(status))
        return status;
    ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &deaf_thread, NULL);
    ZwClose(handle);
    return status;
}

static NTSTATUS be_deaf(PIRP irp)
{
    NTSTATUS status;

    if (InterlockedCompareExchangePointer((PVOID volatile *)&deaf, irp, NULL) != NULL)
        return complete(irp, STATUS_DEVICE_BUSY, 0);
    join_deaf_thread();
    IoMarkIrpPending(irp);
    status = start_deaf_thread(irp);
    if (!NT_SUCCESS(status)) {
        InterlockedExchangePointer((PVOID volatile *)&deaf, NULL);
        complete(irp, status, 0);
    }
    return STATUS_PENDING;
}

static NTSTATUS release(PIRP irp)
{
    PIRP waiter;

    while ((waiter = take(NULL)) != NULL)
        answer(waiter);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS give_up(PIRP irp)
{
    PIRP waiter;

    while ((waiter = take(NULL)) != NULL)
        complete(waiter, STATUS_CANCELLED, 0);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS report(PIRP irp)
{
    const struct pend_counts counts = {(uint32_t)waiting_count, (uint32_t)cancelled_count,
                                       (uint32_t)create_count, (uint32_t)cleanup_count,
                                       (uint32_t)close_count};

    if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength <
        sizeof(counts))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &counts, sizeof(counts));
    return complete(irp, STATUS_SUCCESS, sizeof(counts));
}

struct command {
    ULONG code;
    NTSTATUS (*serve)(PIRP irp);
};

static const struct command commands[] = {
    {PEND_WAIT, wait},       {PEND_WAIT_STUBBORN, wait}, {PEND_DEAF, be_deaf},
    {PEND_RELEASE, release}, {PEND_GIVE_UP, give_up},    {PEND_COUNTS, report},
};

static DRIVER_DISPATCH control;
static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode;
    size_t index;

    UNREFERENCED_PARAMETER(device);
    for (index = 0; index < sizeof(commands) / sizeof(commands[0]); index++)
        if (commands[index].code == code)
            return commands[index].serve(irp);
    return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static DRIVER_DISPATCH create;
static NTSTATUS NTAPI create(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    InterlockedIncrement(&create_count);
    return complete(irp, STATUS_SUCCESS, 0);
}

/* The last handle has gone: what still waits on the open keeps it from closing. */
static DRIVER_DISPATCH cleanup;
static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP waiter;

    UNREFERENCED_PARAMETER(device);
    InterlockedIncrement(&cleanup_count);
    while ((waiter = take(file)) != NULL)
        complete(waiter, STATUS_CANCELLED, 0);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DRIVER_DISPATCH close;
static NTSTATUS NTAPI close(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    InterlockedIncrement(&close_count);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DRIVER_UNLOAD unload;
static VOID NTAPI unload(PDRIVER_OBJECT object)
{
    UNICODE_STRING link;

    join_deaf_thread();
    RtlInitUnicodeString(&link, PEND_LINK_NAME);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(object->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    UNICODE_STRING device_name;
    UNICODE_STRING link;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(registry_path);
    InitializeListHead(&waiting);
    object->MajorFunction[IRP_MJ_CREATE] = create;
    object->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    object->MajorFunction[IRP_MJ_CLOSE] = close;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    object->DriverUnload = unload;

    RtlInitUnicodeString(&device_name, PEND_DEVICE_NAME);
    RtlInitUnicodeString(&link, PEND_LINK_NAME);
    status = IoCreateDevice(object, 0, &device_name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &device_name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
