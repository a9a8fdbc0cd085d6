/* Deletes a device twice. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PDEVICE_OBJECT other;
    NTSTATUS status =
        IoCreateDevice(device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    ObReferenceObject(other);
    IoDeleteDevice(other);
    if (DEFECT)
        IoDeleteDevice(other); /* MISTAKE: device-deleted-twice */
    ObDereferenceObject(other);
    return complete(irp, STATUS_SUCCESS, 0);
}
