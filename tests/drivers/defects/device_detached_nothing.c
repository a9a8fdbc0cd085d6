/* Detaches from a device that nothing is attached to. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (DEFECT)
        IoDetachDevice(device); /* MISTAKE: device-detached-from-nothing */
    return complete(irp, STATUS_SUCCESS, 0);
}
