/*
 * Calls that wait in the driver. One call, from the handler's sb_pend() on:
 *
 *                    sb_pend()                       sb_pended_take()
 *   HANDLER'S ------------------------> WAITING ------------------------> TAKER'S -----> completed
 *       |                                |   |                              ^ sb_pended_complete()
 *       | open closing, too many,        |   | CLEANUP, unsubscribe         |
 *       | cancelled already              |   +------------------------------+
 *       v                                |
 *   answered by the handler              | the I/O manager calls cancel()
 *                                        v
 *                                    CANCELLING ------------------------------------> completed
 *
 * WAITING means: in its queue's list and its open's, with cancel() as its cancel routine; it comes
 * about and ends under the device's lock. Who leaves WAITING is decided by one exchange of the
 * cancel routine, made by the I/O manager when it cancels and by IoSetCancelRoutine(irp, NULL) when
 * the call is taken: who gets the routine owns the call ("Cancel Routines without the Queue's Spin
 * Lock Held"). A taker that gets NULL has lost: it leaves the call in the lists, for cancel(),
 * which waits for the lock, to take out. So each call is completed once, whoever comes first.
 *
 * CLEANUP sets closing, under the lock, before it takes the calls that wait; a sb_pend() that comes
 * later is refused. So none waits on a file object without handles, and CLOSE finds none. Killed
 * processes and ended threads have their calls cancelled by the I/O manager before that. Unload
 * comes after the last CLOSE: there is nothing left to end, and nothing that could hang.
 */
#include "internal.h"

/* The call in its queue; in its open it is linked by Tail.Overlay.ListEntry. DriverContext is the
   driver's while it owns the IRP. */
static PLIST_ENTRY queue_entry(PIRP irp)
{
    return (PLIST_ENTRY)&irp->Tail.Overlay.DriverContext[0];
}

static PIRP irp_in_queue(PLIST_ENTRY entry)
{
    return CONTAINING_RECORD((PVOID *)entry, IRP, Tail.Overlay.DriverContext[0]);
}

static struct sb_queue **queue_of(PIRP irp)
{
    return (struct sb_queue **)&irp->Tail.Overlay.DriverContext[2];
}

static struct sb_open_state *state_of(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext;
}

static void unlink_locked(PIRP irp)
{
    RemoveEntryList(queue_entry(irp));
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    state_of(irp)->pended_count--;
}

/* The file object stays until the call is completed, and with it its open. */
static DRIVER_CANCEL cancel;
static VOID NTAPI cancel(PDEVICE_OBJECT device_object, PIRP irp)
{
    struct sb_device *device = sb_device_of(device_object);
    KIRQL irql;

    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&device->lock, &irql);
    unlink_locked(irp);
    KeReleaseSpinLock(&device->lock, irql);
    sb_count(device, SB_COUNTER_CANCELLED);
    sb_complete(irp, STATUS_CANCELLED, 0);
}

void sb_queue_initialize(struct sb_queue *queue)
{
    InitializeListHead(&queue->calls);
}

NTSTATUS sb_pend_locked(struct sb_call *call, struct sb_queue *queue)
{
    struct sb_open_state *state;
    PIRP irp = call->request;

    if (irp == NULL || call->open == NULL)
        return STATUS_NOT_SUPPORTED;
    state = sb_open_state(call->open);
    if (state->closing)
        return STATUS_CANCELLED;
    if (state->pended_count >= SB_PENDING_MAXIMUM)
        return STATUS_QUOTA_EXCEEDED;

    InsertTailList(&queue->calls, queue_entry(irp));
    InsertTailList(&state->pended, &irp->Tail.Overlay.ListEntry);
    *queue_of(irp) = queue;
    state->pended_count++;
    IoSetCancelRoutine(irp, cancel);
    /* Cancelled before the routine was set: nobody will call it, unless it is on its way already.
     */
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        unlink_locked(irp);
        return STATUS_CANCELLED;
    }
    IoMarkIrpPending(irp);
    call->pended = TRUE;
    sb_count(state->device, SB_COUNTER_PENDED);
    return STATUS_PENDING;
}

NTSTATUS sb_pend(struct sb_call *call, struct sb_queue *queue)
{
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&sb_this_device->lock, &irql);
    status = sb_pend_locked(call, queue);
    KeReleaseSpinLock(&sb_this_device->lock, irql);
    return status;
}

static BOOLEAN take_locked(PIRP irp)
{
    if (IoSetCancelRoutine(irp, NULL) == NULL)
        return FALSE;
    unlink_locked(irp);
    return TRUE;
}

PIRP sb_pended_take_locked(struct sb_queue *queue)
{
    PLIST_ENTRY entry;

    for (entry = queue->calls.Flink; entry != &queue->calls; entry = entry->Flink)
        if (take_locked(irp_in_queue(entry)))
            return irp_in_queue(entry);
    return NULL;
}

struct sb_pended *sb_pended_take(struct sb_queue *queue)
{
    KIRQL irql;
    PIRP irp;

    KeAcquireSpinLock(&sb_this_device->lock, &irql);
    irp = sb_pended_take_locked(queue);
    KeReleaseSpinLock(&sb_this_device->lock, irql);
    return (struct sb_pended *)irp;
}

void sb_pended_take_all_locked(struct sb_open_state *state, const struct sb_queue *queue,
                               PLIST_ENTRY list)
{
    PLIST_ENTRY entry = state->pended.Flink;
    PIRP irp;

    while (entry != &state->pended) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        entry = entry->Flink;
        if ((queue == NULL || *queue_of(irp) == queue) && take_locked(irp))
            InsertTailList(list, &irp->Tail.Overlay.ListEntry);
    }
}

void sb_pended_cancel_all(struct sb_device *device, PLIST_ENTRY list)
{
    PLIST_ENTRY entry;

    while (!IsListEmpty(list)) {
        entry = RemoveHeadList(list);
        sb_count(device, SB_COUNTER_CANCELLED);
        sb_complete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_CANCELLED, 0);
    }
}

void *sb_pended_output(struct sb_pended *pended, uint32_t *capacity)
{
    return sb_reply_room((PIRP)pended, capacity);
}

/* How many bytes a WRITE can have taken. */
static uint32_t write_length(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    return stack->MajorFunction == IRP_MJ_WRITE ? stack->Parameters.Write.Length : 0;
}

static uint32_t control_input_length(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    return stack->MajorFunction == IRP_MJ_DEVICE_CONTROL
               ? stack->Parameters.DeviceIoControl.InputBufferLength
               : 0;
}

void sb_pended_complete(struct sb_pended *pended, NTSTATUS status, const void *reply, size_t length)
{
    PIRP irp = (PIRP)pended;
    struct sb_device *device = sb_device_of(IoGetCurrentIrpStackLocation(irp)->DeviceObject);
    BOOLEAN writes = IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_WRITE;
    uint32_t capacity;
    void *room = sb_reply_room(irp, &capacity);
    size_t limit = writes ? write_length(irp) : capacity;
    size_t fitting = length < limit ? length : limit;

    if (NT_ERROR(status)) {
        sb_count(device, SB_COUNTER_FAILED);
        fitting = 0;
    } else if (fitting < length && NT_SUCCESS(status)) {
        status = STATUS_BUFFER_OVERFLOW;
    }
    if (!writes && fitting != 0 && reply != room)
        RtlMoveMemory(room, reply, fitting);
    sb_count_call(device, writes ? (uint32_t)fitting : control_input_length(irp),
                  writes ? 0 : (uint32_t)fitting);
    sb_complete(irp, status, fitting);
}
