/*
 * ETW providers. Registering works as ever; as no session enables a provider, its callback is never
 * called, nothing is enabled, and what is written goes nowhere, which succeeds (as documented).
 */
#include "host/etw/etw.h"
#include "host/ke/thread.h"

#include <evntprov.h>

enum { PROVIDER_TAG = 0x52777445, MOST_DATA = 128, ACTIVITY_TYPE = 0x4000 };

struct provider {
    LIST_ENTRY link;
    REGHANDLE handle;
    GUID id;
    PVOID callback, context;
};

NTSTATUS etw_initialize(struct machine *machine)
{
    struct etw_state *etw = linux_allocate(sizeof(*etw));
    if (!etw)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&etw->providers);
    machine->etw = etw;
    return STATUS_SUCCESS;
}

/* The lists' entries are in the machine's pool. */
void etw_destroy(struct machine *machine)
{
    linux_free(machine->etw);
    machine->etw = NULL;
}

/* Lock held. */
static struct provider *find(struct etw_state *etw, REGHANDLE handle)
{
    for (PLIST_ENTRY link = etw->providers.Flink; link != &etw->providers; link = link->Flink) {
        struct provider *provider = CONTAINING_RECORD(link, struct provider, link);
        if (provider->handle == handle)
            return provider;
    }
    return NULL;
}

static BOOLEAN is_registered(REGHANDLE handle)
{
    struct etw_state *etw = current_machine()->etw;
    linux_lock(&etw->lock);
    BOOLEAN found = find(etw, handle) != NULL;
    linux_unlock(&etw->lock);
    return found;
}

NTSTATUS NTAPI nt_EtwRegister(LPCGUID id, PVOID callback, PVOID context, REGHANDLE *handle)
{
    struct etw_state *etw = current_machine()->etw;
    struct provider *provider;
    if (!id || !handle)
        return STATUS_INVALID_PARAMETER;
    provider = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*provider), PROVIDER_TAG);
    if (!provider)
        return STATUS_NO_MEMORY;
    provider->id = *id;
    provider->callback = callback;
    provider->context = context;
    linux_lock(&etw->lock);
    provider->handle = ++etw->last_handle << 4;
    InsertTailList(&etw->providers, &provider->link);
    linux_unlock(&etw->lock);
    *handle = provider->handle;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("EtwRegister", nt_EtwRegister)

NTSTATUS NTAPI nt_EtwUnregister(REGHANDLE handle)
{
    struct etw_state *etw = current_machine()->etw;
    linux_lock(&etw->lock);
    struct provider *provider = find(etw, handle);
    if (provider)
        RemoveEntryList(&provider->link);
    linux_unlock(&etw->lock);
    if (!provider)
        return STATUS_INVALID_HANDLE;
    ExFreePoolWithTag(provider, PROVIDER_TAG);
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("EtwUnregister", nt_EtwUnregister)

BOOLEAN NTAPI nt_EtwEventEnabled(REGHANDLE handle, PCEVENT_DESCRIPTOR event)
{
    return FALSE;
}
SB_EXPORT_AS("EtwEventEnabled", nt_EtwEventEnabled)

BOOLEAN NTAPI nt_EtwProviderEnabled(REGHANDLE handle, UCHAR level, ULONGLONG keyword)
{
    return FALSE;
}
SB_EXPORT_AS("EtwProviderEnabled", nt_EtwProviderEnabled)

static NTSTATUS write(REGHANDLE handle, PCEVENT_DESCRIPTOR event, ULONG count)
{
    if (!is_registered(handle))
        return STATUS_INVALID_HANDLE;
    return event && count <= MOST_DATA ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI nt_EtwWrite(REGHANDLE handle, PCEVENT_DESCRIPTOR event, LPCGUID activity,
                           ULONG count, PVOID data)
{
    return write(handle, event, count);
}
SB_EXPORT_AS("EtwWrite", nt_EtwWrite)

NTSTATUS NTAPI nt_EtwWriteTransfer(REGHANDLE handle, PCEVENT_DESCRIPTOR event, LPCGUID activity,
                                   LPCGUID related, ULONG count, PVOID data)
{
    return write(handle, event, count);
}
SB_EXPORT_AS("EtwWriteTransfer", nt_EtwWriteTransfer)

NTSTATUS NTAPI nt_EtwWriteEx(REGHANDLE handle, PCEVENT_DESCRIPTOR event, ULONG64 filter,
                             ULONG flags, LPCGUID activity, LPCGUID related, ULONG count,
                             PVOID data)
{
    return write(handle, event, count);
}
SB_EXPORT_AS("EtwWriteEx", nt_EtwWriteEx)

NTSTATUS NTAPI nt_EtwWriteString(REGHANDLE handle, UCHAR level, ULONGLONG keyword, LPCGUID activity,
                                 PCWSTR string)
{
    if (!is_registered(handle))
        return STATUS_INVALID_HANDLE;
    return string ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
SB_EXPORT_AS("EtwWriteString", nt_EtwWriteString)

/* Traits and the like are for sessions to see. */
NTSTATUS NTAPI nt_EtwSetInformation(REGHANDLE handle, ULONG class, PVOID information, ULONG length)
{
    if (!is_registered(handle))
        return STATUS_INVALID_HANDLE;
    return information || length == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
SB_EXPORT_AS("EtwSetInformation", nt_EtwSetInformation)

/* Unique in the machine, as activity ids have to be; not random. */
static GUID new_activity(struct etw_state *etw)
{
    uint64_t number = __atomic_add_fetch(&etw->last_activity, 1, __ATOMIC_RELAXED);
    GUID id = {(ULONG)number, (USHORT)(number >> 32), ACTIVITY_TYPE, {0x80}};
    return id;
}

NTSTATUS NTAPI nt_EtwActivityIdControl(ULONG control, LPGUID id)
{
    GUID *own = &current_thread()->activity_id, before = *own;
    struct etw_state *etw = current_machine()->etw;
    if (!id)
        return STATUS_INVALID_PARAMETER;
    switch (control) {
    case EVENT_ACTIVITY_CTRL_GET_ID:
        *id = *own;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_SET_ID:
        *own = *id;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_CREATE_ID:
        *id = new_activity(etw);
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_GET_SET_ID:
        *own = *id;
        *id = before;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_CREATE_SET_ID:
        *own = new_activity(etw);
        *id = before;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
SB_EXPORT_AS("EtwActivityIdControl", nt_EtwActivityIdControl)
