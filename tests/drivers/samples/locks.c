/* Records in a table under a resource, from lookaside lists, and a thread that ages them. Its
 * passive parts are pageable, and so is what only they touch. */
#include <ntifs.h>

#define CODE(function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (function), METHOD_BUFFERED, FILE_ANY_ACCESS)
#define CODE_ADD   CODE(0) /* ULONG */
#define CODE_FIND  CODE(1) /* ULONG: its age */
#define CODE_COUNT CODE(2)
#define TAG        0x6b636f4c /* 'Lock' */
#define PAGEABLE   __attribute__((section("PAGE")))

struct record {
    LIST_ENTRY link;
    ULONG key, age;
};

static struct {
    PDEVICE_OBJECT device;
    ERESOURCE resource;
    LIST_ENTRY records; /* the resource */
    PAGED_LOOKASIDE_LIST paged;
    NPAGED_LOOKASIDE_LIST nonpaged;
    FAST_MUTEX mutex;
    ULONG *totals; /* paged pool; the mutex */
    KSPIN_LOCK lock;
    LIST_ENTRY events; /* nonpaged; the lock */
    KEVENT wake, stop;
    PVOID thread;
    EX_RUNDOWN_REF rundown;
} state;

struct event {
    LIST_ENTRY link;
    ULONG key;
};

PAGEABLE static struct record *find(ULONG key)
{
    for (PLIST_ENTRY link = state.records.Flink; link != &state.records; link = link->Flink) {
        struct record *record = CONTAINING_RECORD(link, struct record, link);
        if (record->key == key)
            return record;
    }
    return NULL;
}

/* Any thread up to DISPATCH_LEVEL. */
static __attribute__((noinline)) VOID tell(ULONG key)
{
    struct event *event = ExAllocateFromNPagedLookasideList(&state.nonpaged);
    KIRQL irql;

    if (!event)
        return;
    event->key = key;
    KeAcquireSpinLock(&state.lock, &irql);
    InsertTailList(&state.events, &event->link);
    KeReleaseSpinLock(&state.lock, irql);
    KeSetEvent(&state.wake, IO_NO_INCREMENT, FALSE);
}

PAGEABLE static NTSTATUS add(ULONG key)
{
    struct record *record = ExAllocateFromPagedLookasideList(&state.paged);
    BOOLEAN is_new;

    PAGED_CODE();
    if (!record)
        return STATUS_INSUFFICIENT_RESOURCES;
    record->key = key;
    record->age = 0;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&state.resource, TRUE);
    is_new = find(key) == NULL;
    if (is_new)
        InsertHeadList(&state.records, &record->link);
    ExReleaseResourceLite(&state.resource);
    KeLeaveCriticalRegion();
    if (!is_new)
        ExFreeToPagedLookasideList(&state.paged, record);
    else
        tell(key);
    return is_new ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION;
}

PAGEABLE static NTSTATUS age_of(ULONG key, ULONG *age)
{
    const struct record *record;
    NTSTATUS status = STATUS_NOT_FOUND;

    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&state.resource, TRUE);
    record = find(key);
    if (record) {
        *age = record->age;
        status = STATUS_SUCCESS;
    }
    ExReleaseResourceLite(&state.resource);
    KeLeaveCriticalRegion();
    return status;
}

/* Not a part of its pageable callers. */
static __attribute__((noinline)) struct event *take_event(VOID)
{
    struct event *event = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&state.lock, &irql);
    if (!IsListEmpty(&state.events))
        event = CONTAINING_RECORD(RemoveHeadList(&state.events), struct event, link);
    KeReleaseSpinLock(&state.lock, irql);
    return event;
}

PAGEABLE static VOID age_all(VOID)
{
    struct event *event;

    while ((event = take_event()) != NULL) {
        ExAcquireFastMutex(&state.mutex);
        state.totals[event->key % 16]++;
        ExReleaseFastMutex(&state.mutex);
        ExFreeToNPagedLookasideList(&state.nonpaged, event);
    }
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&state.resource, TRUE);
    for (PLIST_ENTRY link = state.records.Flink; link != &state.records; link = link->Flink)
        CONTAINING_RECORD(link, struct record, link)->age++;
    ExReleaseResourceLite(&state.resource);
    KeLeaveCriticalRegion();
}

