/* Right as long as there is memory: an error path forgets a block, and one result is not looked at.
 * test_sites.c finds both by failing each site in turn. */
#include <ntifs.h>

#define TAG 0x74726853

static PDEVICE_OBJECT device_object;
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Shortage");

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = STATUS_SUCCESS;
    (void)device;
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        void *first = ExAllocatePoolWithTag(NonPagedPoolNx, 40, TAG); /* leaks */
        void *second = first ? ExAllocatePoolWithTag(PagedPool, 80, TAG) : NULL;
        if (second) {
            volatile ULONG *third = ExAllocatePoolWithTag(PagedPool, 16, TAG);
            *third = 1; /* not checked */
            ExFreePoolWithTag((void *)third, TAG);
            ExFreePoolWithTag(second, TAG);
            ExFreePoolWithTag(first, TAG);
        } else {
            status = STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(device_object);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Shortage");
    NTSTATUS status =
        IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device_object);
    (void)path;
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link_name, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device_object);
        return status;
    }
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLEANUP] = driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
