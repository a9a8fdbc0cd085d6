/*
 * WMI registration: the driver is asked which data blocks it has (IRP_MN_REGINFO_EX), as Windows
 * does after IoWMIRegistrationControl.
 */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/wmi/wmi.h"

enum { FIRST_SIZE = 4096 };
enum { REGISTER = 1, DEREGISTER, REREGISTER, UPDATE_GUIDS };

struct question {
    WORK_QUEUE_ITEM item;
    LIST_ENTRY link;       /* in wmi_state.questions until it has been asked; its lock */
    PETHREAD asking;       /* who waits for the driver's answer; the same lock */
    BOOLEAN is_withdrawn;  /* not to be asked any more; the same lock */
    PDEVICE_OBJECT device; /* referenced */
    BOOLEAN update;
    ULONG size;
    void *buffer;
};

NTSTATUS wmi_initialize(struct machine *machine)
{
    struct wmi_state *wmi = linux_allocate(sizeof(*wmi));
    if (!wmi)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&wmi->providers);
    InitializeListHead(&wmi->blocks);
    InitializeListHead(&wmi->questions);
    machine->wmi = wmi;
    return STATUS_SUCCESS;
}

/* What the lists hold is in the machine's pool. */
void wmi_destroy(struct machine *machine)
{
    linux_free(machine->wmi);
    machine->wmi = NULL;
}

