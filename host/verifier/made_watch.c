/* In front of the routines that make what a driver must undo, and of those that undo it. */
#include "host/ke/ke.h"
#include "host/verifier/interpose.h"
#include "host/verifier/made.h"

#define CALLER __builtin_return_address(0)

static NTSTATUS noted(NTSTATUS status, enum made_kind kind, const void *key, const void *caller)
{
    if (NT_SUCCESS(status))
        verifier_made(kind, (uint64_t)key, caller, NULL);
    return status;
}

static NTSTATUS forgotten(NTSTATUS status, enum made_kind kind, const void *key)
{
    if (NT_SUCCESS(status))
        verifier_unmade(kind, (uint64_t)key);
    return status;
}

/* ---- devices, links, interfaces ---- */
static NTSTATUS NTAPI watch_IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension_size,
                                           PUNICODE_STRING name, DEVICE_TYPE type,
                                           ULONG characteristics, BOOLEAN exclusive,
                                           PDEVICE_OBJECT *created)
{
    NTSTATUS status =
        IoCreateDevice(driver, extension_size, name, type, characteristics, exclusive, created);
    if (NT_SUCCESS(status))
        verifier_made(MADE_DEVICE, (uint64_t)*created, CALLER, name);
    return status;
}
SB_WATCH("IoCreateDevice", watch_IoCreateDevice)

static NTSTATUS link_made(NTSTATUS status, PCUNICODE_STRING name, const void *caller)
{
    if (NT_SUCCESS(status))
        verifier_made(MADE_LINK, verifier_made_name_key(name), caller, name);
    return status;
}

static NTSTATUS NTAPI watch_IoCreateSymbolicLink(PUNICODE_STRING name, PUNICODE_STRING target)
{
    return link_made(IoCreateSymbolicLink(name, target), name, CALLER);
}
SB_WATCH("IoCreateSymbolicLink", watch_IoCreateSymbolicLink)

static NTSTATUS NTAPI watch_IoCreateUnprotectedSymbolicLink(PUNICODE_STRING name,
                                                            PUNICODE_STRING target)
{
    return link_made(IoCreateUnprotectedSymbolicLink(name, target), name, CALLER);
}
SB_WATCH("IoCreateUnprotectedSymbolicLink", watch_IoCreateUnprotectedSymbolicLink)

static NTSTATUS NTAPI watch_IoDeleteSymbolicLink(PUNICODE_STRING name)
{
    uint64_t key = verifier_made_name_key(name);
    NTSTATUS status = IoDeleteSymbolicLink(name);
    if (NT_SUCCESS(status))
        verifier_unmade(MADE_LINK, key);
    return status;
}
SB_WATCH("IoDeleteSymbolicLink", watch_IoDeleteSymbolicLink)

/* ---- who is told of processes, threads, images, keys, handles ---- */
static NTSTATUS process_notify(NTSTATUS status, const void *routine, BOOLEAN remove,
                               const void *caller)
{
    return remove ? forgotten(status, MADE_PROCESS_NOTIFY, routine)
                  : noted(status, MADE_PROCESS_NOTIFY, routine, caller);
}

static NTSTATUS NTAPI watch_PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE routine,
                                                            BOOLEAN remove)
{
    return process_notify(PsSetCreateProcessNotifyRoutine(routine, remove), (void *)routine, remove,
                          CALLER);
}
SB_WATCH("PsSetCreateProcessNotifyRoutine", watch_PsSetCreateProcessNotifyRoutine)

static NTSTATUS NTAPI
watch_PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine, BOOLEAN remove)
{
    return process_notify(PsSetCreateProcessNotifyRoutineEx(routine, remove), (void *)routine,
                          remove, CALLER);
}
SB_WATCH("PsSetCreateProcessNotifyRoutineEx", watch_PsSetCreateProcessNotifyRoutineEx)

