/*
 * Idle detection: a device that its driver has not called busy for so many seconds is put into a
 * sleeping state, by IRP_MN_SET_POWER. The machine is on mains, so that the time for performance is
 * the one that counts.
 */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/po/po.h"

enum { IDLE_TAG = 0x656C6449, SECOND = 10000000, NO_TIME = -1 };

/* The counter stands first: drivers write it. Pool. */
struct idle {
    ULONG count;  /* seconds since the device was busy */
    LONG busy;    /* PoStartDeviceBusy without its end */
    ULONG limit;  /* MAXULONG: the system's own time, which is never */
    ULONG asleep; /* the request was sent */
    LIST_ENTRY link;
    PDEVICE_OBJECT device; /* its driver's, which registers it off before it deletes it */
    DEVICE_POWER_STATE state;
    KTIMER timer;
    KDPC dpc;
};

static VOID NTAPI second_passed(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct idle *idle = context;
    POWER_STATE state = {.DeviceState = idle->state};
    if (__atomic_load_n(&idle->busy, __ATOMIC_ACQUIRE) > 0)
        __atomic_store_n(&idle->count, 0, __ATOMIC_RELEASE);
    else if (__atomic_add_fetch(&idle->count, 1, __ATOMIC_ACQ_REL) < idle->limit)
        __atomic_store_n(&idle->asleep, FALSE, __ATOMIC_RELEASE);
    else if (!__atomic_exchange_n(&idle->asleep, TRUE, __ATOMIC_ACQ_REL))
        PoRequestPowerIrp(idle->device, IRP_MN_SET_POWER, state, NULL, NULL, NULL);
}

static struct idle *take_out(struct po_state *po, PDEVICE_OBJECT device)
{
    struct idle *found = NULL;
    linux_lock(&po->lock);
    for (PLIST_ENTRY link = po->idle.Flink; link != &po->idle && !found; link = link->Flink)
        if (CONTAINING_RECORD(link, struct idle, link)->device == device)
            found = CONTAINING_RECORD(link, struct idle, link);
    if (found)
        RemoveEntryList(&found->link);
    linux_unlock(&po->lock);
    return found;
}

static void forget(struct po_state *po, PDEVICE_OBJECT device)
{
    struct idle *idle = take_out(po, device);
    if (!idle)
        return;
    KeCancelTimer(&idle->timer);
    KeFlushQueuedDpcs();
    mm_pool_free(current_machine(), idle);
}

/* Both times 0: no more detection, and no counter. Another call for the device replaces the first.
 */
PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT device, ULONG conservation,
                                              ULONG performance, DEVICE_POWER_STATE state)
{
    struct machine *machine = current_machine();
    LARGE_INTEGER due = {.QuadPart = -SECOND};
    forget(machine->po, device);
    if (conservation == 0 && performance == 0)
        return NULL;
    struct idle *idle = mm_pool_allocate_zero(machine, sizeof(*idle), IDLE_TAG);
    if (!idle)
        return NULL;
    idle->device = device;
    idle->state = state;
    idle->limit = performance ? performance : (ULONG)NO_TIME;
    KeInitializeTimerEx(&idle->timer, SynchronizationTimer);
    KeInitializeDpc(&idle->dpc, second_passed, idle);
    linux_lock(&machine->po->lock);
    InsertTailList(&machine->po->idle, &idle->link);
    linux_unlock(&machine->po->lock);
    KeSetTimerEx(&idle->timer, due, 1000, &idle->dpc);
    return &idle->count;
}
SB_EXPORT(PoRegisterDeviceForIdleDetection)

VOID NTAPI PoSetDeviceBusyEx(PULONG counter)
{
    __atomic_store_n(counter, 0, __ATOMIC_RELEASE);
}
SB_EXPORT(PoSetDeviceBusyEx)

VOID NTAPI PoStartDeviceBusy(PULONG counter)
{
    __atomic_add_fetch(&((struct idle *)counter)->busy, 1, __ATOMIC_ACQ_REL);
    PoSetDeviceBusyEx(counter);
}
SB_EXPORT(PoStartDeviceBusy)

VOID NTAPI PoEndDeviceBusy(PULONG counter)
{
    PoSetDeviceBusyEx(counter);
    __atomic_sub_fetch(&((struct idle *)counter)->busy, 1, __ATOMIC_ACQ_REL);
}
SB_EXPORT(PoEndDeviceBusy)
