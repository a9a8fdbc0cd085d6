/* A driver with dead ends that only some requests reach: what fuzzing must find. */
#include <ntddk.h>

#include "contract.h"

static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Maze");
static LONG call_count;

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void wall(void)
{
    *(volatile int *)16 = 1;
}

static NTSTATUS sum(PIRP irp, UCHAR *buffer, ULONG input, ULONG output)
{
    ULONG total = 0;
    for (ULONG i = 0; i < input; i++)
        total += buffer[i];
    if (output < sizeof(total))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(buffer, &total, sizeof(total));
    return complete(irp, STATUS_SUCCESS, sizeof(total));
}

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS pend(PIRP irp)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    if (irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        return complete(irp, STATUS_CANCELLED, 0);
    }
    IoSetCancelRoutine(irp, cancel);
    IoMarkIrpPending(irp);
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

#if defined(__clang__)
static NTSTATUS fault(PIRP irp)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        RtlFillMemory((PVOID)8, 4, 1);
        KeGetCurrentIrql();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
#else
static NTSTATUS fault(PIRP irp)
{
    return complete(irp, STATUS_NOT_SUPPORTED, 0);
}
#endif

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PFILE_OBJECT file = stack->FileObject;
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    (void)device;
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case MAZE_SUM:
        return sum(irp, buffer, input, output);
    case MAZE_KEY:
        file->FsContext = device;
        return complete(irp, STATUS_SUCCESS, 0);
    case MAZE_LOCK:
        if (file->FsContext)
            wall();
        return complete(irp, STATUS_SUCCESS, 0);
    case MAZE_BREAKPOINT:
        __debugbreak();
        return complete(irp, STATUS_SUCCESS, 0);
    case MAZE_PEND:
        return pend(irp);
    case MAZE_FAULT:
        return fault(irp);
    case MAZE_HANG:
        for (;;)
            *(volatile LONG *)&call_count;
    case MAZE_COUNT:
        if (output < sizeof(call_count))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(LONG *)buffer = ++call_count;
        return complete(irp, STATUS_SUCCESS, sizeof(call_count));
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Maze");
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
    driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
