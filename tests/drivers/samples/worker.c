/* Direct reads and writes, and control requests whose pages the driver locks itself, served by two
 * threads from a cancel-safe queue; a periodic timer beside them. */
#include <ntifs.h>

#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

#define CODE_FILL  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_NEITHER, FILE_ANY_ACCESS)
#define CODE_TICKS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

enum { THREADS = 2, MOST = 65536 };

static PDEVICE_OBJECT device;
static IO_CSQ queue;
static LIST_ENTRY irps; /* under the lock */
static KSPIN_LOCK lock;
static KSEMAPHORE queued;
static KEVENT stop;
static PVOID threads[THREADS];
static KTIMER timer;
static KDPC dpc;
static volatile LONG ticks, ones;

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* Pages that the driver locked go with the request. */
static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    PMDL mdl = irp->Tail.Overlay.DriverContext[0];

    if (mdl) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return complete(irp, status, information);
}

/* ---- the cancel-safe queue ---- */
static VOID NTAPI insert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&irps, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI remove(PIO_CSQ csq, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

/* context: the file whose requests are looked for; NULL: any. */
static PIRP NTAPI peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY link = irp ? irp->Tail.Overlay.ListEntry.Flink : irps.Flink;

    for (; link != &irps; link = link->Flink) {
        PIRP next = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        if (!context || IoGetCurrentIrpStackLocation(next)->FileObject == context)
            return next;
    }
    return NULL;
}

static VOID NTAPI acquire(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&lock, irql);
}

static VOID NTAPI release(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&lock, irql);
}

static VOID NTAPI cancelled(PIO_CSQ csq, PIRP irp)
{
    finish(irp, STATUS_CANCELLED, 0);
}

/* ---- the threads ---- */
static VOID serve(PIRP irp)
{
    PMDL own = irp->Tail.Overlay.DriverContext[0], mdl = own ? own : irp->MdlAddress;
    ULONG length = mdl ? MmGetMdlByteCount(mdl) : 0;
    PUCHAR bytes = NULL;

    if (mdl)
        bytes = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
    if (mdl && !bytes) {
        finish(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
        return;
    }
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction != IRP_MJ_WRITE)
        RtlFillMemory(bytes, length, 0x33);
    else
        for (ULONG i = 0; i < length; i++)
            InterlockedExchangeAdd(&ones, bytes[i] & 1);
    finish(irp, STATUS_SUCCESS, length);
}

static VOID NTAPI run(PVOID context)
{
    PVOID objects[] = {&stop, &queued};
    PIRP irp;

    while (KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                    NULL) == STATUS_WAIT_1) {
        irp = IoCsqRemoveNextIrp(&queue, NULL);
        if (irp) /* else it was cancelled */
            serve(irp);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS enqueue(PIRP irp)
{
    IoCsqInsertIrp(&queue, irp, NULL);
    KeReleaseSemaphore(&queued, IO_NO_INCREMENT, 1, FALSE);
    return STATUS_PENDING;
}

/* ---- dispatch ---- */
static NTSTATUS probe_and_lock(PMDL mdl, KPROCESSOR_MODE mode)
{
#ifdef __clang__ /* the other compiler has no __try */
    __try {
        MmProbeAndLockPages(mdl, mode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
#else
    return STATUS_NOT_SUPPORTED;
#endif
}

static NTSTATUS lock_pages(PIRP irp, PVOID buffer, ULONG length)
{
    PMDL mdl = NULL;
    NTSTATUS status;

    if (length == 0 || length > MOST)
        return STATUS_INVALID_PARAMETER;
    mdl = IoAllocateMdl(buffer, length, FALSE, TRUE, NULL);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = probe_and_lock(mdl, irp->RequestorMode);
    if (NT_SUCCESS(status))
        irp->Tail.Overlay.DriverContext[0] = mdl;
    else
        IoFreeMdl(mdl);
    return status;
}

static NTSTATUS NTAPI transfer(PDEVICE_OBJECT self, PIRP irp)
{
    irp->Tail.Overlay.DriverContext[0] = NULL;
    return enqueue(irp);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT self, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    NTSTATUS status;

    irp->Tail.Overlay.DriverContext[0] = NULL;
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case CODE_FILL:
        status = lock_pages(irp, irp->UserBuffer, length);
        return NT_SUCCESS(status) ? enqueue(irp) : complete(irp, status, 0);
    case CODE_TICKS:
        if (length < sizeof(LONG))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(LONG *)irp->AssociatedIrp.SystemBuffer = ticks;
        return complete(irp, STATUS_SUCCESS, sizeof(LONG));
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT self, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PIRP left;

    if (stack->MajorFunction == IRP_MJ_CLEANUP)
        while ((left = IoCsqRemoveNextIrp(&queue, stack->FileObject)) != NULL)
            finish(left, STATUS_CANCELLED, 0);
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI tick(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    InterlockedIncrement(&ticks);
}

/* ---- beginning and end ---- */
static VOID join_threads(VOID)
{
    KeSetEvent(&stop, IO_NO_INCREMENT, FALSE);
    for (ULONG i = 0; i < THREADS && threads[i]; i++) {
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
        threads[i] = NULL;
    }
}

static NTSTATUS start_thread(PVOID *thread)
{
    HANDLE handle;
    NTSTATUS status;

    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, run, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status =
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, thread, NULL);
    ZwClose(handle);
    return status;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\WorkerSample");

    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    join_threads();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}

static VOID initialize(VOID)
{
    InitializeListHead(&irps);
    KeInitializeSpinLock(&lock);
    KeInitializeSemaphore(&queued, 0, MAXLONG);
    KeInitializeEvent(&stop, NotificationEvent, FALSE);
    IoCsqInitialize(&queue, insert, remove, peek, acquire, release, cancelled);
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, tick, NULL);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\WorkerSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\WorkerSample");
    LARGE_INTEGER second = {.QuadPart = -10000000};
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                     FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_DIRECT_IO;
    initialize();
    for (ULONG i = 0; i < THREADS && NT_SUCCESS(status); i++)
        status = start_thread(&threads[i]);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        join_threads();
        IoDeleteDevice(device);
        return status;
    }
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_READ] = transfer;
    driver->MajorFunction[IRP_MJ_WRITE] = transfer;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    KeSetTimerEx(&timer, second, 1000, &dpc);
    return STATUS_SUCCESS;
}
