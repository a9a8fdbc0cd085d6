/* Ignores that no device was made and uses it nevertheless. SEQUENCE: load-fails */
#define HAS_LOAD
#include "defect.h"

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    UNICODE_STRING taken = RTL_CONSTANT_STRING(L"\\Device\\Defect");
    volatile DEVICE_OBJECT *device = NULL;
    NTSTATUS status =
        IoCreateDevice(driver, 0, &taken, FILE_DEVICE_UNKNOWN, 0, FALSE, (PDEVICE_OBJECT *)&device);
    if (!DEFECT && !NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO; /* MISTAKE: null-dereference */
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
