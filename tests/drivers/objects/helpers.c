/* What the I/O manager offers beside requests. */
#include "objects.h"

void check_remove_locks(void)
{
    IO_REMOVE_LOCK lock;
    IoInitializeRemoveLock(&lock, 0x74736554, 0, 0);
    CHECK_STATUS(STATUS_SUCCESS, IoAcquireRemoveLock(&lock, NULL));
    CHECK_STATUS(STATUS_SUCCESS, IoAcquireRemoveLock(&lock, NULL));
    IoReleaseRemoveLock(&lock, NULL);
    IoReleaseRemoveLockAndWait(&lock, NULL);
    CHECK_STATUS(STATUS_DELETE_PENDING, IoAcquireRemoveLock(&lock, NULL));
}

void check_share_accesses(void)
{
    SHARE_ACCESS share;
    FILE_OBJECT first = {0}, second = {0};
    IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &first, &share);
    CHECK(share.OpenCount == 1 && share.Readers == 1 && share.SharedRead == 1 && first.ReadAccess);
    CHECK_STATUS(STATUS_SHARING_VIOLATION,
                 IoCheckShareAccess(FILE_WRITE_DATA, FILE_SHARE_READ, &second, &share, TRUE));
    CHECK_STATUS(STATUS_SHARING_VIOLATION,
                 IoCheckShareAccess(FILE_READ_DATA, 0, &second, &share, TRUE));
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &second, &share, TRUE));
    CHECK(share.OpenCount == 2 && share.SharedRead == 2);
    IoRemoveShareAccess(&second, &share);
    IoRemoveShareAccess(&first, &share);
    CHECK(share.OpenCount == 0 && share.Readers == 0);
    CHECK_STATUS(STATUS_SUCCESS, IoCheckShareAccess(FILE_READ_ATTRIBUTES, 0, &first, &share, TRUE));
    CHECK(share.OpenCount == 0); /* attributes alone take no part */
}

void check_device_queues(void)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY entries[4];
    KeInitializeDeviceQueue(&queue);
    CHECK(!KeInsertDeviceQueue(&queue, &entries[0]) && !entries[0].Inserted);
    CHECK(KeInsertByKeyDeviceQueue(&queue, &entries[1], 30));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &entries[2], 10));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &entries[3], 20));
    CHECK(KeRemoveByKeyDeviceQueue(&queue, 15) == &entries[3]);
    CHECK(KeRemoveByKeyDeviceQueue(&queue, 99) == &entries[2]); /* the sweep starts over */
    CHECK(KeRemoveEntryDeviceQueue(&queue, &entries[1]));
    CHECK(KeRemoveDeviceQueue(&queue) == NULL);
    CHECK(!KeInsertDeviceQueue(&queue, &entries[0])); /* idle again */
}

static VOID NTAPI work(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static void use_work_item(PIO_WORKITEM_ROUTINE routine)
{
    PDEVICE_OBJECT device = NULL;
    PIO_WORKITEM item;
    KEVENT done;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(this_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    item = IoAllocateWorkItem(device);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    CHECK(item != NULL);
    IoQueueWorkItem(item, routine, DelayedWorkQueue, &done);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    IoFreeWorkItem(item);
    IoDeleteDevice(device);
}

void check_work_items(void)
{
    use_work_item(work);
}

static VOID NTAPI tell_thread(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    CHECK(PsIsSystemThread(PsGetCurrentThread()));
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

void check_work_item_thread(void)
{
    use_work_item(tell_thread);
}

void check_driver_extensions(void)
{
    static int id;
    PDRIVER_OBJECT driver = this_driver;
    PVOID extension, again;
    CHECK_STATUS(STATUS_SUCCESS, IoAllocateDriverObjectExtension(driver, &id, 32, &extension));
    CHECK(IoGetDriverObjectExtension(driver, &id) == extension);
    CHECK_STATUS(STATUS_OBJECT_NAME_COLLISION,
                 IoAllocateDriverObjectExtension(driver, &id, 32, &again));
    CHECK(IoGetDriverObjectExtension(driver, &extension) == NULL);
}
