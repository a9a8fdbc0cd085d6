/* Writes lines to a file in work items; opens itself and keys by name; shares pages with the
 * application by an MDL and sets its event. */
#include <ntifs.h>

#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

#define CODE(function, method) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (function), method, FILE_ANY_ACCESS)
#define CODE_LOG     CODE(0, METHOD_BUFFERED)
#define CODE_SHARE   CODE(1, METHOD_BUFFERED) /* out: the address of a page */
#define CODE_SIGNAL  CODE(2, METHOD_BUFFERED) /* in: an event's handle */
#define CODE_SETTING CODE(3, METHOD_BUFFERED)
#define CODE_SUM     CODE(4, METHOD_IN_DIRECT)
#define TAG          0x67676f4c /* 'Logg' */

struct line {
    PIO_WORKITEM item;
    ULONG length;
    CHAR text[100];
};

static PDEVICE_OBJECT device;
static FAST_MUTEX mutex;
static ULONG written; /* the mutex */
static PVOID page;
static UNICODE_STRING path; /* of the service's key: a copy */

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- the file ---- */
static VOID append(const struct line *line)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\??\\C:\\sample.log");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    HANDLE file;

    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    if (!NT_SUCCESS(ZwCreateFile(&file, FILE_APPEND_DATA | SYNCHRONIZE, &attributes, &result, NULL,
                                 FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ, FILE_OPEN_IF,
                                 FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0)))
        return;
    ExAcquireFastMutex(&mutex);
    written += line->length;
    ExReleaseFastMutex(&mutex);
    ZwWriteFile(file, NULL, NULL, NULL, &result, (PVOID)line->text, line->length, NULL, NULL);
    ZwClose(file);
}

static VOID NTAPI write_line(PDEVICE_OBJECT self, PVOID context)
{
    struct line *line = context;

    append(line);
    IoFreeWorkItem(line->item);
    ExFreePoolWithTag(line, TAG);
}

static NTSTATUS log_line(const CHAR *text, ULONG length)
{
    struct line *line;

    if (length == 0 || length > sizeof(line->text))
        return STATUS_INVALID_PARAMETER;
    line = ExAllocatePoolWithTag(PagedPool, sizeof(*line), TAG);
    if (!line)
        return STATUS_INSUFFICIENT_RESOURCES;
    line->item = IoAllocateWorkItem(device);
    if (!line->item) {
        ExFreePoolWithTag(line, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    line->length = length;
    RtlCopyMemory(line->text, text, length);
    IoQueueWorkItem(line->item, write_line, DelayedWorkQueue, line);
    return STATUS_SUCCESS;
}

/* ---- the application's ---- */
struct share {
    PMDL mdl;
    PVOID address;
};

static PVOID map_for_user(PMDL mdl)
{
    PVOID address = NULL;
#ifdef __clang__ /* the other compiler has no __try, and this may raise */
    __try {
        address = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE,
                                               NormalPagePriority | MdlMappingNoExecute);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        address = NULL;
    }
#endif
    return address;
}

static struct share *make_share(VOID)
{
    struct share *share = ExAllocatePoolWithTag(NonPagedPool, sizeof(*share), TAG);

    if (!share)
        return NULL;
    share->mdl = IoAllocateMdl(page, PAGE_SIZE, FALSE, FALSE, NULL);
    if (!share->mdl)
        goto free;
    MmBuildMdlForNonPagedPool(share->mdl);
    share->address = map_for_user(share->mdl);
    if (share->address)
        return share;
    IoFreeMdl(share->mdl);
free:
    ExFreePoolWithTag(share, TAG);
    return NULL;
}

/* FsContext is the driver's: no file system is below. FsContext2: the last handle has gone, though
 * requests may be under way. */
static NTSTATUS share_page(PFILE_OBJECT file, ULONG64 *address)
{
    NTSTATUS status = STATUS_ALREADY_COMMITTED;

    ExAcquireFastMutex(&mutex);
    if (!file->FsContext && !file->FsContext2) {
        struct share *share = make_share();
        file->FsContext = share;
        status = share ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
        *address = share ? (ULONG64)share->address : 0;
    }
    ExReleaseFastMutex(&mutex);
    return status;
}

/* In the process that had the page: cleanup is sent in its context. */
static VOID unshare(PFILE_OBJECT file)
{
    struct share *share;

    ExAcquireFastMutex(&mutex);
    share = file->FsContext;
    file->FsContext = NULL;
    file->FsContext2 = file;
    ExReleaseFastMutex(&mutex);
    if (!share)
        return;
    MmUnmapLockedPages(share->address, share->mdl);
    IoFreeMdl(share->mdl);
    ExFreePoolWithTag(share, TAG);
}

static NTSTATUS signal(HANDLE handle, KPROCESSOR_MODE mode)
{
    PVOID event;
    NTSTATUS status = ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                                mode, &event, NULL);

    if (!NT_SUCCESS(status))
        return status;
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    ObDereferenceObject(event);
    return STATUS_SUCCESS;
}

