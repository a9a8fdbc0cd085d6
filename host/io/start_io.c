/* IoStartPacket and its kin: a device's queue in front of the driver's StartIo routine. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/trace/trace.h"

enum { START_IO_DEFERRED = 1, START_IO_NOT_CANCELABLE = 2 };
/* start_io_count while deferring: > 1 means StartIo is active above us on the stack. */

static void run(PDEVICE_OBJECT device, PIRP irp)
{
    device->DriverObject->DriverStartIo(device, irp);
}

/* With a cancel routine in play the queue and CurrentIrp change under the cancel spin lock. */
static KIRQL lock_cancel(BOOLEAN cancelable)
{
    KIRQL irql;
    if (cancelable)
        IoAcquireCancelSpinLock(&irql);
    else
        irql = KfRaiseIrql(DISPATCH_LEVEL);
    return irql;
}

static void unlock_cancel(BOOLEAN cancelable, KIRQL irql)
{
    if (cancelable)
        IoReleaseCancelSpinLock(irql);
    else
        KeLowerIrql(irql);
}

static void start(PDEVICE_OBJECT device, PIRP irp, BOOLEAN cancelable, KIRQL irql)
{
    struct io_device_extension *extension = io_device_extension_of(device);
    device->CurrentIrp = irp;
    if (cancelable) {
        if (extension->start_io_flags & START_IO_NOT_CANCELABLE)
            IoSetCancelRoutine(irp, NULL);
        IoReleaseCancelSpinLock(DISPATCH_LEVEL);
    }
    run(device, irp);
    KeLowerIrql(irql);
}

VOID NTAPI IoStartPacket(PDEVICE_OBJECT device, PIRP irp, PULONG key, PDRIVER_CANCEL cancel)
{
    PKDEVICE_QUEUE_ENTRY entry = &irp->Tail.Overlay.DeviceQueueEntry;
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL), unused;
    if (SB_UNLIKELY(current_machine()->trace))
        trace_queued(current_machine(), irp);
    if (cancel) {
        IoAcquireCancelSpinLock(&unused);
        IoSetCancelRoutine(irp, cancel);
    }
    BOOLEAN queued = key ? KeInsertByKeyDeviceQueue(&device->DeviceQueue, entry, *key)
                         : KeInsertDeviceQueue(&device->DeviceQueue, entry);
    if (!queued) {
        start(device, irp, cancel != NULL, irql);
        return;
    }
    if (cancel) {
        /* Cancelled before it had a routine: the routine finds it in the queue. */
        if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
            irp->CancelIrql = DISPATCH_LEVEL;
            cancel(device, irp);
        } else {
            IoReleaseCancelSpinLock(DISPATCH_LEVEL);
        }
    }
    KeLowerIrql(irql);
}
SB_EXPORT(IoStartPacket)

static void start_next(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    KIRQL irql = lock_cancel(cancelable);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY entry = key ? KeRemoveByKeyDeviceQueue(&device->DeviceQueue, *key)
                                     : KeRemoveDeviceQueue(&device->DeviceQueue);
    if (!entry) {
        unlock_cancel(cancelable, irql);
        return;
    }
    start(device, CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry), cancelable, irql);
}

/* With deferred StartIo a call from within StartIo only notes that one more is due. */
static void start_next_deferred(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    struct io_device_extension *extension = io_device_extension_of(device);
    if (!(extension->start_io_flags & START_IO_DEFERRED)) {
        start_next(device, cancelable, key);
        return;
    }
    if (__atomic_fetch_add(&extension->start_io_count, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    do
        start_next(device, cancelable, key);
    while (__atomic_sub_fetch(&extension->start_io_count, 1, __ATOMIC_ACQ_REL) != 0);
}

VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT device, BOOLEAN cancelable)
{
    start_next_deferred(device, cancelable, NULL);
}
SB_EXPORT(IoStartNextPacket)

VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT device, BOOLEAN cancelable, ULONG key)
{
    start_next_deferred(device, cancelable, &key);
}
SB_EXPORT(IoStartNextPacketByKey)

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT device, BOOLEAN deferred, BOOLEAN non_cancelable)
{
    io_device_extension_of(device)->start_io_flags =
        (deferred ? START_IO_DEFERRED : 0) | (non_cancelable ? START_IO_NOT_CANCELABLE : 0);
}
SB_EXPORT(IoSetStartIoAttributes)
