/* Data blocks opened by drivers, and the events their providers fire. */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/wmi/wmi.h"

static BOOLEAN is_same(const GUID *a, const GUID *b)
{
    return __builtin_memcmp(a, b, sizeof(*a)) == 0;
}

/* ---- requests ---- */
struct wmi_question {
    const struct wmi_provider *provider;
    const GUID *guid;
    void *buffer;
    ULONG size;
};

static void fill(PIO_STACK_LOCATION stack, void *context)
{
    const struct wmi_question *question = context;
    stack->Parameters.WMI.ProviderId = (ULONG_PTR)question->provider->device;
    stack->Parameters.WMI.DataPath = (PVOID)question->guid;
    stack->Parameters.WMI.BufferSize = question->size;
    stack->Parameters.WMI.Buffer = question->buffer;
}

NTSTATUS wmi_send(const struct wmi_provider *provider, UCHAR minor, const GUID *guid, void *buffer,
                  ULONG size, ULONG_PTR *information)
{
    struct wmi_question question = {provider, guid, buffer, size};
    return io_send_minor(provider->device, IRP_MJ_SYSTEM_CONTROL, minor, fill, &question,
                         information);
}

void wmi_enable_events(const GUID *guid, BOOLEAN enable)
{
    const WMIREGGUID *entry;
    struct wmi_provider *provider;
    for (ULONG i = 0; (provider = wmi_provider_of(guid, i, &entry)) != NULL; i++) {
        WNODE_HEADER header = {.BufferSize = sizeof(header), .Guid = *guid};
        wmi_send(provider, enable ? IRP_MN_ENABLE_EVENTS : IRP_MN_DISABLE_EVENTS, guid, &header,
                 sizeof(header), NULL);
        wmi_provider_release(provider);
    }
}

/* ---- blocks ---- */
/* How many others listen to the block's events. */
static ULONG other_listeners(const struct wmi_block *block)
{
    struct wmi_state *wmi = current_machine()->wmi;
    ULONG count = 0;
    linux_lock(&wmi->lock);
    for (PLIST_ENTRY link = wmi->blocks.Flink; link != &wmi->blocks; link = link->Flink) {
        const struct wmi_block *other = CONTAINING_RECORD(link, struct wmi_block, link);
        count += other != block && other->callback && is_same(&other->guid, &block->guid);
    }
    linux_unlock(&wmi->lock);
    return count;
}

static void remove(void *object)
{
    struct wmi_block *block = object;
    struct wmi_state *wmi = current_machine()->wmi;
    linux_lock(&wmi->lock);
    RemoveEntryList(&block->link);
    linux_unlock(&wmi->lock);
    if (block->callback && !other_listeners(block))
        wmi_enable_events(&block->guid, FALSE);
}

static OBJECT_TYPE block_type = {.name = RTL_CONSTANT_STRING(L"WmiGuid"),
                                 .valid_access = STANDARD_RIGHTS_REQUIRED | WMI_ALL_RIGHTS,
                                 .removes_at_passive = TRUE,
                                 .remove = remove};

static BOOLEAN is_registered(const GUID *guid)
{
    const WMIREGGUID *entry;
    struct wmi_provider *provider = wmi_provider_of(guid, 0, &entry);
    if (provider)
        wmi_provider_release(provider);
    return provider != NULL;
}

/* Only who waits for events may come before the provider. */
NTSTATUS NTAPI IoWMIOpenBlock(GUID *guid, ULONG access, PVOID *opened)
{
    struct machine *machine = current_machine();
    struct wmi_block *block;
    if (!(access & WMI_RIGHT_NOTIFICATION) && !is_registered(guid))
        return STATUS_WMI_GUID_NOT_FOUND;
    NTSTATUS status = ob_allocate(machine, &block_type, sizeof(*block), (void **)&block);
    if (!NT_SUCCESS(status))
        return status;
    block->guid = *guid;
    block->access = access;
    linux_lock(&machine->wmi->lock);
    InsertTailList(&machine->wmi->blocks, &block->link);
    linux_unlock(&machine->wmi->lock);
    *opened = block;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIOpenBlock)

NTSTATUS NTAPI IoWMISetNotificationCallback(PVOID object, WMI_NOTIFICATION_CALLBACK callback,
                                            PVOID context)
{
    struct wmi_state *wmi = current_machine()->wmi;
    struct wmi_block *block = object;
    BOOLEAN is_first = callback && !block->callback && !other_listeners(block);
    linux_lock(&wmi->lock);
    block->callback = callback;
    block->context = context;
    linux_unlock(&wmi->lock);
    if (is_first)
        wmi_enable_events(&block->guid, TRUE);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMISetNotificationCallback)

/* ---- events ---- */
/* The index-th block that listens to the event; referenced. */
static struct wmi_block *listener(const GUID *guid, ULONG index)
{
    struct wmi_state *wmi = current_machine()->wmi;
    struct wmi_block *found = NULL;
    linux_lock(&wmi->lock);
    for (PLIST_ENTRY link = wmi->blocks.Flink; link != &wmi->blocks && !found; link = link->Flink) {
        struct wmi_block *block = CONTAINING_RECORD(link, struct wmi_block, link);
        if (block->callback && is_same(&block->guid, guid) && index-- == 0 &&
            ob_reference_if_alive(block))
            found = block;
    }
    linux_unlock(&wmi->lock);
    return found;
}

struct event {
    WORK_QUEUE_ITEM item;
    WNODE_HEADER header; /* what the driver wrote follows */
};

static VOID NTAPI deliver(PVOID context)
{
    struct event *event = context;
    struct wmi_block *block;
    for (ULONG i = 0; (block = listener(&event->header.Guid, i)) != NULL; i++) {
        block->callback(&event->header, block->context);
        ob_dereference(block);
    }
    mm_pool_free(current_machine(), event);
}

/* Listeners are told later, at PASSIVE_LEVEL; the driver's block is WMI's on success. */
NTSTATUS NTAPI IoWMIWriteEvent(PVOID wnode)
{
    const WNODE_HEADER *header = wnode;
    struct wmi_block *block = listener(&header->Guid, 0);
    if (block) {
        ob_dereference(block);
        if (header->BufferSize < sizeof(*header) || header->BufferSize > WMI_SIZE_LIMIT)
            return STATUS_INVALID_PARAMETER;
        struct event *event = mm_pool_allocate_zero(
            current_machine(), FIELD_OFFSET(struct event, header) + header->BufferSize, WMI_TAG);
        if (!event)
            return STATUS_INSUFFICIENT_RESOURCES;
        RtlCopyMemory(&event->header, header, header->BufferSize);
        ExInitializeWorkItem(&event->item, deliver, event);
        ExQueueWorkItem(&event->item, DelayedWorkQueue);
    }
    ExFreePool(wnode);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIWriteEvent)
