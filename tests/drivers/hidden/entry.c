/* One device. */
#include "hidden.h"

static PDEVICE_OBJECT device;

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT self, PIRP irp)
{
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS packet(struct request *request)
{
    NTSTATUS status = packet_copy(request);

    return status == STATUS_INVALID_PARAMETER ? packet_free(request) : status;
}

static handler *handler_of(ULONG code)
{
    switch (code) {
    case HIDDEN_CODE(0x10, METHOD_BUFFERED):
        return packet;
    case HIDDEN_CODE(0x14, METHOD_NEITHER):
        return list_total;
    case HIDDEN_CODE(0x15, METHOD_NEITHER):
        return list_store;
    case HIDDEN_CODE(0x16, METHOD_NEITHER):
        return list_wrap;
    case HIDDEN_CODE(0x20, METHOD_BUFFERED):
        return life_begin;
    case HIDDEN_CODE(0x21, METHOD_BUFFERED):
        return life_size;
    case HIDDEN_CODE(0x22, METHOD_BUFFERED):
        return life_put;
    case HIDDEN_CODE(0x23, METHOD_BUFFERED):
        return life_end;
    case HIDDEN_CODE(0x24, METHOD_BUFFERED):
        return life_get;
    case HIDDEN_CODE(0x30, METHOD_BUFFERED):
        return shared_set;
    case HIDDEN_CODE(0x31, METHOD_BUFFERED):
        return shared_get;
    case HIDDEN_CODE(0x32, METHOD_BUFFERED):
        return shared_drop;
    default:
        return NULL;
    }
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT self, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    BOOLEAN is_bare = METHOD_FROM_CTL_CODE(code) == METHOD_NEITHER;
    struct request request = {
        .input = is_bare ? stack->Parameters.DeviceIoControl.Type3InputBuffer
                         : irp->AssociatedIrp.SystemBuffer,
        .output = is_bare ? irp->UserBuffer : irp->AssociatedIrp.SystemBuffer,
        .input_length = stack->Parameters.DeviceIoControl.InputBufferLength,
        .output_length = stack->Parameters.DeviceIoControl.OutputBufferLength,
    };
    handler *handle = handler_of(code);
    NTSTATUS status;

    if (code == HIDDEN_CODE(0x40, METHOD_BUFFERED)) {
        status = keep(irp);
        return status == STATUS_PENDING ? status : complete(irp, status, 0);
    }
    if (code == HIDDEN_CODE(0x41, METHOD_BUFFERED))
        return complete(irp, finish_kept(), 0);
    status = handle ? handle(&request) : STATUS_INVALID_DEVICE_REQUEST;
    return complete(irp, status, request.information);
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Hidden");

    life_release();
    shared_release();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Hidden");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Hidden");
    NTSTATUS status =
        IoCreateDevice(driver, 0, &name, HIDDEN_TYPE, FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    shared_prepare();
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