static NTSTATUS read_setting(ULONG *value)
{
    struct {
        KEY_VALUE_PARTIAL_INFORMATION head;
        UCHAR rest[16];
    } found;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Type");
    OBJECT_ATTRIBUTES attributes;
    ULONG length;
    HANDLE key;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    status =
        ZwQueryValueKey(key, &name, KeyValuePartialInformation, &found, sizeof(found), &length);
    ZwClose(key);
    if (NT_SUCCESS(status) && found.head.Type == REG_DWORD)
        RtlCopyMemory(value, found.head.Data, sizeof(*value));
    return status;
}

static NTSTATUS sum(PMDL mdl, ULONG *result)
{
    const UCHAR *bytes =
        mdl ? MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute) : NULL;

    if (!bytes)
        return mdl ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER;
    *result = 0;
    for (ULONG i = 0; i < MmGetMdlByteCount(mdl); i++)
        *result += bytes[i];
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT self, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status;
    ULONG value = 0;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case CODE_LOG:
        return complete(irp, log_line(buffer, input), 0);
    case CODE_SHARE:
        if (output < sizeof(ULONG64))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        status = share_page(stack->FileObject, buffer);
        return complete(irp, status, NT_SUCCESS(status) ? sizeof(ULONG64) : 0);
    case CODE_SIGNAL:
        if (input < sizeof(ULONG64))
            return complete(irp, STATUS_INVALID_PARAMETER, 0);
        return complete(irp, signal(*(HANDLE *)buffer, irp->RequestorMode), 0);
    case CODE_SETTING:
        if (output < sizeof(ULONG))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        status = read_setting(&value);
        *(ULONG *)buffer = value;
        return complete(irp, status, NT_SUCCESS(status) ? sizeof(ULONG) : 0);
    case CODE_SUM:
        status = sum(irp->MdlAddress, &value);
        DbgPrint("the sum is %u\n", value);
        return complete(irp, status, 0);
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT self, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (stack->MajorFunction == IRP_MJ_CLEANUP)
        unshare(stack->FileObject);
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\LoggerSample");

    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
    ExFreePoolWithTag(page, TAG);
    ExFreePoolWithTag(path.Buffer, TAG);
}

static NTSTATUS copy_path(PCUNICODE_STRING given)
{
    path.Length = given->Length;
    path.MaximumLength = given->Length + sizeof(WCHAR);
    path.Buffer = ExAllocatePoolWithTag(PagedPool, path.MaximumLength, TAG);
    if (!path.Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyUnicodeString(&path, given);
    return STATUS_SUCCESS;
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\LoggerSample");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\LoggerSample");
    NTSTATUS status = copy_path(registry_path);

    if (!NT_SUCCESS(status))
        return status;
    status = STATUS_INSUFFICIENT_RESOURCES;
    page = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, TAG);
    if (!page)
        goto free_path;
    RtlZeroMemory(page, PAGE_SIZE);
    ExInitializeFastMutex(&mutex);
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &device);
    if (!NT_SUCCESS(status))
        goto free_page;
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = open_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status))
        return status;
    IoDeleteDevice(device);
free_page:
    ExFreePoolWithTag(page, TAG);
free_path:
    ExFreePoolWithTag(path.Buffer, TAG);
    return status;
}
