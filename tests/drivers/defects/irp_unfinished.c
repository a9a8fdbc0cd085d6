/* Forgets the request. */
#define HAS_LOAD
#include "defect.h"

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{ /* MISTAKE: irp-neither-completed-nor-pending */
    DbgPrint("a request\n");
    if (DEFECT)
        return STATUS_SUCCESS;
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
