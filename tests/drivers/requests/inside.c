/* Requests a driver makes itself, and the I/O manager's helpers. */
#include "driver.h"

static UNICODE_STRING buffered = RTL_CONSTANT_STRING(L"\\Device\\ReqBuffered");

/* What \?? and \DosDevices lead to. */
void check_global_link(void)
{
    UNICODE_STRING global = RTL_CONSTANT_STRING(L"\\GLOBAL??\\ReqGlobal");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\ReqGlobal");
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateSymbolicLink(&global, &buffered);
    CHECK_STATUS(STATUS_SUCCESS, status);
    if (!NT_SUCCESS(status))
        return;
    status = IoGetDeviceObjectPointer(&link, FILE_ALL_ACCESS, &file, &device);
    CHECK_STATUS(STATUS_SUCCESS, status);
    if (NT_SUCCESS(status)) {
        CHECK(device == device_of(KIND_BUFFERED));
        ObDereferenceObject(file);
    }
    CHECK_STATUS(STATUS_SUCCESS, IoDeleteSymbolicLink(&link));
}

static ULONG code_of(ULONG function, ULONG method)
{
    return REQUESTS_CODE(function, method, FILE_ANY_ACCESS);
}

/* IoBuildDeviceIoControlRequest: the caller's event and status block tell the end. */
static NTSTATUS call_control(PDEVICE_OBJECT device, ULONG code, PVOID input, ULONG input_length,
                             PVOID output, ULONG output_length, PIO_STATUS_BLOCK result)
{
    KEVENT event;
    PIRP irp;
    NTSTATUS status;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(code, device, input, input_length, output, output_length,
                                        FALSE, &event, result);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = IoCallDriver(device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = result->Status;
    }
    return status;
}

void check_device_pointer(void)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoGetDeviceObjectPointer(&buffered, FILE_ALL_ACCESS, &file, &device));
    CHECK(device == device_of(KIND_BUFFERED) && file->DeviceObject == device);
    ObDereferenceObject(file);
}

void check_built_control_requests(void)
{
    PDEVICE_OBJECT device = device_of(KIND_BUFFERED);
    IO_STATUS_BLOCK result;
    struct report report;
    UCHAR x[sizeof(report)] = "x", yz[sizeof(report)] = "yz", n[sizeof(report)] = "n";
    CHECK_STATUS(STATUS_SUCCESS, call_control(device, code_of(REPORT, BUFFERED), x, 1, &report,
                                              sizeof(report), &result));
    CHECK(result.Information == sizeof(report) && report.first_input == 'x');
    CHECK(report.requestor_mode == KernelMode);
    CHECK_STATUS(STATUS_SUCCESS, call_control(device, code_of(REPORT, OUT_DIRECT), yz, 2, &report,
                                              sizeof(report), &result));
    CHECK(report.mdl_bytes == sizeof(report) && report.first_input == 'y');
    CHECK_STATUS(STATUS_SUCCESS, call_control(device, code_of(REPORT, NEITHER), n, 1, &report,
                                              sizeof(report), &result));
    CHECK(report.user_buffer == (ULONG_PTR)&report && report.first_input == 'n');
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST,
                 call_control(device, code_of(0x77, BUFFERED), NULL, 0, NULL, 0, &result));
}

/* Completed by a DPC, while the caller waits. */
void check_late_control_request(void)
{
    IO_STATUS_BLOCK result;
    ULONG irql = 99;
    CHECK_STATUS(STATUS_SUCCESS, call_control(device_of(KIND_BUFFERED), code_of(LATE, BUFFERED),
                                              NULL, 0, &irql, sizeof(irql), &result));
    CHECK(irql == DISPATCH_LEVEL && result.Information == sizeof(ULONG));
}

/* ---- IoAllocateIrp with a completion routine that keeps the IRP ---- */
struct seen {
    KEVENT event;
    NTSTATUS status;
    ULONG_PTR information;
    BOOLEAN pending;
    PDEVICE_OBJECT device;
};

