/* Device queues: busy or not, and who waits. The queue's lock is a driver-visible spin lock. */
#include "host/ke/ke.h"

enum { DEVICE_QUEUE_OBJECT = 20 };

VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE queue)
{
    queue->Type = DEVICE_QUEUE_OBJECT;
    queue->Size = sizeof(*queue);
    queue->Busy = FALSE;
    queue->Lock = 0;
    InitializeListHead(&queue->DeviceListHead);
}
SB_EXPORT(KeInitializeDeviceQueue)

static KIRQL acquire(PKDEVICE_QUEUE queue)
{
    return KeAcquireSpinLockRaiseToDpc(&queue->Lock);
}

/* An idle queue becomes busy and the entry is not queued: FALSE. Lock held. */
static BOOLEAN enter(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry)
{
    BOOLEAN busy = queue->Busy;
    queue->Busy = TRUE;
    entry->Inserted = busy;
    return busy;
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry)
{
    KIRQL irql = acquire(queue);
    BOOLEAN queued = enter(queue, entry);
    if (queued)
        InsertTailList(&queue->DeviceListHead, &entry->DeviceListEntry);
    KeReleaseSpinLock(&queue->Lock, irql);
    return queued;
}
SB_EXPORT(KeInsertDeviceQueue)

BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, ULONG key)
{
    KIRQL irql = acquire(queue);
    BOOLEAN queued = enter(queue, entry);
    entry->SortKey = key;
    if (queued) {
        PLIST_ENTRY link = queue->DeviceListHead.Blink;
        while (link != &queue->DeviceListHead &&
               CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > key)
            link = link->Blink;
        InsertHeadList(link, &entry->DeviceListEntry);
    }
    KeReleaseSpinLock(&queue->Lock, irql);
    return queued;
}
SB_EXPORT(KeInsertByKeyDeviceQueue)

static PKDEVICE_QUEUE_ENTRY take(PLIST_ENTRY link)
{
    PKDEVICE_QUEUE_ENTRY entry = CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    RemoveEntryList(link);
    entry->Inserted = FALSE;
    return entry;
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE queue)
{
    PKDEVICE_QUEUE_ENTRY entry = NULL;
    KIRQL irql = acquire(queue);
    if (IsListEmpty(&queue->DeviceListHead))
        queue->Busy = FALSE;
    else
        entry = take(queue->DeviceListHead.Flink);
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}
SB_EXPORT(KeRemoveDeviceQueue)

/* The first entry with at least that key; beyond the last the sweep starts over. Lock held. */
static PKDEVICE_QUEUE_ENTRY take_by_key(PKDEVICE_QUEUE queue, ULONG key)
{
    PLIST_ENTRY head = &queue->DeviceListHead, link = head->Flink;
    if (IsListEmpty(head)) {
        queue->Busy = FALSE;
        return NULL;
    }
    while (link != head &&
           CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey < key)
        link = link->Flink;
    return take(link == head ? head->Flink : link);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE queue, ULONG key)
{
    KIRQL irql = acquire(queue);
    PKDEVICE_QUEUE_ENTRY entry = take_by_key(queue, key);
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}
SB_EXPORT(KeRemoveByKeyDeviceQueue)

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE queue, ULONG key)
{
    KIRQL irql = acquire(queue);
    PKDEVICE_QUEUE_ENTRY entry = queue->Busy ? take_by_key(queue, key) : NULL;
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}
SB_EXPORT(KeRemoveByKeyDeviceQueueIfBusy)

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry)
{
    KIRQL irql = acquire(queue);
    BOOLEAN queued = entry->Inserted;
    if (queued)
        take(&entry->DeviceListEntry);
    KeReleaseSpinLock(&queue->Lock, irql);
    return queued;
}
SB_EXPORT(KeRemoveEntryDeviceQueue)
