/*
 * Notifications over a connection. A peer's requests for the next notification are not answered in
 * their turn, but when there is one. They wait here; the oldest is at the device, as a request of
 * the connection's open, which is subscribed as any open is: queue, overflow rule and counters are
 * those of notify.c. A peer that takes nothing asks for nothing, and its messages stay there.
 *
 *          sb_feed_add()           sb_feed_run()                    it has ended, sb_feed_run()
 *   peer -----------------> WAITS ---------------> AT THE DEVICE --------------------------------->
 *                                                      |                        outbox, and peer
 *                                                      +-- sb_feed_close(): cancelled, unanswered
 *
 * Only the connection's thread is here.
 */
#include "socket_internal.h"

/* For any answer without a message. */
#define LEAST_ROOM sizeof(struct sb_socket_header)

NTSTATUS sb_feed_open(struct sb_socket_feed *feed, struct sb_socket_open *open)
{
    const struct sb_driver *driver = sb_device_driver(open->device);
    NTSTATUS status = sb_socket_reserve(driver, &feed->room, LEAST_ROOM, 0);

    if (NT_SUCCESS(status))
        status = sb_request_make(&feed->request, open->device->StackSize);
    if (NT_SUCCESS(status))
        feed->open = open;
    return status;
}

void sb_feed_close(struct sb_socket_feed *feed)
{
    if (feed->open == NULL)
        return;
    if (feed->under_way)
        sb_request_cancel(&feed->request);
    IoFreeIrp(feed->request.irp);
    feed->open = NULL;
}

BOOLEAN sb_feed_add(struct sb_socket_feed *feed, const struct sb_socket_header *request)
{
    ULONG place = (feed->first + feed->count) % SB_SOCKET_NEXT_MAXIMUM;

    if (feed->count == SB_SOCKET_NEXT_MAXIMUM)
        return FALSE;
    feed->waiting[place].sequence = request->sequence;
    feed->waiting[place].capacity = request->capacity;
    feed->count++;
    return TRUE;
}

static struct sb_socket_message describe(const struct sb_socket_feed *feed)
{
    struct sb_socket_message message = {
        .code = SB_NOTIFY_NEXT,
        .output = feed->room.bytes + sizeof(struct sb_socket_header),
        .output_capacity = feed->waiting[feed->first].capacity,
    };

    return message;
}

/* Sends the oldest to the device; STATUS_PENDING, or why not. */
static NTSTATUS begin(struct sb_socket_feed *feed)
{
    ULONG needed = (ULONG)sizeof(struct sb_socket_header) + feed->waiting[feed->first].capacity;
    struct sb_socket_message message;
    NTSTATUS status;

    status = sb_socket_reserve(sb_device_driver(feed->open->device), &feed->room, needed, 0);
    if (!NT_SUCCESS(status))
        return status;
    message = describe(feed);
    status = sb_socket_call_begin(feed->open, &feed->request, &message);
    feed->under_way = status == STATUS_PENDING;
    return status;
}

static NTSTATUS end(struct sb_socket_feed *feed, ULONG *length)
{
    struct sb_socket_message message = describe(feed);

    KeClearEvent(&feed->request.done);
    feed->under_way = FALSE;
    return sb_socket_call_end(feed->open, &feed->request, &message, length);
}

/* Of the oldest, which waits no longer. */
static NTSTATUS answer(struct sb_socket_feed *feed, struct sb_socket_outbox *outbox,
                       NTSTATUS status, ULONG length)
{
    const struct sb_socket_header header = {
        .magic = SB_SOCKET_MAGIC,
        .type = SB_SOCKET_REPLY,
        .length = length,
        .sequence = feed->waiting[feed->first].sequence,
        .status = (uint32_t)status,
    };

    feed->first = (feed->first + 1) % SB_SOCKET_NEXT_MAXIMUM;
    feed->count--;
    return sb_socket_put(outbox, &feed->room, &header);
}

NTSTATUS sb_feed_run(struct sb_socket_feed *feed, struct sb_socket_outbox *outbox)
{
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status) && feed->count != 0) {
        NTSTATUS answered = feed->under_way ? STATUS_PENDING : begin(feed);
        ULONG length = 0;

        if (answered == STATUS_PENDING) {
            if (KeReadStateEvent(&feed->request.done) == 0)
                return STATUS_SUCCESS;
            answered = end(feed, &length);
        }
        status = answer(feed, outbox, answered, length);
    }
    return status;
}