static NTSTATUS NTAPI keep(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct seen *seen = context;
    seen->status = irp->IoStatus.Status;
    seen->information = irp->IoStatus.Information;
    seen->pending = irp->PendingReturned;
    seen->device = device;
    KeSetEvent(&seen->event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void aim(PIRP irp, ULONG function, PVOID buffer, ULONG length, struct seen *seen)
{
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    stack->Parameters.DeviceIoControl.IoControlCode = code_of(function, BUFFERED);
    stack->Parameters.DeviceIoControl.OutputBufferLength = length;
    irp->AssociatedIrp.SystemBuffer = buffer;
    KeInitializeEvent(&seen->event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, keep, seen, TRUE, TRUE, TRUE);
}

void check_late_own_request(void)
{
    PDEVICE_OBJECT device = device_of(KIND_BUFFERED);
    struct seen seen = {0};
    ULONG buffer = 0;
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    aim(irp, LATE, &buffer, sizeof(buffer), &seen);
    CHECK_STATUS(STATUS_PENDING, IoCallDriver(device, irp));
    KeWaitForSingleObject(&seen.event, Executive, KernelMode, FALSE, NULL);
    CHECK(seen.status == STATUS_SUCCESS && seen.information == sizeof(ULONG) && seen.pending);
    CHECK(seen.device == NULL); /* the sender had no location of its own */
    IoFreeIrp(irp);
}

/* function keeps the request until it is cancelled; one that is cancelled already it ends at once,
 * and answers with at_once. */
static void cancel_own_request(ULONG function, NTSTATUS at_once)
{
    PDEVICE_OBJECT device = device_of(KIND_BUFFERED);
    struct seen seen = {0};
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    CHECK(irp && irp->StackCount == device->StackSize && irp->Size == IoSizeOfIrp(irp->StackCount));
    IoReuseIrp(irp, STATUS_UNSUCCESSFUL);
    CHECK(irp->IoStatus.Status == STATUS_UNSUCCESSFUL && !irp->PendingReturned);
    aim(irp, function, NULL, 0, &seen);
    CHECK_STATUS(STATUS_PENDING, IoCallDriver(device, irp));
    CHECK(IoCancelIrp(irp));
    KeWaitForSingleObject(&seen.event, Executive, KernelMode, FALSE, NULL);
    CHECK(seen.status == STATUS_CANCELLED && irp->Cancel);
    CHECK(!IoCancelIrp(irp));

    IoReuseIrp(irp, STATUS_SUCCESS);
    irp->Cancel = TRUE;
    aim(irp, function, NULL, 0, &seen);
    CHECK_STATUS(at_once, IoCallDriver(device, irp));
    CHECK(seen.status == STATUS_CANCELLED && KeReadStateEvent(&seen.event));
    IoFreeIrp(irp);
}

void check_own_requests(void)
{
    cancel_own_request(HOLD, STATUS_CANCELLED);
}

void check_queued_own_requests(void)
{
    cancel_own_request(QUEUE, STATUS_PENDING);
}

void check_associated_requests(void)
{
    PDEVICE_OBJECT device = device_of(KIND_BUFFERED);
    struct seen seen = {0};
    PIRP parts[2], master = IoAllocateIrp(1, FALSE);
    PIO_STACK_LOCATION stack;
    CHECK(master != NULL);
    IoSetNextIrpStackLocation(master);
    KeInitializeEvent(&seen.event, NotificationEvent, FALSE);
    /* The routine stands in the location below, which has been passed: set it by hand. */
    stack = IoGetCurrentIrpStackLocation(master);
    stack->CompletionRoutine = keep;
    stack->Context = &seen;
    stack->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR;
    master->AssociatedIrp.IrpCount = 2;
    master->IoStatus.Status = STATUS_SUCCESS;
    for (int i = 0; i < 2; i++) {
        parts[i] = IoMakeAssociatedIrp(master, device->StackSize);
        CHECK(parts[i] && (parts[i]->Flags & IRP_ASSOCIATED_IRP));
        stack = IoGetNextIrpStackLocation(parts[i]);
        stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        stack->Parameters.DeviceIoControl.IoControlCode = code_of(0x77, NEITHER);
        CHECK(!KeReadStateEvent(&seen.event));
        IoCallDriver(device, parts[i]);
    }
    CHECK(KeReadStateEvent(&seen.event)); /* the last part completed the master */
    IoFreeIrp(master);
}

void check_kernel_handles(void)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result = {0};
    HANDLE file = NULL;
    InitializeObjectAttributes(&attributes, &buffered, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ZwCreateFile(&file, SYNCHRONIZE, &attributes, &result, NULL, 0, 0,
                                              FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0));
    CHECK(ObIsKernelHandle(file));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(file));
}

void check_fsd_requests(void)
{
    PDEVICE_OBJECT device = device_of(KIND_DIRECT);
    IO_STATUS_BLOCK result = {0};
    LARGE_INTEGER offset = {.QuadPart = 0x41};
    KEVENT event;
    UCHAR data[16] = {0};
    PIRP irp;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, data, sizeof(data), &offset, &event,
                                       &result);
    CHECK(irp && irp->MdlAddress && !irp->AssociatedIrp.SystemBuffer);
    CHECK_STATUS(STATUS_SUCCESS, IoCallDriver(device, irp));
    CHECK(result.Information == 16 && data[0] == 0x41 && data[15] == 0x41);
    CHECK(KeReadStateEvent(&event));
}

