/* Sets both flags for buffers. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PDEVICE_OBJECT other;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    DEVICE_TYPE any = FILE_DEVICE_UNKNOWN;
    PDEVICE_OBJECT *out = &other;
    NTSTATUS status;
    status = IoCreateDevice(driver, 0, 0, any, 0, 0, out); /* MISTAKE: device-buffered-and-direct */
    if (NT_SUCCESS(status))
        other->Flags |= DO_BUFFERED_IO | (DEFECT ? DO_DIRECT_IO : 0);
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    IoDeleteDevice(other);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