NTSTATUS NTAPI nt_PsSetCreateProcessNotifyRoutineEx2(ULONG type, PVOID routine, BOOLEAN remove);
static NTSTATUS NTAPI watch_PsSetCreateProcessNotifyRoutineEx2(ULONG type, PVOID routine,
                                                               BOOLEAN remove)
{
    return process_notify(nt_PsSetCreateProcessNotifyRoutineEx2(type, routine, remove), routine,
                          remove, CALLER);
}
SB_WATCH("PsSetCreateProcessNotifyRoutineEx2", watch_PsSetCreateProcessNotifyRoutineEx2)

static NTSTATUS NTAPI watch_PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return noted(PsSetCreateThreadNotifyRoutine(routine), MADE_THREAD_NOTIFY, (void *)routine,
                 CALLER);
}
SB_WATCH("PsSetCreateThreadNotifyRoutine", watch_PsSetCreateThreadNotifyRoutine)

NTSTATUS NTAPI nt_PsSetCreateThreadNotifyRoutineEx(ULONG type, PVOID routine);
static NTSTATUS NTAPI watch_PsSetCreateThreadNotifyRoutineEx(ULONG type, PVOID routine)
{
    return noted(nt_PsSetCreateThreadNotifyRoutineEx(type, routine), MADE_THREAD_NOTIFY, routine,
                 CALLER);
}
SB_WATCH("PsSetCreateThreadNotifyRoutineEx", watch_PsSetCreateThreadNotifyRoutineEx)

static NTSTATUS NTAPI watch_PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return forgotten(PsRemoveCreateThreadNotifyRoutine(routine), MADE_THREAD_NOTIFY,
                     (void *)routine);
}
SB_WATCH("PsRemoveCreateThreadNotifyRoutine", watch_PsRemoveCreateThreadNotifyRoutine)

static NTSTATUS NTAPI watch_PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine)
{
    return noted(PsSetLoadImageNotifyRoutine(routine), MADE_IMAGE_NOTIFY, (void *)routine, CALLER);
}
SB_WATCH("PsSetLoadImageNotifyRoutine", watch_PsSetLoadImageNotifyRoutine)

NTSTATUS NTAPI nt_PsSetLoadImageNotifyRoutineEx(PLOAD_IMAGE_NOTIFY_ROUTINE routine,
                                                ULONG_PTR flags);
static NTSTATUS NTAPI watch_PsSetLoadImageNotifyRoutineEx(PLOAD_IMAGE_NOTIFY_ROUTINE routine,
                                                          ULONG_PTR flags)
{
    return noted(nt_PsSetLoadImageNotifyRoutineEx(routine, flags), MADE_IMAGE_NOTIFY,
                 (void *)routine, CALLER);
}
SB_WATCH("PsSetLoadImageNotifyRoutineEx", watch_PsSetLoadImageNotifyRoutineEx)

static NTSTATUS NTAPI watch_PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine)
{
    return forgotten(PsRemoveLoadImageNotifyRoutine(routine), MADE_IMAGE_NOTIFY, (void *)routine);
}
SB_WATCH("PsRemoveLoadImageNotifyRoutine", watch_PsRemoveLoadImageNotifyRoutine)

static NTSTATUS registry_noted(NTSTATUS status, const LARGE_INTEGER *cookie, const void *caller)
{
    if (NT_SUCCESS(status))
        verifier_made(MADE_REGISTRY_CALLBACK, (uint64_t)cookie->QuadPart, caller, NULL);
    return status;
}

static NTSTATUS NTAPI watch_CmRegisterCallback(PEX_CALLBACK_FUNCTION function, PVOID context,
                                               PLARGE_INTEGER cookie)
{
    return registry_noted(CmRegisterCallback(function, context, cookie), cookie, CALLER);
}
SB_WATCH("CmRegisterCallback", watch_CmRegisterCallback)

static NTSTATUS NTAPI watch_CmRegisterCallbackEx(PEX_CALLBACK_FUNCTION function,
                                                 PCUNICODE_STRING altitude, PVOID driver,
                                                 PVOID context, PLARGE_INTEGER cookie,
                                                 PVOID reserved)
{
    return registry_noted(
        CmRegisterCallbackEx(function, altitude, driver, context, cookie, reserved), cookie,
        CALLER);
}
SB_WATCH("CmRegisterCallbackEx", watch_CmRegisterCallbackEx)

