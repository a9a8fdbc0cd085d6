/*
 * Power settings: a driver that registers for one that exists here is told its value once, soon, on
 * a thread of the system (as documented); it never changes.
 */
#include "host/ob/object.h"
#include "host/po/po.h"
#include "host/ps/ps.h"

enum { SETTING_TAG = 0x74655350 };

struct setting_callback {
    LIST_ENTRY link;
    GUID setting;
    PPOWER_SETTING_CALLBACK routine;
    PVOID context;
    BOOLEAN is_told;
    uint32_t calls; /* in progress; lock */
};

static const struct {
    GUID id;
    ULONG value;
} settings[] = {
    {{0x5D3E9A59, 0xE9D5, 0x4B00, {0xA6, 0xBD, 0xFF, 0x34, 0xFF, 0x51, 0x65, 0x48}}, 0}, /* AC */
    {{0x02731015, 0x4510, 0x4526, {0x99, 0xE6, 0xE5, 0xA1, 0x7E, 0xBD, 0x1A, 0xEA}}, 1}, /* on */
    {{0x6FE69556, 0x704A, 0x47A0, {0x8F, 0x24, 0xC2, 0x8D, 0x93, 0x6F, 0xDA, 0x47}}, 1},
    {{0x98A7F580, 0x01F7, 0x48AA, {0x9C, 0x0F, 0x44, 0x35, 0x2C, 0x29, 0xE5, 0xC0}},
     0}, /* away mode */
};

NTSTATUS po_initialize(struct machine *machine)
{
    machine->po = linux_allocate(sizeof(*machine->po));
    if (!machine->po)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&machine->po->settings);
    InitializeListHead(&machine->po->idle);
    return STATUS_SUCCESS;
}

void po_destroy(struct machine *machine)
{
    linux_free(machine->po);
    machine->po = NULL;
}

static void tell(const struct setting_callback *callback)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(settings); i++) {
        ULONG value = settings[i].value;
        if (IsEqualGUID(&settings[i].id, &callback->setting))
            callback->routine(&settings[i].id, &value, sizeof(value), callback->context);
    }
}

/* The next that has not been told, held by its count of calls. */
static struct setting_callback *next_untold(struct po_state *po)
{
    struct setting_callback *found = NULL;
    linux_lock(&po->lock);
    for (PLIST_ENTRY link = po->settings.Flink; link != &po->settings && !found;
         link = link->Flink) {
        struct setting_callback *callback = CONTAINING_RECORD(link, struct setting_callback, link);
        if (!callback->is_told) {
            callback->is_told = TRUE;
            callback->calls++;
            found = callback;
        }
    }
    linux_unlock(&po->lock);
    return found;
}

static VOID NTAPI teller_main(PVOID context)
{
    struct po_state *po = context;
    struct setting_callback *callback;
    while ((callback = next_untold(po)) != NULL) {
        tell(callback);
        linux_lock(&po->lock);
        callback->calls--;
        linux_unlock(&po->lock);
    }
}

NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT device, LPCGUID setting,
                                              PPOWER_SETTING_CALLBACK routine, PVOID context,
                                              PVOID *handle)
{
    struct machine *machine = current_machine();
    struct setting_callback *callback;
    PETHREAD thread;
    if (!setting || !routine)
        return STATUS_INVALID_PARAMETER;
    callback = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*callback), SETTING_TAG);
    if (!callback)
        return STATUS_INSUFFICIENT_RESOURCES;
    *callback =
        (struct setting_callback){.setting = *setting, .routine = routine, .context = context};
    linux_lock(&machine->po->lock);
    InsertTailList(&machine->po->settings, &callback->link);
    linux_unlock(&machine->po->lock);
    NTSTATUS status = ps_system_thread_start(machine, teller_main, machine->po, &thread);
    if (!NT_SUCCESS(status)) {
        PoUnregisterPowerSettingCallback(callback);
        return status;
    }
    ob_dereference(thread);
    if (handle)
        *handle = callback;
    return STATUS_SUCCESS;
}
SB_EXPORT(PoRegisterPowerSettingCallback)

static struct setting_callback *find(struct po_state *po, PVOID handle)
{
    for (PLIST_ENTRY link = po->settings.Flink; link != &po->settings; link = link->Flink)
        if (CONTAINING_RECORD(link, struct setting_callback, link) == handle)
            return handle;
    return NULL;
}

/* Waits for a call in progress. */
NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID handle)
{
    struct po_state *po = current_machine()->po;
    LARGE_INTEGER pause = {.QuadPart = -1000};
    linux_lock(&po->lock);
    struct setting_callback *callback = find(po, handle);
    if (callback) {
        RemoveEntryList(&callback->link);
        while (callback->calls != 0) {
            linux_unlock(&po->lock);
            KeDelayExecutionThread(KernelMode, FALSE, &pause);
            linux_lock(&po->lock);
        }
    }
    linux_unlock(&po->lock);
    if (!callback)
        return STATUS_INVALID_PARAMETER;
    ExFreePoolWithTag(callback, SETTING_TAG);
    return STATUS_SUCCESS;
}
SB_EXPORT(PoUnregisterPowerSettingCallback)
