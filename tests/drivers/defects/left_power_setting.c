/* Leaves a power setting callback. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PVOID entry;

static NTSTATUS NTAPI run(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    return STATUS_SUCCESS;
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    static const GUID which = {
        0x02731015, 0x4510, 0x4526, {0x99, 0xe6, 0xe5, 0xa1, 0x7e, 0xbd, 0x1a, 0xea}};
    NTSTATUS status;
#define ask PoRegisterPowerSettingCallback
    status = ask(0, &which, run, 0, &entry); /* MISTAKE: power-setting-callback-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        PoUnregisterPowerSettingCallback(entry);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