static NTSTATUS NTAPI watch_CmUnRegisterCallback(LARGE_INTEGER cookie)
{
    NTSTATUS status = CmUnRegisterCallback(cookie);
    if (NT_SUCCESS(status))
        verifier_unmade(MADE_REGISTRY_CALLBACK, (uint64_t)cookie.QuadPart);
    return status;
}
SB_WATCH("CmUnRegisterCallback", watch_CmUnRegisterCallback)

static NTSTATUS NTAPI watch_ObRegisterCallbacks(POB_CALLBACK_REGISTRATION given, PVOID *handle)
{
    NTSTATUS status = ObRegisterCallbacks(given, handle);
    return NT_SUCCESS(status) ? noted(status, MADE_OBJECT_CALLBACK, *handle, CALLER) : status;
}
SB_WATCH("ObRegisterCallbacks", watch_ObRegisterCallbacks)

static VOID NTAPI watch_ObUnRegisterCallbacks(PVOID handle)
{
    verifier_unmade(MADE_OBJECT_CALLBACK, (uint64_t)handle);
    ObUnRegisterCallbacks(handle);
}
SB_WATCH("ObUnRegisterCallbacks", watch_ObUnRegisterCallbacks)

static PVOID NTAPI watch_ExRegisterCallback(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function,
                                            PVOID context)
{
    PVOID registration = ExRegisterCallback(object, function, context);
    if (registration)
        verifier_made(MADE_CALLBACK, (uint64_t)registration, CALLER, NULL);
    return registration;
}
SB_WATCH("ExRegisterCallback", watch_ExRegisterCallback)

static VOID NTAPI watch_ExUnregisterCallback(PVOID registration)
{
    verifier_unmade(MADE_CALLBACK, (uint64_t)registration);
    ExUnregisterCallback(registration);
}
SB_WATCH("ExUnregisterCallback", watch_ExUnregisterCallback)

/* ---- plug and play, power, bug checks, tracing ---- */
static NTSTATUS NTAPI watch_IoRegisterPlugPlayNotification(
    IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags, PVOID data, PDRIVER_OBJECT driver,
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine, PVOID context, PVOID *registered)
{
    NTSTATUS status =
        IoRegisterPlugPlayNotification(category, flags, data, driver, routine, context, registered);
    return NT_SUCCESS(status) ? noted(status, MADE_PNP_NOTIFY, *registered, CALLER) : status;
}
SB_WATCH("IoRegisterPlugPlayNotification", watch_IoRegisterPlugPlayNotification)

static NTSTATUS NTAPI watch_IoUnregisterPlugPlayNotification(PVOID registered)
{
    verifier_unmade(MADE_PNP_NOTIFY, (uint64_t)registered);
    return IoUnregisterPlugPlayNotification(registered);
}
SB_WATCH("IoUnregisterPlugPlayNotification", watch_IoUnregisterPlugPlayNotification)
SB_WATCH("IoUnregisterPlugPlayNotificationEx", watch_IoUnregisterPlugPlayNotification)

static NTSTATUS NTAPI watch_PoRegisterPowerSettingCallback(PDEVICE_OBJECT device, LPCGUID setting,
                                                           PPOWER_SETTING_CALLBACK routine,
                                                           PVOID context, PVOID *handle)
{
    NTSTATUS status = PoRegisterPowerSettingCallback(device, setting, routine, context, handle);
    return NT_SUCCESS(status) && handle ? noted(status, MADE_POWER_SETTING, *handle, CALLER)
                                        : status;
}
SB_WATCH("PoRegisterPowerSettingCallback", watch_PoRegisterPowerSettingCallback)

static NTSTATUS NTAPI watch_PoUnregisterPowerSettingCallback(PVOID handle)
{
    verifier_unmade(MADE_POWER_SETTING, (uint64_t)handle);
    return PoUnregisterPowerSettingCallback(handle);
}
SB_WATCH("PoUnregisterPowerSettingCallback", watch_PoUnregisterPowerSettingCallback)

