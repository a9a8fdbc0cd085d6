/* Requests to keep the system awake. */
#include "host/ob/object.h"
#include "host/po/po.h"

enum { REQUEST_TAG = 0x71655250, MOST_TYPES = 4 };

/* The machine does not sleep, so that nothing has to be kept awake; the handle holds the flags. */
PVOID NTAPI PoRegisterSystemState(PVOID handle, EXECUTION_STATE flags)
{
    EXECUTION_STATE *state = handle;
    if (!state)
        state = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*state), REQUEST_TAG);
    if (state)
        *state = flags;
    return state;
}
SB_EXPORT(PoRegisterSystemState)

VOID NTAPI PoUnregisterSystemState(PVOID handle)
{
    ExFreePoolWithTag(handle, REQUEST_TAG);
}
SB_EXPORT(PoUnregisterSystemState)

/* Restarts the idle count, of which there is none. */
VOID NTAPI PoSetSystemState(EXECUTION_STATE flags)
{
}
SB_EXPORT(PoSetSystemState)

/* FALSE: no watchdog watches a power IRP of the device. */
BOOLEAN NTAPI PoQueryWatchdogTime(PDEVICE_OBJECT device, PULONG seconds)
{
    return FALSE;
}
SB_EXPORT(PoQueryWatchdogTime)

/* ---- power requests: counts by type ---- */
struct power_request {
    PDEVICE_OBJECT device; /* referenced */
    LONG counts[MOST_TYPES];
};

NTSTATUS NTAPI PoCreatePowerRequest(PVOID *request, PDEVICE_OBJECT device,
                                    PCOUNTED_REASON_CONTEXT context)
{
    struct power_request *created =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*created), REQUEST_TAG);
    if (!created)
        return STATUS_INSUFFICIENT_RESOURCES;
    *created = (struct power_request){.device = device};
    ob_reference(device);
    *request = created;
    return STATUS_SUCCESS;
}
SB_EXPORT(PoCreatePowerRequest)

NTSTATUS NTAPI PoSetPowerRequest(PVOID handle, POWER_REQUEST_TYPE type)
{
    struct power_request *request = handle;
    if ((ULONG)type >= MOST_TYPES)
        return STATUS_INVALID_PARAMETER;
    __atomic_add_fetch(&request->counts[type], 1, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}
SB_EXPORT(PoSetPowerRequest)

NTSTATUS NTAPI PoClearPowerRequest(PVOID handle, POWER_REQUEST_TYPE type)
{
    struct power_request *request = handle;
    if ((ULONG)type >= MOST_TYPES)
        return STATUS_INVALID_PARAMETER;
    if (__atomic_sub_fetch(&request->counts[type], 1, __ATOMIC_RELAXED) >= 0)
        return STATUS_SUCCESS;
    __atomic_add_fetch(&request->counts[type], 1, __ATOMIC_RELAXED);
    return STATUS_INVALID_PARAMETER;
}
SB_EXPORT(PoClearPowerRequest)

VOID NTAPI PoDeletePowerRequest(PVOID handle)
{
    struct power_request *request = handle;
    ob_dereference(request->device);
    ExFreePoolWithTag(request, REQUEST_TAG);
}
SB_EXPORT(PoDeletePowerRequest)
