/*
 * A driver of the first protocol: it answers SB_QUERY_CONTRACT with the contract's version, the
 * eight bytes that there were then, and knows nothing else. Without the toolkit's library.
 */
#include <ntifs.h>
#include <sysbuf/contract.h>

#define DEVICE_NAME L"\\Device\\SbFirst"
#define LINK_NAME   L"\\??\\SbFirst"

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static DRIVER_DISPATCH control;
static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    static const struct sb_contract_version version = {1, 42};
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    UNREFERENCED_PARAMETER(device);
    if (stack->Parameters.DeviceIoControl.IoControlCode != SB_QUERY_CONTRACT)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(version))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &version, sizeof(version));
    return complete(irp, STATUS_SUCCESS, sizeof(version));
}

static DRIVER_DISPATCH agree;
static NTSTATUS NTAPI agree(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DRIVER_UNLOAD unload;
static VOID NTAPI unload(PDRIVER_OBJECT object)
{
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, LINK_NAME);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(object->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name;
    UNICODE_STRING link;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(registry_path);
    object->MajorFunction[IRP_MJ_CREATE] = agree;
    object->MajorFunction[IRP_MJ_CLOSE] = agree;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    object->DriverUnload = unload;
    RtlInitUnicodeString(&name, DEVICE_NAME);
    RtlInitUnicodeString(&link, LINK_NAME);
    status = IoCreateDevice(object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
