/* AddDevice forgets to clear DO_DEVICE_INITIALIZING. SEQUENCE: device */
#define HAS_LOAD
#include "defect.h"

struct extension {
    PDEVICE_OBJECT lower;
};

static PDEVICE_OBJECT lower_of(PDEVICE_OBJECT device)
{
    return ((struct extension *)device->DeviceExtension)->lower;
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    const ULONG size = sizeof(struct extension), type = FILE_DEVICE_UNKNOWN;
    NTSTATUS status;
    status = IoCreateDevice(driver, size, NULL, /* MISTAKE: device-left-initializing */
                            type, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    ((struct extension *)device->DeviceExtension)->lower =
        IoAttachDeviceToDeviceStack(device, physical);
    if (!DEFECT)
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI plug_and_play(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT lower = lower_of(device);
    BOOLEAN removes = IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(lower, irp);
    if (removes) {
        IoDetachDevice(lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS NTAPI power(PDEVICE_OBJECT device, PIRP irp)
{
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(lower_of(device), irp);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    driver->MajorFunction[IRP_MJ_PNP] = plug_and_play;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->DriverExtension->AddDevice = add_device;
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
