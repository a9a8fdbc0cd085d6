/* A driver with one mistake behind nested comparisons: what a fuzzer must work its way to. */
#include <ntddk.h>

#include "contract.h"

static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Door");

#pragma pack(push, 1)
struct request {
    ULONG first;
    USHORT second;
    ULONGLONG third;
    CHAR text[9];
};
#pragma pack(pop)

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    const struct request *request = irp->AssociatedIrp.SystemBuffer;
    (void)device;
    if (stack->Parameters.DeviceIoControl.IoControlCode != DOOR_OPEN)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*request))
        return complete(irp, STATUS_BUFFER_TOO_SMALL);
    if (request->first != DOOR_FIRST)
        return complete(irp, STATUS_UNSUCCESSFUL);
    if (request->second != DOOR_SECOND)
        return complete(irp, STATUS_NO_SUCH_FILE);
    if (request->third != DOOR_THIRD)
        return complete(irp, STATUS_NO_SUCH_MEMBER);
    if (RtlCompareMemory(request->text, DOOR_TEXT, sizeof(request->text)) != sizeof(request->text))
        return complete(irp, STATUS_NO_SUCH_DEVICE);
    *(volatile int *)16 = 1;
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_SUCCESS);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Door");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    (void)registry_path;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link_name, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
