/*
 * Notifications: an open's subscription and the posts to it. A subscription, all of it under the
 * device's lock:
 *
 *            SUBSCRIBE                    post, no call waits
 *   NONE ----------------> IDLE ---------------------------------> FILLED --+ post: queued, or the
 *    ^                     |  ^                                    |  |  ^--+ overflow rule
 *    |     NEXT: waits     |  |   NEXT: takes the oldest, was last |  |
 *    |   (pend.c) or post: +--+------------------------------------+  | NEXT: takes the oldest
 *    |   goes to the oldest                                        +--+
 *    |   call that waits
 *    +------- UNSUBSCRIBE, CLEANUP, CLOSE, from IDLE and FILLED alike
 *
 * A NEXT waits only in IDLE, and a post fills the queue only where no NEXT can be taken, so a
 * message never overtakes another: the oldest message goes to the oldest call. (A NEXT that is
 * being cancelled may still be in its queue in FILLED; nobody can take it.)
 *
 * A post finds its subscribers, copies the message and takes their calls in one go under the lock;
 * the calls are completed after it. A subscription that ends takes everything with it under the
 * same lock: a post sees all of it or nothing. CLEANUP sets the open's closing before (open.c):
 * then none begins again, and nothing is left for CLOSE or unload.
 */
#include "internal.h"

/* A message in the queue; its bytes follow. */
struct slot {
    uint64_t question;
    uint32_t length;
    uint32_t reserved;
};

static size_t slot_size(const struct sb_driver *driver)
{
    return sizeof(struct slot) + SB_BATCH_ALIGN(driver->notify.maximum);
}

static struct slot *slot_at(const struct sb_open_state *state, uint32_t position)
{
    const struct sb_driver *driver = state->device->driver;
    uint32_t index = (state->subscription.first + position) % driver->notify.capacity;

    return (struct slot *)(state->subscription.messages + index * slot_size(driver));
}

/* ---- the queue ---- */

static void drop_oldest_locked(struct sb_open_state *state)
{
    struct sb_subscription *subscription = &state->subscription;
    struct slot *slot = slot_at(state, 0);

    if (slot->question != 0)
        sb_question_end_locked(subscription, slot->question, STATUS_DEVICE_BUSY);
    subscription->first = (subscription->first + 1) % state->device->driver->notify.capacity;
    subscription->count--;
    subscription->lost++;
    sb_count(state->device, SB_COUNTER_LOST);
}

static void append_locked(struct sb_open_state *state, uint64_t question, const void *message,
                          uint32_t length)
{
    struct sb_subscription *subscription = &state->subscription;
    struct slot *slot = slot_at(state, subscription->count);

    slot->question = question;
    slot->length = length;
    RtlCopyMemory(slot + 1, message, length);
    subscription->count++;
    if (subscription->count > subscription->highest)
        subscription->highest = subscription->count;
}

/* Writes a notification to a room that NEXT has checked to be large enough; its bytes. */
static uint32_t write_locked(struct sb_open_state *state, void *room, uint64_t question,
                             const void *message, uint32_t length)
{
    struct sb_subscription *subscription = &state->subscription;
    const struct sb_notification notification = {
        .sequence = ++subscription->delivered,
        .lost = subscription->lost,
        .question = question,
        .length = length,
    };

    RtlCopyMemory(room, &notification, sizeof(notification));
    RtlCopyMemory((UCHAR *)room + sizeof(notification), message, length);
    sb_count(state->device, SB_COUNTER_DELIVERED);
    return (uint32_t)sizeof(notification) + length;
}

static uint32_t take_oldest_locked(struct sb_open_state *state, void *room)
{
    struct sb_subscription *subscription = &state->subscription;
    struct slot *slot = slot_at(state, 0);
    uint32_t written = write_locked(state, room, slot->question, slot + 1, slot->length);

    subscription->first = (subscription->first + 1) % state->device->driver->notify.capacity;
    subscription->count--;
    return written;
}

/* ---- posting ---- */

static BOOLEAN is_full(const struct sb_open_state *state)
{
    return state->subscription.count == state->device->driver->notify.capacity;
}

struct sb_open_state *sb_notify_find_locked(struct sb_device *device, uint64_t open_id)
{
    struct sb_open_state *state;
    PLIST_ENTRY entry;

    for (entry = device->opens.Flink; entry != &device->opens; entry = entry->Flink) {
        state = CONTAINING_RECORD(entry, struct sb_open_state, link);
        if (state->open.id == open_id)
            return state->subscription.active ? state : NULL;
    }
    return NULL;
}

