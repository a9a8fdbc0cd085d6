#include "socket.h"
#include "ring.h"

#include <stdlib.h>

#define DEFAULT_MESSAGE_MAXIMUM 65536u
#define DEFAULT_CAPACITY        0x100000u
#define DEFAULT_SPIN            500u

/* The driver answers at once. */
#define REPORT_TIMEOUT 5000

/* ---- opening ---- */

/* A capacity that was not asked for: enough for the messages. */
static uint32_t capacity_for(uint32_t wanted, uint32_t message_maximum)
{
    uint32_t capacity = DEFAULT_CAPACITY;

    if (wanted != 0)
        return wanted;
    while (sb_lane_message_maximum(capacity) < message_maximum &&
           capacity < SB_RING_CAPACITY_MAXIMUM)
        capacity *= 2;
    return capacity;
}

static struct sb_ring_request request_for(const struct sb_ring_options *options)
{
    static const struct sb_ring_options defaults;
    struct sb_ring_request request = {
        .size = sizeof(request),
        .oldest_version = SB_RING_VERSION,
        .newest_version = SB_RING_VERSION,
    };

    if (options == NULL)
        options = &defaults;
    request.message_maximum =
        options->message_maximum != 0 ? options->message_maximum : DEFAULT_MESSAGE_MAXIMUM;
    request.to_driver_capacity = capacity_for(options->to_driver_capacity, request.message_maximum);
    request.to_client_capacity = capacity_for(options->to_client_capacity, request.message_maximum);
    return request;
}

static enum sb_error refusal_error(uint32_t refusal)
{
    switch (refusal) {
    case SB_RING_ACCEPTED:
        return SB_OK;
    case SB_RING_REFUSED_SIZES:
        return SB_ERROR_RING_SIZES;
    case SB_RING_REFUSED_LIMIT:
        return SB_ERROR_RING_LIMIT;
    case SB_RING_REFUSED_SECOND:
        return SB_ERROR_RING_OPEN;
    case SB_RING_REFUSED_COUNT:
        return SB_ERROR_RING_COUNT;
    default: /* what this release does not know, a newer one does */
        return SB_ERROR_RING_VERSION;
    }
}

static uint32_t spin_of(const struct sb_ring_options *options)
{
    if (options == NULL || options->spin == 0)
        return DEFAULT_SPIN;
    return options->spin == SB_RING_NO_SPIN ? 0 : options->spin;
}

static void open_lanes(struct sb_ring *ring, const struct sb_ring_reply *reply)
{
    unsigned char *to_driver = (unsigned char *)(uintptr_t)reply->view + SB_RING_PAGE;
    unsigned char *to_client = to_driver + reply->to_driver_capacity;

    ring->page = (struct sb_ring_page *)(uintptr_t)reply->view;
    ring->message_maximum = reply->message_maximum;
    ring->events[TO_DRIVER_DATA] = reply->to_driver_data;
    ring->events[TO_DRIVER_SPACE] = reply->to_driver_space;
    ring->events[TO_CLIENT_DATA] = reply->to_client_data;
    ring->events[TO_CLIENT_SPACE] = reply->to_client_space;
    sb_lane_writer_open(&ring->writer, &ring->page->to_driver, to_driver,
                        reply->to_driver_capacity);
    sb_lane_reader_open(&ring->reader, &ring->page->to_client, to_client, reply->to_client_capacity,
                        reply->message_maximum);
}

enum sb_error sb_ring_open(struct sb_client *client, const struct sb_ring_options *options,
                           struct sb_ring **ring)
{
    const struct sb_ring_request request = request_for(options);
    struct sb_ring_reply reply;
    struct sb_ring *opened;
    enum sb_error error;
    size_t length;

    if (client == NULL || ring == NULL)
        return SB_ERROR_ARGUMENT;
    if (sb_client_socket(client) != NULL) /* there is no memory to share with its driver */
        return SB_ERROR_UNKNOWN_COMMAND;
    opened = calloc(1, sizeof(*opened));
    if (opened == NULL)
        return SB_ERROR_NO_MEMORY;
    error = sb_call(client, SB_RING_OPEN, &request, sizeof(request), &reply, sizeof(reply), &length,
                    SB_FOREVER);
    if (error == SB_OK && length < sizeof(reply))
        error = SB_ERROR_RING_VERSION;
    if (error == SB_OK)
        error = refusal_error(reply.refusal);
    if (error != SB_OK) {
        free(opened);
        return error;
    }
    opened->client = client;
    opened->spin = spin_of(options);
    opened->kept_end = &opened->kept;
    open_lanes(opened, &reply);
    *ring = opened;
    return SB_OK;
}

static void free_kept(struct sb_ring *ring)
{
    struct kept_message *message;

    while ((message = ring->kept) != NULL) {
        ring->kept = message->next;
        free(message);
    }
}

void sb_ring_close(struct sb_ring *ring)
{
    int which;

    if (ring == NULL)
        return;
    sb_call(ring->client, SB_RING_CLOSE, NULL, 0, NULL, 0, NULL, SB_FOREVER);
    for (which = 0; which < 4; which++)
        sb_ring_close_event(ring->events[which]);
    sb_ring_unmap_view(ring->page);
    free_kept(ring);
    free(ring);
}

/* ---- what goes on ---- */

size_t sb_ring_message_maximum(const struct sb_ring *ring)
{
    return ring->message_maximum;
}

void sb_ring_get_statistics(const struct sb_ring *ring, struct sb_ring_statistics *statistics)
{
    *statistics = ring->statistics;
}

enum sb_error sb_ring_get_report(struct sb_client *client, struct sb_ring_report *report)
{
    struct sb_ring_report answer;
    enum sb_error error;
    size_t length;

    if (client == NULL || report == NULL)
        return SB_ERROR_ARGUMENT;
    error =
        sb_call(client, SB_RING_REPORT, NULL, 0, &answer, sizeof(answer), &length, REPORT_TIMEOUT);
    if (error == SB_OK && length < sizeof(answer))
        error = SB_ERROR_RING_VERSION;
    if (error == SB_OK)
        *report = answer;
    return error;
}

const char *sb_ring_reason_text(enum sb_ring_reason reason)
{
    switch (reason) {
    case SB_RING_IS_OPEN:
        return "The ring is open.";
    case SB_RING_CLOSED_BY_CLIENT:
        return "The program closed the ring.";
    case SB_RING_CLOSED_BY_DRIVER:
        return "The driver closed the ring.";
    case SB_RING_BAD_INDEX:
        return "A position in the shared memory was impossible.";
    case SB_RING_BAD_RECORD:
        return "A message's length in the shared memory was impossible.";
    case SB_RING_BAD_MESSAGE:
        return "A message was of a kind that the driver does not take.";
    }
    return "The driver closed the ring for a reason that this release does not know.";
}
