/* Deletes a device at DISPATCH_LEVEL. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    PDEVICE_OBJECT other;
    NTSTATUS status =
        IoCreateDevice(device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);

    KeRaiseIrql(DEFECT ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
    IoDeleteDevice(other); /* MISTAKE: irql-io-apc */
    KeLowerIrql(irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