static BOOLEAN NTAPI watch_KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record,
                                                      PKBUGCHECK_CALLBACK_ROUTINE routine,
                                                      PVOID buffer, ULONG length, PUCHAR component)
{
    BOOLEAN inserted = KeRegisterBugCheckCallback(record, routine, buffer, length, component);
    if (inserted)
        verifier_made(MADE_BUG_CHECK, (uint64_t)record, CALLER, NULL);
    return inserted;
}
SB_WATCH("KeRegisterBugCheckCallback", watch_KeRegisterBugCheckCallback)

static BOOLEAN NTAPI watch_KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record)
{
    verifier_unmade(MADE_BUG_CHECK, (uint64_t)record);
    return KeDeregisterBugCheckCallback(record);
}
SB_WATCH("KeDeregisterBugCheckCallback", watch_KeDeregisterBugCheckCallback)

static BOOLEAN NTAPI watch_KeRegisterBugCheckReasonCallback(
    PKBUGCHECK_REASON_CALLBACK_RECORD record, PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
    KBUGCHECK_CALLBACK_REASON reason, PUCHAR component)
{
    BOOLEAN inserted = KeRegisterBugCheckReasonCallback(record, routine, reason, component);
    if (inserted)
        verifier_made(MADE_BUG_CHECK, (uint64_t)record, CALLER, NULL);
    return inserted;
}
SB_WATCH("KeRegisterBugCheckReasonCallback", watch_KeRegisterBugCheckReasonCallback)

static BOOLEAN NTAPI
watch_KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record)
{
    verifier_unmade(MADE_BUG_CHECK, (uint64_t)record);
    return KeDeregisterBugCheckReasonCallback(record);
}
SB_WATCH("KeDeregisterBugCheckReasonCallback", watch_KeDeregisterBugCheckReasonCallback)

NTSTATUS NTAPI nt_EtwRegister(LPCGUID id, PVOID callback, PVOID context, REGHANDLE *handle);
NTSTATUS NTAPI nt_EtwUnregister(REGHANDLE handle);
static NTSTATUS NTAPI watch_EtwRegister(LPCGUID id, PVOID callback, PVOID context,
                                        REGHANDLE *handle)
{
    NTSTATUS status = nt_EtwRegister(id, callback, context, handle);
    if (NT_SUCCESS(status))
        verifier_made(MADE_ETW, *handle, CALLER, NULL);
    return status;
}
SB_WATCH("EtwRegister", watch_EtwRegister)

static NTSTATUS NTAPI watch_EtwUnregister(REGHANDLE handle)
{
    verifier_unmade(MADE_ETW, handle);
    return nt_EtwUnregister(handle);
}
SB_WATCH("EtwUnregister", watch_EtwUnregister)

static NTSTATUS NTAPI watch_IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action)
{
    enum { REGISTER = 1, DEREGISTER = 2 };
    NTSTATUS status = IoWMIRegistrationControl(device, action);
    if (action == REGISTER)
        return noted(status, MADE_WMI, device, CALLER);
    return action == DEREGISTER ? forgotten(status, MADE_WMI, device) : status;
}
SB_WATCH("IoWMIRegistrationControl", watch_IoWMIRegistrationControl)

/* ---- timers, threads, work ---- */
static BOOLEAN NTAPI watch_KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc)
{
    verifier_made(MADE_TIMER, (uint64_t)timer, CALLER, NULL);
    return KeSetTimer(timer, due_time, dpc);
}
SB_WATCH("KeSetTimer", watch_KeSetTimer)

static BOOLEAN NTAPI watch_KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due_time, LONG period,
                                        PKDPC dpc)
{
    verifier_made(MADE_TIMER, (uint64_t)timer, CALLER, NULL);
    return KeSetTimerEx(timer, due_time, period, dpc);
}
SB_WATCH("KeSetTimerEx", watch_KeSetTimerEx)