/* ---- providers ---- */
void wmi_provider_release(struct wmi_provider *provider)
{
    struct machine *machine = current_machine();
    if (__atomic_sub_fetch(&provider->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    /* Each entry that names instances after a physical device came with a reference to it. */
    for (ULONG i = 0; i < provider->info->GuidCount; i++)
        if (provider->info->WmiRegGuid[i].Flags & WMIREG_FLAG_INSTANCE_PDO)
            ob_dereference((void *)provider->info->WmiRegGuid[i].Pdo);
    ob_dereference(provider->device);
    mm_pool_free(machine, provider->info);
    mm_pool_free(machine, provider);
}

static const WMIREGGUID *entry_of(const struct wmi_provider *provider, const GUID *guid)
{
    for (ULONG i = 0; i < provider->info->GuidCount; i++) {
        const WMIREGGUID *entry = &provider->info->WmiRegGuid[i];
        if (__builtin_memcmp(&entry->Guid, guid, sizeof(*guid)) == 0 &&
            !(entry->Flags & WMIREG_FLAG_REMOVE_GUID))
            return entry;
    }
    return NULL;
}

struct wmi_provider *wmi_provider_of(const GUID *guid, ULONG index, const WMIREGGUID **entry)
{
    struct wmi_state *wmi = current_machine()->wmi;
    struct wmi_provider *found = NULL;
    linux_lock(&wmi->lock);
    for (PLIST_ENTRY link = wmi->providers.Flink; link != &wmi->providers && !found;
         link = link->Flink) {
        struct wmi_provider *provider = CONTAINING_RECORD(link, struct wmi_provider, link);
        *entry = entry_of(provider, guid);
        if (*entry && index-- == 0) {
            __atomic_add_fetch(&provider->references, 1, __ATOMIC_RELAXED);
            found = provider;
        }
    }
    linux_unlock(&wmi->lock);
    return found;
}

static void pause(void)
{
    LARGE_INTEGER time = {.QuadPart = -1000};
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

/* Takes the device's registration out of the list; with wait, until nobody asks it for data. */
static void forget(PDEVICE_OBJECT device, BOOLEAN wait)
{
    struct wmi_state *wmi = current_machine()->wmi;
    struct wmi_provider *found = NULL;
    linux_lock(&wmi->lock);
    for (PLIST_ENTRY link = wmi->providers.Flink; link != &wmi->providers && !found;
         link = link->Flink) {
        struct wmi_provider *provider = CONTAINING_RECORD(link, struct wmi_provider, link);
        if (provider->device == device) {
            RemoveEntryList(&provider->link);
            found = provider;
        }
    }
    linux_unlock(&wmi->lock);
    while (found && wait && __atomic_load_n(&found->references, __ATOMIC_ACQUIRE) > 1)
        pause();
    if (found)
        wmi_provider_release(found);
}

/* Whether the driver's answer holds all the entries it announces. */
static BOOLEAN is_complete(const WMIREGINFO *info, ULONG_PTR size)
{
    return size >= sizeof(*info) &&
           info->GuidCount <= (size - sizeof(*info)) / sizeof(info->WmiRegGuid[0]);
}

/* Keeps the answer (whose buffer it takes over) in the place of an older one. */
static void remember(const struct question *question, ULONG_PTR size)
{
    struct machine *machine = current_machine();
    struct wmi_provider *provider = mm_pool_allocate_zero(machine, sizeof(*provider), WMI_TAG);
    if (!provider || !is_complete(question->buffer, size)) {
        mm_pool_free(machine, question->buffer);
        if (provider)
            mm_pool_free(machine, provider);
        return;
    }
    forget(question->device, FALSE);
    ob_reference(question->device);
    provider->references = 1;
    provider->device = question->device;
    provider->info = question->buffer;
    provider->size = (ULONG)size;
    linux_lock(&machine->wmi->lock);
    InsertTailList(&machine->wmi->providers, &provider->link);
    linux_unlock(&machine->wmi->lock);
}

/* ---- asking ---- */
static void fill(PIO_STACK_LOCATION stack, void *context)
{
    enum { WMI_UPDATE = 1 };
    const struct question *question = context;
    stack->Parameters.WMI.ProviderId = (ULONG_PTR)question->device;
    stack->Parameters.WMI.DataPath = (PVOID)(ULONG_PTR)(question->update ? WMI_UPDATE : 0);
    stack->Parameters.WMI.BufferSize = question->size;
    stack->Parameters.WMI.Buffer = question->buffer;
}

/* Once, and once more with the size the driver asked for. */
static void ask(struct question *question)
{
    struct machine *machine = current_machine();
    for (int turn = 0; turn < 2; turn++) {
        ULONG_PTR information = 0;
        question->buffer = mm_pool_allocate_zero(machine, question->size, WMI_TAG);
        if (!question->buffer)
            return;
        NTSTATUS status = io_send_minor(question->device, IRP_MJ_SYSTEM_CONTROL, IRP_MN_REGINFO_EX,
                                        fill, question, &information);
        ULONG wanted = *(PULONG)question->buffer;
        BOOLEAN is_too_small = status == STATUS_BUFFER_TOO_SMALL ||
                               (NT_SUCCESS(status) && information == sizeof(ULONG));
        if (NT_SUCCESS(status) && !is_too_small) {
            remember(question, information < question->size ? information : question->size);
            return;
        }
        mm_pool_free(machine, question->buffer);
        if (!is_too_small || wanted <= question->size || wanted > WMI_SIZE_LIMIT)
            return;
        question->size = wanted;
    }
}

static VOID NTAPI ask_later(PVOID context)
{
    struct question *question = context;
    struct wmi_state *wmi = current_machine()->wmi;
    linux_lock(&wmi->lock);
    question->asking = question->is_withdrawn ? NULL : current_thread();
    linux_unlock(&wmi->lock);
    if (question->asking)
        ask(question);
    linux_lock(&wmi->lock);
    RemoveEntryList(&question->link);
    linux_unlock(&wmi->lock);
    ob_dereference(question->device);
    mm_pool_free(current_machine(), question);
}

/* No question about the device is asked any more; TRUE while another thread waits for an answer. */
static BOOLEAN withdraw(PDEVICE_OBJECT device)
{
    struct wmi_state *wmi = current_machine()->wmi;
    BOOLEAN is_asked = FALSE;
    linux_lock(&wmi->lock);
    for (PLIST_ENTRY link = wmi->questions.Flink; link != &wmi->questions; link = link->Flink) {
        struct question *question = CONTAINING_RECORD(link, struct question, link);
        if (question->device != device)
            continue;
        question->is_withdrawn = TRUE;
        is_asked = is_asked || (question->asking && question->asking != current_thread());
    }
    linux_unlock(&wmi->lock);
    return is_asked;
}

/* The device may go afterwards: no WMI request is on its way to it, and none will be. */
static void deregister(PDEVICE_OBJECT device)
{
    while (withdraw(device))
        pause();
    forget(device, TRUE);
}

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action)
{
    struct wmi_state *wmi = current_machine()->wmi;
    if (action == DEREGISTER) {
        deregister(device);
        return STATUS_SUCCESS;
    }
    if (action != REGISTER && action != REREGISTER && action != UPDATE_GUIDS)
        return STATUS_INVALID_PARAMETER;
    struct question *question =
        mm_pool_allocate_zero(current_machine(), sizeof(*question), WMI_TAG);
    if (!question)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    question->device = device;
    question->update = action == UPDATE_GUIDS;
    question->size = FIRST_SIZE;
    linux_lock(&wmi->lock);
    InsertTailList(&wmi->questions, &question->link);
    linux_unlock(&wmi->lock);
    ExInitializeWorkItem(&question->item, ask_later, question);
    ExQueueWorkItem(&question->item, DelayedWorkQueue);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIRegistrationControl)

/* Ids are unique for each GUID; here for all of them. */
NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID *guid, ULONG count, ULONG *first)
{
    *first = __atomic_fetch_add(&current_machine()->wmi->next_instance, count, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIAllocateInstanceIds)
