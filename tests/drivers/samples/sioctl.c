/* A driver without hardware that takes all four methods, as tutorials show it. */
#include <ntddk.h>

#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

#define SAMPLE_TYPE     40000
#define CODE_IN_DIRECT  CTL_CODE(SAMPLE_TYPE, 0x900, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define CODE_OUT_DIRECT CTL_CODE(SAMPLE_TYPE, 0x901, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define CODE_BUFFERED   CTL_CODE(SAMPLE_TYPE, 0x902, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define CODE_NEITHER    CTL_CODE(SAMPLE_TYPE, 0x903, METHOD_NEITHER, FILE_ANY_ACCESS)

static const char reply[] = "This text is from the driver";

static NTSTATUS buffered(PIRP irp, ULONG in, ULONG out)
{
    PCHAR buffer = irp->AssociatedIrp.SystemBuffer;

    DbgPrint("input of %lu bytes: %.*s\n", in, (int)in, buffer);
    RtlCopyBytes(buffer, reply, out < sizeof reply ? out : sizeof reply);
    irp->IoStatus.Information = out < sizeof reply ? out : sizeof reply;
    return STATUS_SUCCESS;
}

/* Probed, locked and mapped: the addresses stay good in any thread. */
static NTSTATUS neither_locked(PIRP irp, PVOID user, ULONG out)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(user, out, FALSE, TRUE, NULL);
    PVOID mapped;

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
#ifdef __clang__
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }
#else
    IoFreeMdl(mdl);
    return STATUS_NOT_SUPPORTED;
#endif
    mapped = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
    if (mapped) {
        ULONG length = out < sizeof reply ? out : sizeof reply;
        RtlCopyMemory(mapped, reply, length);
        irp->IoStatus.Information = length;
    } else {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

static NTSTATUS neither(PIRP irp, PIO_STACK_LOCATION stack, ULONG in, ULONG out)
{
    PVOID input = stack->Parameters.DeviceIoControl.Type3InputBuffer;

#ifdef __clang__
    PCHAR copy = ExAllocatePoolWithQuotaTag(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, in,
                                            0x53706C6Fu);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        ProbeForRead(input, in, sizeof(UCHAR));
        RtlCopyMemory(copy, input, in);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        NTSTATUS status = GetExceptionCode();
        ExFreePoolWithTag(copy, 0x53706C6Fu);
        return status;
    }
    ExFreePoolWithTag(copy, 0x53706C6Fu);
#else
    (void)input;
#endif
    return neither_locked(irp, irp->UserBuffer, out);
}

static NTSTATUS direct(PIRP irp, ULONG out, BOOLEAN writes)
{
    PCHAR buffer =
        MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
    ULONG sum = 0;

    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (writes) {
        ULONG length = out < sizeof reply ? out : sizeof reply;
        RtlCopyBytes(buffer, reply, length);
        irp->IoStatus.Information = length;
        return STATUS_SUCCESS;
    }
    for (ULONG i = 0; i < out; i++)
        sum += (UCHAR)buffer[i];
    DbgPrint("sum of %lu bytes: %lu\n", MmGetMdlByteCount(irp->MdlAddress), sum);
    irp->IoStatus.Information = MmGetMdlByteCount(irp->MdlAddress);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    NTSTATUS status = STATUS_SUCCESS;

    irp->IoStatus.Information = 0;
    if (!in || !out) {
        status = STATUS_INVALID_PARAMETER;
        goto end;
    }
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case CODE_BUFFERED:
        status = buffered(irp, in, out);
        break;
    case CODE_NEITHER:
        status = neither(irp, stack, in, out);
        break;
    case CODE_IN_DIRECT:
        status = direct(irp, out, FALSE);
        break;
    case CODE_OUT_DIRECT:
        status = direct(irp, out, TRUE);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
end:
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI create_close(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, L"\\DosDevices\\SampleIoctl");
    IoDeleteSymbolicLink(&link);
    if (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device = NULL;
    NTSTATUS status;

    RtlInitUnicodeString(&name, L"\\Device\\SampleIoctl");
    RtlInitUnicodeString(&link, L"\\DosDevices\\SampleIoctl");
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &device);
    if (!NT_SUCCESS(status))
        return status;
    driver->MajorFunction[IRP_MJ_CREATE] = create_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = create_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
