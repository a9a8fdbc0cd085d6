/*
 * WMI and WPP. Devices register as data providers and may send events; there is no consumer, so
 * that no IRP_MJ_SYSTEM_CONTROL comes. WPP's message routines find no logger.
 */
#include "host/etw/etw.h"

enum {
    REGISTRATION_TAG = 0x67527757,
    ACTION_REGISTER = 1,
    ACTION_DEREGISTER = 2,
    ACTION_REREGISTER = 3,
    ACTION_UPDATE_GUIDS = 4,
    ACTION_BLOCK_IRPS = 5,
};

#define FLAGS_MASK 0xF0000000u /* WMIREG_FLAG_... in the action; the object is a callback then */

struct wmi_registration {
    LIST_ENTRY link;
    PVOID object; /* device, or callback */
};

static struct wmi_registration *find(struct etw_state *etw, PVOID object)
{
    for (PLIST_ENTRY link = etw->wmi.Flink; link != &etw->wmi; link = link->Flink) {
        struct wmi_registration *entry = CONTAINING_RECORD(link, struct wmi_registration, link);
        if (entry->object == object)
            return entry;
    }
    return NULL;
}

static NTSTATUS add(struct etw_state *etw, PVOID object)
{
    struct wmi_registration *entry =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*entry), REGISTRATION_TAG);
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->object = object;
    linux_lock(&etw->lock);
    BOOLEAN is_new = find(etw, object) == NULL;
    if (is_new)
        InsertTailList(&etw->wmi, &entry->link);
    linux_unlock(&etw->lock);
    if (!is_new)
        ExFreePoolWithTag(entry, REGISTRATION_TAG);
    return is_new ? STATUS_SUCCESS : STATUS_OBJECT_NAME_EXISTS;
}

static NTSTATUS take(struct etw_state *etw, PVOID object, BOOLEAN remove)
{
    linux_lock(&etw->lock);
    struct wmi_registration *entry = find(etw, object);
    if (entry && remove)
        RemoveEntryList(&entry->link);
    linux_unlock(&etw->lock);
    if (entry && remove)
        ExFreePoolWithTag(entry, REGISTRATION_TAG);
    return entry ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action)
{
    struct etw_state *etw = current_machine()->etw;
    switch (action & ~FLAGS_MASK & 0xFF) {
    case ACTION_REGISTER:
        return add(etw, device);
    case ACTION_DEREGISTER:
        return take(etw, device, TRUE);
    case ACTION_REREGISTER:
    case ACTION_UPDATE_GUIDS:
    case ACTION_BLOCK_IRPS:
        return take(etw, device, FALSE);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
SB_EXPORT(IoWMIRegistrationControl)

/* On success WMI owns the event, and lets go of it when every consumer has seen it: at once. */
NTSTATUS NTAPI IoWMIWriteEvent(PVOID event)
{
    ExFreePool(event);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIWriteEvent)

/* Ids are unique for each GUID; here for all of them. */
NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID *guid, ULONG count, ULONG *first)
{
    *first = __atomic_fetch_add(&current_machine()->etw->next_instance, count, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIAllocateInstanceIds)

NTSTATUS __attribute__((ms_abi)) nt_WmiTraceMessage(ULONG64 logger, ULONG flags, LPGUID guid,
                                                    USHORT number, ...)
{
    return STATUS_INVALID_HANDLE;
}
SB_EXPORT_AS("WmiTraceMessage", nt_WmiTraceMessage)

NTSTATUS NTAPI nt_WmiTraceMessageVa(ULONG64 logger, ULONG flags, LPGUID guid, USHORT number,
                                    __builtin_ms_va_list arguments)
{
    return STATUS_INVALID_HANDLE;
}
SB_EXPORT_AS("WmiTraceMessageVa", nt_WmiTraceMessageVa)

/* Everything but the list of loggers is asked about one of them, by handle or by name. */
NTSTATUS NTAPI WmiQueryTraceInformation(TRACE_INFORMATION_CLASS class, PVOID information,
                                        ULONG length, PULONG needed, PVOID buffer)
{
    if (needed)
        *needed = 0;
    switch (class) {
    case AllLoggerHandlesClass:
        return STATUS_SUCCESS; /* none */
    case TraceHandleByNameClass:
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    case GlobalLoggerHandleClass:
    case EventLoggerHandleClass:
    case TraceIdClass:
    case TraceHandleClass:
    case TraceEnableFlagsClass:
    case TraceEnableLevelClass:
        return STATUS_INVALID_HANDLE;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}
SB_EXPORT(WmiQueryTraceInformation)