/* Refuses where the rule is SB_FAIL_POST and there is no room. */
static BOOLEAN has_room_locked(struct sb_open_state *state)
{
    if (state->device->driver->notify.overflow != SB_FAIL_POST || !is_full(state))
        return TRUE;
    state->subscription.refused++;
    sb_count(state->device, SB_COUNTER_POSTS_REFUSED);
    return FALSE;
}

static void complete_next_locked(struct sb_open_state *state, PIRP irp, uint64_t question,
                                 const void *message, uint32_t length, PLIST_ENTRY completed)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information =
        write_locked(state, irp->AssociatedIrp.SystemBuffer, question, message, length);
    InsertTailList(completed, &irp->Tail.Overlay.ListEntry);
}

/* Hands the message over; the call that gets it, if any, goes to the list. A question that finds no
   room is told so, in place of waiting for an answer that cannot come. */
static NTSTATUS deliver_locked(struct sb_open_state *state, uint64_t question, const void *message,
                               uint32_t length, PLIST_ENTRY completed)
{
    struct sb_subscription *subscription = &state->subscription;
    PIRP irp = subscription->count == 0 ? sb_pended_take_locked(&subscription->next) : NULL;

    sb_count(state->device, SB_COUNTER_POSTED);
    if (irp != NULL) {
        complete_next_locked(state, irp, question, message, length, completed);
        return STATUS_SUCCESS;
    }
    if (is_full(state) && state->device->driver->notify.overflow == SB_DROP_NEWEST) {
        subscription->lost++;
        sb_count(state->device, SB_COUNTER_LOST);
        return question != 0 ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
    }
    if (is_full(state))
        drop_oldest_locked(state);
    append_locked(state, question, message, length);
    return STATUS_SUCCESS;
}

static NTSTATUS post_to_one_locked(struct sb_device *device, uint64_t open_id, uint64_t question,
                                   const void *message, uint32_t length, PLIST_ENTRY completed)
{
    struct sb_open_state *state = sb_notify_find_locked(device, open_id);

    if (state == NULL)
        return STATUS_NOT_FOUND;
    if (!has_room_locked(state))
        return STATUS_DEVICE_BUSY;
    return deliver_locked(state, question, message, length, completed);
}

static NTSTATUS post_to_all_locked(struct sb_device *device, const void *message, uint32_t length,
                                   PLIST_ENTRY completed)
{
    struct sb_open_state *state;
    BOOLEAN room = TRUE;
    PLIST_ENTRY entry;

    for (entry = device->opens.Flink; entry != &device->opens; entry = entry->Flink) {
        state = CONTAINING_RECORD(entry, struct sb_open_state, link);
        if (state->subscription.active && !has_room_locked(state))
            room = FALSE;
    }
    if (!room)
        return STATUS_DEVICE_BUSY;
    for (entry = device->opens.Flink; entry != &device->opens; entry = entry->Flink) {
        state = CONTAINING_RECORD(entry, struct sb_open_state, link);
        if (state->subscription.active)
            deliver_locked(state, 0, message, length, completed);
    }
    return STATUS_SUCCESS;
}

static void complete_all(PLIST_ENTRY completed)
{
    PLIST_ENTRY entry;

    while (!IsListEmpty(completed)) {
        entry = RemoveHeadList(completed);
        IoCompleteRequest(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), IO_NO_INCREMENT);
    }
}

NTSTATUS sb_notify_post_question(struct sb_device *device, uint64_t open_id, uint64_t question,
                                 const void *message, size_t length)
{
    LIST_ENTRY completed;
    NTSTATUS status;
    KIRQL irql;

    InitializeListHead(&completed);
    KeAcquireSpinLock(&device->lock, &irql);
    if (open_id == SB_EVERY_OPEN)
        status = post_to_all_locked(device, message, (uint32_t)length, &completed);
    else
        status =
            post_to_one_locked(device, open_id, question, message, (uint32_t)length, &completed);
    KeReleaseSpinLock(&device->lock, irql);
    complete_all(&completed);
    return status;
}

NTSTATUS sb_notify_post(uint64_t open_id, const void *message, size_t length)
{
    struct sb_device *device = sb_this_device;

    if (device == NULL || device->driver->notify.capacity == 0)
        return STATUS_INVALID_DEVICE_STATE;
    if (length > device->driver->notify.maximum)
        return STATUS_INVALID_BUFFER_SIZE;
    return sb_notify_post_question(device, open_id, 0, message, length);
}

/* ---- subscribing ---- */