PAGEABLE static VOID NTAPI run(PVOID context)
{
    LARGE_INTEGER second = {.QuadPart = -10000000};
    PVOID objects[] = {&state.stop, &state.wake};

    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    while (KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, &second,
                                    NULL) != STATUS_WAIT_0)
        age_all();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

PAGEABLE static NTSTATUS serve(PIO_STACK_LOCATION stack, ULONG *buffer, ULONG_PTR *written)
{
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG total = 0;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case CODE_ADD:
        return input < sizeof(ULONG) ? STATUS_INVALID_PARAMETER : add(*buffer);
    case CODE_FIND:
        if (input < sizeof(ULONG) || output < sizeof(ULONG))
            return STATUS_INVALID_PARAMETER;
        status = age_of(*buffer, buffer);
        break;
    case CODE_COUNT:
        if (output < sizeof(ULONG))
            return STATUS_BUFFER_TOO_SMALL;
        ExAcquireFastMutex(&state.mutex);
        for (int i = 0; i < 16; i++)
            total += state.totals[i];
        ExReleaseFastMutex(&state.mutex);
        *buffer = total;
        break;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (NT_SUCCESS(status))
        *written = sizeof(ULONG);
    return status;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG_PTR written = 0;
    NTSTATUS status = STATUS_DELETE_PENDING;

    if (ExAcquireRundownProtection(&state.rundown)) {
        status =
            serve(IoGetCurrentIrpStackLocation(irp), irp->AssociatedIrp.SystemBuffer, &written);
        ExReleaseRundownProtection(&state.rundown);
    }
    complete(irp, status, written);
    return status;
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT device, PIRP irp)
{
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

PAGEABLE static NTSTATUS start_thread(VOID)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, run, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                       &state.thread, NULL);
    if (!NT_SUCCESS(status)) {
        KeSetEvent(&state.stop, IO_NO_INCREMENT, FALSE);
        ZwWaitForSingleObject(handle, FALSE, NULL);
    }
    ZwClose(handle);
    return status;
}

PAGEABLE static VOID free_all(VOID)
{
    struct event *event;

    while ((event = take_event()) != NULL)
        ExFreeToNPagedLookasideList(&state.nonpaged, event);
    while (!IsListEmpty(&state.records))
        ExFreeToPagedLookasideList(
            &state.paged, CONTAINING_RECORD(RemoveHeadList(&state.records), struct record, link));
    ExFreePoolWithTag(state.totals, TAG);
    ExDeletePagedLookasideList(&state.paged);
    ExDeleteNPagedLookasideList(&state.nonpaged);
    ExDeleteResourceLite(&state.resource);
}

PAGEABLE static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\LocksSample");

    IoDeleteSymbolicLink(&link);
    ExWaitForRundownProtectionRelease(&state.rundown);
    KeSetEvent(&state.stop, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(state.thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(state.thread);
    free_all();
    IoDeleteDevice(state.device);
}

static NTSTATUS prepare(VOID)
{
    state.totals = ExAllocatePoolWithTag(PagedPool, 16 * sizeof(ULONG), TAG);
    if (!state.totals)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(state.totals, 16 * sizeof(ULONG));
    InitializeListHead(&state.records);
    InitializeListHead(&state.events);
    KeInitializeSpinLock(&state.lock);
    ExInitializeFastMutex(&state.mutex);
    KeInitializeEvent(&state.wake, SynchronizationEvent, FALSE);
    KeInitializeEvent(&state.stop, NotificationEvent, FALSE);
    ExInitializeRundownProtection(&state.rundown);
    ExInitializeResourceLite(&state.resource);
    ExInitializePagedLookasideList(&state.paged, NULL, NULL, 0, sizeof(struct record), TAG, 0);
    ExInitializeNPagedLookasideList(&state.nonpaged, NULL, NULL, 0, sizeof(struct event), TAG, 0);
    return STATUS_SUCCESS;
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\LocksSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\LocksSample");
    NTSTATUS status = prepare();

    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &state.device);
    if (!NT_SUCCESS(status))
        goto free;
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    status = start_thread();
    if (!NT_SUCCESS(status))
        goto delete_device;
    status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status))
        return STATUS_SUCCESS;
    KeSetEvent(&state.stop, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(state.thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(state.thread);
delete_device:
    IoDeleteDevice(state.device);
free:
    free_all();
    return status;
}
