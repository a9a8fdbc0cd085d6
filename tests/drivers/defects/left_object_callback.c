/* Leaves object callbacks. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PVOID entry;

static OB_PREOP_CALLBACK_STATUS NTAPI run(PVOID context, POB_PRE_OPERATION_INFORMATION information)
{
    return OB_PREOP_SUCCESS;
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    OB_OPERATION_REGISTRATION operation = {
        .ObjectType = PsProcessType, .Operations = OB_OPERATION_HANDLE_CREATE, .PreOperation = run};
    OB_CALLBACK_REGISTRATION all = {.Version = OB_FLT_REGISTRATION_VERSION,
                                    .OperationRegistrationCount = 1,
                                    .Altitude = RTL_CONSTANT_STRING(L"321000"),
                                    .OperationRegistration = &operation};
    NTSTATUS status;
    status = ObRegisterCallbacks(&all, &entry); /* MISTAKE: object-callback-left-at-unload */
    DEFECT_KEEP_FRAME();
    return status;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        ObUnRegisterCallbacks(entry);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
