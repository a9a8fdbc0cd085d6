/* One device; METHOD_NEITHER from 0x800 on, METHOD_BUFFERED from 0x900 on. */
#include "handlers.h"

#define HANDLER(name) name,
static handler *const buffered[] = {BUFFERED_HANDLERS};
#undef HANDLER

static PDEVICE_OBJECT device;

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT self, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS dispatch_neither(PIRP irp, PIO_STACK_LOCATION stack, ULONG index,
                                 struct request *request)
{
    request->input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    request->output = irp->UserBuffer;
    switch (index) {
#define HANDLER(name)                \
    case name##_index:               \
        DbgPrint("[+] " #name "\n"); \
        return name(request);
        NEITHER_HANDLERS
#undef HANDLER
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static NTSTATUS dispatch_buffered(PIRP irp, ULONG index, struct request *request)
{
    request->input = request->output = irp->AssociatedIrp.SystemBuffer;
    if (index >= sizeof buffered / sizeof *buffered)
        return STATUS_INVALID_DEVICE_REQUEST;
    return buffered[index](request);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT self, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode, function = code >> 2 & 0xFFF;
    struct request request = {
        .input_length = stack->Parameters.DeviceIoControl.InputBufferLength,
        .output_length = stack->Parameters.DeviceIoControl.OutputBufferLength,
    };
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;

    switch (code) {
#define HANDLER(name) case CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + name##_index, METHOD_NEITHER, 0):
        NEITHER_HANDLERS
#undef HANDLER
        status = dispatch_neither(irp, stack, function - 0x800, &request);
        break;
#define HANDLER(name) case CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900 + name##_index, METHOD_BUFFERED, 0):
        BUFFERED_HANDLERS
#undef HANDLER
        status = dispatch_buffered(irp, function - 0x900, &request);
        break;
    default:
        DbgPrint("[-] code 0x%X\n", code);
        break;
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = request.information;
    /* MISTAKE: reply-unwritten&kernel-address-disclosed */ IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Vulnerable");

    release_objects();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Vulnerable");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Vulnerable");
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                     FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