static BOOLEAN NTAPI watch_KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due_time,
                                                 ULONG period, ULONG tolerable_delay, PKDPC dpc)
{
    verifier_made(MADE_TIMER, (uint64_t)timer, CALLER, NULL);
    return KeSetCoalescableTimer(timer, due_time, period, tolerable_delay, dpc);
}
SB_WATCH("KeSetCoalescableTimer", watch_KeSetCoalescableTimer)

static BOOLEAN NTAPI watch_KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    verifier_made(MADE_DPC, (uint64_t)dpc, CALLER, NULL);
    return KeInsertQueueDpc(dpc, argument1, argument2);
}
SB_WATCH("KeInsertQueueDpc", watch_KeInsertQueueDpc)

static VOID NTAPI watch_ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE type)
{
    verifier_made(MADE_WORK, (uint64_t)item, CALLER, NULL);
    ExQueueWorkItem(item, type);
}
SB_WATCH("ExQueueWorkItem", watch_ExQueueWorkItem)

/* Threads are known by their start routine and context: the object may be reached too late. */
static NTSTATUS NTAPI watch_PsCreateSystemThread(PHANDLE handle, ULONG access,
                                                 POBJECT_ATTRIBUTES attributes,
                                                 HANDLE process_handle, PCLIENT_ID client_id,
                                                 PKSTART_ROUTINE routine, PVOID context)
{
    verifier_made(MADE_THREAD, (uint64_t)routine ^ (uint64_t)context << 1, CALLER, NULL);
    return PsCreateSystemThread(handle, access, attributes, process_handle, client_id, routine,
                                context);
}
SB_WATCH("PsCreateSystemThread", watch_PsCreateSystemThread)

/* ---- lookaside lists ---- */
static VOID NTAPI watch_ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list,
                                                        PALLOCATE_FUNCTION allocate,
                                                        PFREE_FUNCTION release, ULONG flags,
                                                        SIZE_T size, ULONG tag, USHORT depth)
{
    verifier_made(MADE_LOOKASIDE, (uint64_t)list, CALLER, NULL);
    ExInitializeNPagedLookasideList(list, allocate, release, flags, size, tag, depth);
}
SB_WATCH("ExInitializeNPagedLookasideList", watch_ExInitializeNPagedLookasideList)

static VOID NTAPI watch_ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST list,
                                                       PALLOCATE_FUNCTION allocate,
                                                       PFREE_FUNCTION release, ULONG flags,
                                                       SIZE_T size, ULONG tag, USHORT depth)
{
    verifier_made(MADE_LOOKASIDE, (uint64_t)list, CALLER, NULL);
    ExInitializePagedLookasideList(list, allocate, release, flags, size, tag, depth);
}
SB_WATCH("ExInitializePagedLookasideList", watch_ExInitializePagedLookasideList)

static NTSTATUS NTAPI watch_ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list,
                                                        PALLOCATE_FUNCTION_EX allocate,
                                                        PFREE_FUNCTION_EX release, POOL_TYPE type,
                                                        ULONG flags, SIZE_T size, ULONG tag,
                                                        USHORT depth)
{
    return noted(
        ExInitializeLookasideListEx(list, allocate, release, type, flags, size, tag, depth),
        MADE_LOOKASIDE, list, CALLER);
}
SB_WATCH("ExInitializeLookasideListEx", watch_ExInitializeLookasideListEx)

static VOID NTAPI watch_ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    verifier_unmade(MADE_LOOKASIDE, (uint64_t)list);
    ExDeleteNPagedLookasideList(list);
}
SB_WATCH("ExDeleteNPagedLookasideList", watch_ExDeleteNPagedLookasideList)

static VOID NTAPI watch_ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST list)
{
    verifier_unmade(MADE_LOOKASIDE, (uint64_t)list);
    ExDeletePagedLookasideList(list);
}
SB_WATCH("ExDeletePagedLookasideList", watch_ExDeletePagedLookasideList)

static VOID NTAPI watch_ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    verifier_unmade(MADE_LOOKASIDE, (uint64_t)list);
    ExDeleteLookasideListEx(list);
}
SB_WATCH("ExDeleteLookasideListEx", watch_ExDeleteLookasideListEx)