static NTSTATUS begin(struct sb_open_state *state, UCHAR *messages)
{
    struct sb_subscription *subscription = &state->subscription;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    KeAcquireSpinLock(&state->device->lock, &irql);
    if (state->closing) {
        status = STATUS_CANCELLED;
    } else if (subscription->active) {
        status = STATUS_INVALID_DEVICE_STATE;
    } else {
        subscription->active = TRUE;
        subscription->messages = messages;
        subscription->first = subscription->count = subscription->highest = 0;
        subscription->delivered = subscription->lost = subscription->refused = 0;
    }
    KeReleaseSpinLock(&state->device->lock, irql);
    return status;
}

static NTSTATUS tell_subscribed(struct sb_call *call)
{
    const struct sb_notify_options *notify = &call->driver->notify;
    const struct sb_subscribed subscribed = {
        .protocol = SB_PROTOCOL_VERSION,
        .overflow = (uint32_t)notify->overflow,
        .notify_capacity = notify->capacity,
        .notify_maximum = notify->maximum,
        .pending_maximum = SB_PENDING_MAXIMUM,
    };

    return sb_reply(call, &subscribed, sizeof(subscribed));
}

NTSTATUS sb_notify_subscribe(struct sb_call *call)
{
    const struct sb_subscribe *subscribe = call->input;
    struct sb_open_state *state;
    NTSTATUS status;
    UCHAR *messages;

    if (call->open == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (subscribe->protocol < SB_PROTOCOL_OLDEST)
        return STATUS_REVISION_MISMATCH;
    if (subscribe->flags != 0)
        return STATUS_INVALID_PARAMETER;
    state = sb_open_state(call->open);
    messages = sb_allocate(call->driver, call->driver->notify.capacity * slot_size(call->driver));
    if (messages == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = begin(state, messages);
    if (!NT_SUCCESS(status)) {
        sb_free(call->driver, messages);
        return status;
    }
    sb_count(state->device, SB_COUNTER_SUBSCRIPTIONS);
    return tell_subscribed(call);
}

static BOOLEAN end(struct sb_open_state *state)
{
    struct sb_subscription *subscription = &state->subscription;
    UCHAR *messages = NULL;
    LIST_ENTRY calls;
    KIRQL irql;

    InitializeListHead(&calls);
    KeAcquireSpinLock(&state->device->lock, &irql);
    if (subscription->active) {
        subscription->active = FALSE;
        messages = subscription->messages;
        sb_question_end_locked(subscription, 0, STATUS_CANCELLED);
        sb_pended_take_all_locked(state, &subscription->next, &calls);
    }
    KeReleaseSpinLock(&state->device->lock, irql);
    if (messages == NULL)
        return FALSE;
    sb_free(state->device->driver, messages);
    sb_pended_cancel_all(state->device, &calls);
    return TRUE;
}

void sb_notify_end(struct sb_open_state *state)
{
    (void)end(state);
}

NTSTATUS sb_notify_unsubscribe(struct sb_call *call)
{
    if (call->open == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    return end(sb_open_state(call->open)) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

/* ---- receiving ---- */

NTSTATUS sb_notify_next(struct sb_call *call)
{
    struct sb_open_state *state;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    if (call->open == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (call->output_capacity < sizeof(struct sb_notification) + call->driver->notify.maximum)
        return STATUS_BUFFER_TOO_SMALL;
    state = sb_open_state(call->open);
    KeAcquireSpinLock(&state->device->lock, &irql);
    if (!state->subscription.active)
        status = STATUS_INVALID_DEVICE_STATE;
    else if (state->subscription.count != 0)
        call->reply_length = take_oldest_locked(state, call->output);
    else
        status = sb_pend_locked(call, &state->subscription.next);
    KeReleaseSpinLock(&state->device->lock, irql);
    return status;
}

static uint32_t waiting_calls_locked(const struct sb_queue *queue)
{
    const LIST_ENTRY *entry;
    uint32_t count = 0;

    for (entry = queue->calls.Flink; entry != &queue->calls; entry = entry->Flink)
        count++;
    return count;
}

NTSTATUS sb_notify_query(struct sb_call *call)
{
    const struct sb_subscription *subscription;
    struct sb_notify_state told = {0};
    struct sb_open_state *state;
    BOOLEAN active;
    KIRQL irql;

    if (call->open == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    state = sb_open_state(call->open);
    subscription = &state->subscription;
    KeAcquireSpinLock(&state->device->lock, &irql);
    active = subscription->active;
    told.delivered = subscription->delivered;
    told.lost = subscription->lost;
    told.refused = subscription->refused;
    told.waiting = subscription->count;
    told.highest = subscription->highest;
    told.pending = waiting_calls_locked(&subscription->next);
    KeReleaseSpinLock(&state->device->lock, irql);
    return active ? sb_reply(call, &told, sizeof(told)) : STATUS_INVALID_DEVICE_STATE;
}
