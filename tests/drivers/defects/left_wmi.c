/* Leaves its device registered with WMI. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

#define ask IoWMIRegistrationControl

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    NTSTATUS status;
    status = ask(defect_device, 1); /* MISTAKE: wmi-registration-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        IoWMIRegistrationControl(defect_device, WMIREG_ACTION_DEREGISTER);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
