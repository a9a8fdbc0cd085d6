/* Leaves a device. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PDEVICE_OBJECT other;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    DEVICE_TYPE type = FILE_DEVICE_UNKNOWN;
    NTSTATUS status;
    status = IoCreateDevice(driver, 0, 0, type, 0, 0, &other); /* MISTAKE: device-left-at-unload */
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        IoDeleteDevice(other);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
