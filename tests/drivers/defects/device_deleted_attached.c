/* Deletes a device that is attached to another. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PDEVICE_OBJECT other;
    NTSTATUS status =
        IoCreateDevice(device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    IoAttachDeviceToDeviceStack(other, device);
    if (!DEFECT)
        IoDetachDevice(device);
    IoDeleteDevice(other); /* MISTAKE: device-deleted-attached */
    return complete(irp, STATUS_SUCCESS, 0);
}
