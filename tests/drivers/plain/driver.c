/* The smallest useful driver: one device, one link, buffered requests that show the request's way.
 */
#include <ntddk.h>

#define IOCTL_ECHO     CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_EVENT    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_CRASH    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_PEND     CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_IRQL     CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_COUNTERS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_HANG     CTL_CODE(FILE_DEVICE_UNKNOWN, 0x806, METHOD_BUFFERED, FILE_ANY_ACCESS)

struct counters {
    LONG creates, cleanups, closes, dpcs;
};

struct extension {
    struct counters counters;
    KTIMER timer;
    KDPC dpc;
    PIRP pending;
    KSPIN_LOCK lock;
};

static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Plain");

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI timer_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct extension *extension = context;
    KIRQL irql;
    PIRP irp;
    (void)dpc, (void)argument1, (void)argument2;
    KeAcquireSpinLock(&extension->lock, &irql);
    irp = extension->pending;
    extension->pending = NULL;
    extension->counters.dpcs++;
    KeReleaseSpinLock(&extension->lock, irql);
    if (irp) {
        *(ULONG *)irp->AssociatedIrp.SystemBuffer = KeGetCurrentIrql();
        complete(irp, STATUS_SUCCESS, sizeof(ULONG));
    }
}

static NTSTATUS pend(struct extension *extension, PIRP irp)
{
    LARGE_INTEGER due;
    due.QuadPart = -10000; /* 1 ms */
    IoMarkIrpPending(irp);
    extension->pending = irp;
    KeSetTimer(&extension->timer, due, &extension->dpc);
    return STATUS_PENDING;
}

static VOID NTAPI signaller(PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A system thread signals an event this thread waits for. */
static NTSTATUS wait_for_thread(void)
{
    KEVENT event;
    HANDLE thread;
    LARGE_INTEGER timeout;
    NTSTATUS status;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    timeout.QuadPart = -100000;
    status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
    if (status != STATUS_TIMEOUT)
        return STATUS_UNSUCCESSFUL;
    status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, signaller, &event);
    if (!NT_SUCCESS(status))
        return status;
    ZwClose(thread);
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct extension *extension = device->DeviceExtension;
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    UCHAR *buffer = irp->AssociatedIrp.SystemBuffer;
    KIRQL irql;
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_ECHO:
        return complete(irp, output < input ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS,
                        output < input ? output : input);
    case IOCTL_EVENT:
        return complete(irp, wait_for_thread(), 0);
    case IOCTL_CRASH:
        *(volatile int *)8 = 1;
        return complete(irp, STATUS_SUCCESS, 0);
    case IOCTL_PEND:
        return output < sizeof(ULONG) ? complete(irp, STATUS_BUFFER_TOO_SMALL, 0)
                                      : pend(extension, irp);
    case IOCTL_IRQL:
        if (output < 3)
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        buffer[0] = KeGetCurrentIrql();
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        buffer[1] = KeGetCurrentIrql();
        KeLowerIrql(irql);
        buffer[2] = KeGetCurrentIrql();
        return complete(irp, STATUS_SUCCESS, 3);
    case IOCTL_COUNTERS:
        if (output < sizeof(struct counters))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        RtlCopyMemory(buffer, &extension->counters, sizeof(struct counters));
        return complete(irp, STATUS_SUCCESS, sizeof(struct counters));
    case IOCTL_HANG:
        for (;;)
            *(volatile LONG *)&extension->counters.dpcs;
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI count(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_CREATE:
        extension->counters.creates++;
        break;
    case IRP_MJ_CLEANUP:
        extension->counters.cleanups++;
        break;
    default:
        extension->counters.closes++;
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    struct extension *extension = driver->DeviceObject->DeviceExtension;
    KeCancelTimer(&extension->timer);
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Plain");
    struct extension *extension;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(*extension), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link_name, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    extension = device->DeviceExtension;
    KeInitializeTimer(&extension->timer);
    KeInitializeDpc(&extension->dpc, timer_dpc, extension);
    KeInitializeSpinLock(&extension->lock);
    driver->MajorFunction[IRP_MJ_CREATE] = count;
    driver->MajorFunction[IRP_MJ_CLEANUP] = count;
    driver->MajorFunction[IRP_MJ_CLOSE] = count;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    DbgPrint("plain: started from %wZ\n", registry_path);
    return STATUS_SUCCESS;
}