void check_calls_by_handle(void)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result = {0};
    FILE_POSITION_INFORMATION position = {.CurrentByteOffset.QuadPart = 0x42};
    ULONG mode = 0, counts_code = code_of(COUNT, BUFFERED);
    struct counts counts;
    LARGE_INTEGER offset = {.QuadPart = 7};
    UCHAR data[4];
    HANDLE file;
    InitializeObjectAttributes(&attributes, &buffered, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               NULL, NULL);
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 ZwCreateFile(&file, GENERIC_READ, &attributes, &result, NULL, 0, 0, FILE_OPEN,
                              FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0)); /* without SYNCHRONIZE */
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateFile(&file, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes,
                              &result, NULL, 0, FILE_SHARE_READ, FILE_OPEN_IF,
                              FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0));
    CHECK(result.Information == FILE_OPENED);
    CHECK_STATUS(STATUS_SUCCESS, ZwDeviceIoControlFile(file, NULL, NULL, NULL, &result, counts_code,
                                                       NULL, 0, &counts, sizeof(counts)));
    CHECK(counts.share_access == FILE_SHARE_READ && counts.options >> 24 == FILE_OPEN_IF);
    CHECK((counts.options & 0xFFFFFF) == (FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwReadFile(file, NULL, NULL, NULL, &result, data, 4, &offset, NULL));
    CHECK(result.Information == 4 && data[3] == 7);
    CHECK_STATUS(STATUS_SUCCESS, ZwSetInformationFile(file, &result, &position, sizeof(position),
                                                      FilePositionInformation));
    CHECK_STATUS(STATUS_SUCCESS, ZwReadFile(file, NULL, NULL, NULL, &result, data, 4, NULL, NULL));
    CHECK(data[0] == 0x42);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryInformationFile(file, &result, &mode, sizeof(mode), FileModeInformation));
    CHECK(mode == FILE_SYNCHRONOUS_IO_NONALERT);
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH,
                 ZwQueryInformationFile(file, &result, &mode, 2, FileModeInformation));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, ZwFlushBuffersFile(file, &result));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(file));
    CHECK_STATUS(STATUS_INVALID_HANDLE, ZwClose(file));
}

/* *ExEventObjectType is that type even before there is an event: a file's handle is none. */
void check_type_of_handle(void)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    HANDLE file;
    PVOID object;
    InitializeObjectAttributes(&attributes, &buffered, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateFile(&file, GENERIC_READ | SYNCHRONIZE, &attributes, &result, NULL, 0,
                              FILE_SHARE_READ, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH,
                 ObReferenceObjectByHandle(file, 0, *ExEventObjectType, KernelMode, &object, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(file));
}

/* This driver knows no names of files: its device's is what remains. */
void check_name_of_file(void)
{
    struct {
        OBJECT_NAME_INFORMATION header;
        WCHAR text[40];
    } name;
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;
    ULONG size;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoGetDeviceObjectPointer(&buffered, FILE_ALL_ACCESS, &file, &device));
    CHECK_STATUS(STATUS_SUCCESS, ObQueryNameString(file, &name.header, sizeof(name), &size));
    CHECK(RtlEqualUnicodeString(&name.header.Name, &buffered, FALSE));
    ObDereferenceObject(file);
}

static VOID NTAPI on_image(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO image)
{
}

static VOID NTAPI on_thread(HANDLE process, HANDLE thread, BOOLEAN created)
{
}

/* Each is called as often as it was set, and goes as often. */
void check_routines_set_twice(void)
{
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(STATUS_SUCCESS, PsSetLoadImageNotifyRoutine(on_image));
        CHECK_STATUS(STATUS_SUCCESS, PsSetCreateThreadNotifyRoutine(on_thread));
    }
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(STATUS_SUCCESS, PsRemoveLoadImageNotifyRoutine(on_image));
        CHECK_STATUS(STATUS_SUCCESS, PsRemoveCreateThreadNotifyRoutine(on_thread));
    }
    CHECK_STATUS(STATUS_PROCEDURE_NOT_FOUND, PsRemoveLoadImageNotifyRoutine(on_image));
    CHECK_STATUS(STATUS_PROCEDURE_NOT_FOUND, PsRemoveCreateThreadNotifyRoutine(on_thread));
}
