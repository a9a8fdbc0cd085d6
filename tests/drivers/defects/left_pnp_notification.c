/* Leaves a plug and play notification. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

#define ask IoRegisterPlugPlayNotification

static GUID interface_class = {0x3abf6f2d, 0x71c4, 0x462a, {0x8a, 0x92, 1, 2, 3, 4, 5, 6}};
static PVOID entry;

static NTSTATUS NTAPI run(PVOID structure, PVOID context)
{
    return STATUS_SUCCESS;
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    const IO_NOTIFICATION_EVENT_CATEGORY kind = EventCategoryDeviceInterfaceChange;
    PVOID at = &interface_class;
    NTSTATUS status;
    status = ask(kind, 0, at, driver, run, 0, &at); /* MISTAKE: pnp-notification-left-at-unload */
    entry = at;
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        IoUnregisterPlugPlayNotification(entry);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
