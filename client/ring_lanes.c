/*
 * Sending and receiving. What to do about a full or an empty lane: look for a while whether the
 * other side moves, then sleep by the protocol of ring/lane.h.
 */
#include "ring.h"

#include <immintrin.h>
#include <stdlib.h>

uint32_t sb_ring_time_left(struct deadline *deadline)
{
    uint64_t now;

    if (deadline->timeout == SB_FOREVER || deadline->timeout == 0)
        return deadline->timeout;
    now = sb_ring_clock();
    if (deadline->end == 0)
        deadline->end = now + deadline->timeout;
    return now < deadline->end ? (uint32_t)(deadline->end - now) : 0;
}

static bool is_closed(const struct sb_ring *ring)
{
    return atomic_load_explicit(&ring->page->closed, memory_order_relaxed) != 0;
}

/* Why the driver has closed the ring, which only the driver itself can say. */
static enum sb_error closed_error(struct sb_ring *ring)
{
    struct sb_ring_report report;

    if (sb_ring_get_report(ring->client, &report) != SB_OK)
        return SB_ERROR_CLOSED;
    return report.reason == SB_RING_CLOSED_BY_DRIVER || report.reason == SB_RING_CLOSED_BY_CLIENT
               ? SB_ERROR_CLOSED
               : SB_ERROR_RING_BROKEN;
}

/* Looks for a while whether a position moves from where it was last seen. */
static bool spin(const struct sb_ring *ring, const _Atomic uint32_t *position, uint32_t seen)
{
    uint32_t looks;

    for (looks = 0; looks < ring->spin; looks++) {
        if (atomic_load_explicit(position, memory_order_relaxed) != seen)
            return true;
        _mm_pause();
    }
    return false;
}

/* ---- sending ---- */

void sb_ring_flush(struct sb_ring *ring)
{
    if (ring != NULL && sb_lane_publish(&ring->writer)) {
        ring->statistics.doorbells++;
        sb_ring_set_event(ring->events[TO_DRIVER_DATA]);
    }
}

/* SB_OK: look again. */
static enum sb_error wait_for_room(struct sb_ring *ring, struct deadline *deadline)
{
    struct sb_lane_writer *writer = &ring->writer;
    bool in_time = true;
    uint32_t left;

    sb_ring_flush(ring);
    left = sb_ring_time_left(deadline);
    if (left == 0)
        return SB_ERROR_RING_FULL;
    if (spin(ring, &writer->lines->head, writer->head))
        return SB_OK;
    if (sb_lane_writer_may_sleep(writer) && !is_closed(ring)) {
        ring->statistics.send_sleeps++;
        in_time = sb_ring_wait_event(ring->events[TO_DRIVER_SPACE], left);
    }
    sb_lane_writer_woke(writer);
    return in_time ? SB_OK : SB_ERROR_RING_FULL;
}

enum sb_error sb_ring_reserve_until(struct sb_ring *ring, uint32_t length, void **room,
                                    struct deadline *deadline)
{
    enum sb_lane_result result;
    enum sb_error error = SB_OK;

    for (;;) {
        if (is_closed(ring))
            return closed_error(ring);
        result = sb_lane_reserve(&ring->writer, length, room);
        if (result == SB_LANE_OK)
            return SB_OK;
        if (result != SB_LANE_WAIT)
            return SB_ERROR_RING_BROKEN;
        if (error != SB_OK)
            return error;
        error = wait_for_room(ring, deadline);
    }
}

void sb_ring_commit_kind(struct sb_ring *ring, uint32_t length, enum sb_ring_kind kind)
{
    sb_lane_commit(&ring->writer, length, (uint32_t)kind);
    ring->statistics.sent++;
    ring->statistics.sent_bytes += length;
}

static bool is_length(const struct sb_ring *ring, size_t length)
{
    return length != 0 && length <= ring->message_maximum;
}

enum sb_error sb_ring_reserve(struct sb_ring *ring, size_t length, void **room, uint32_t timeout)
{
    struct deadline deadline = {timeout, 0};

    if (ring == NULL || room == NULL || !is_length(ring, length))
        return SB_ERROR_ARGUMENT;
    return sb_ring_reserve_until(ring, (uint32_t)length, room, &deadline);
}

void sb_ring_commit(struct sb_ring *ring, size_t length)
{
    if (ring != NULL && is_length(ring, length))
        sb_ring_commit_kind(ring, (uint32_t)length, SB_RING_MESSAGE);
}

enum sb_error sb_ring_send(struct sb_ring *ring, const void *message, size_t length,
                           uint32_t timeout)
{
    enum sb_error error;
    void *room;

    if (message == NULL)
        return SB_ERROR_ARGUMENT;
    error = sb_ring_reserve(ring, length, &room, timeout);
    if (error != SB_OK)
        return error;
    sb_lane_copy(room, message, (uint32_t)length);
    sb_ring_commit_kind(ring, (uint32_t)length, SB_RING_MESSAGE);
    sb_ring_flush(ring);
    return SB_OK;
}

/* ---- receiving ---- */

static void release(struct sb_ring *ring)
{
    if (sb_lane_release(&ring->reader))
        sb_ring_set_event(ring->events[TO_CLIENT_SPACE]);
}

/* SB_OK: look again. */
static enum sb_error wait_for_message(struct sb_ring *ring, struct deadline *deadline)
{
    struct sb_lane_reader *reader = &ring->reader;
    bool in_time = true;
    uint32_t left;

    release(ring);
    left = sb_ring_time_left(deadline);
    if (left == 0)
        return SB_ERROR_RING_EMPTY;
    if (spin(ring, &reader->lines->tail, reader->tail))
        return SB_OK;
    if (sb_lane_reader_may_sleep(reader) && !is_closed(ring)) {
        ring->statistics.receive_sleeps++;
        in_time = sb_ring_wait_event(ring->events[TO_CLIENT_DATA], left);
    }
    sb_lane_reader_woke(reader);
    return in_time ? SB_OK : SB_ERROR_RING_EMPTY;
}

/* Whether the ring is closed is asked before the lane is looked at: what was sent before the end is
   received before the end is told. */
enum sb_error sb_ring_peek_lane(struct sb_ring *ring, struct sb_lane_message *message,
                                struct deadline *deadline)
{
    enum sb_lane_result result;
    enum sb_error error = SB_OK;
    bool closed;

    for (;;) {
        closed = atomic_load_explicit(&ring->page->closed, memory_order_acquire) != 0;
        result = sb_lane_peek(&ring->reader, message);
        if (result == SB_LANE_OK)
            return SB_OK;
        if (result != SB_LANE_WAIT)
            return SB_ERROR_RING_BROKEN;
        if (closed)
            return closed_error(ring);
        if (error != SB_OK)
            return error;
        error = wait_for_message(ring, deadline);
    }
}

void sb_ring_take_lane(struct sb_ring *ring, const struct sb_lane_message *message)
{
    sb_lane_take(&ring->reader, message);
    if (sb_lane_release_is_due(&ring->reader))
        release(ring);
}

/* The next message of the users' own; answers that nobody waits for any more are dropped. */
static enum sb_error peek_message(struct sb_ring *ring, struct sb_lane_message *message,
                                  struct deadline *deadline)
{
    enum sb_error error;

    if (ring->kept != NULL) {
        *message = (struct sb_lane_message){ring->kept->bytes, (uint32_t)ring->kept->length,
                                            SB_RING_MESSAGE};
        return SB_OK;
    }
    for (;;) {
        error = sb_ring_peek_lane(ring, message, deadline);
        if (error != SB_OK || message->kind == SB_RING_MESSAGE)
            return error;
        sb_ring_take_lane(ring, message);
    }
}

static void take_message(struct sb_ring *ring, const struct sb_lane_message *message)
{
    struct kept_message *kept = ring->kept;

    ring->statistics.received++;
    ring->statistics.received_bytes += message->length;
    if (kept == NULL) {
        sb_ring_take_lane(ring, message);
        return;
    }
    ring->kept = kept->next;
    if (ring->kept == NULL)
        ring->kept_end = &ring->kept;
    free(kept);
}

enum sb_error sb_ring_receive(struct sb_ring *ring, void *buffer, size_t capacity, size_t *length,
                              uint32_t timeout)
{
    struct deadline deadline = {timeout, 0};
    struct sb_lane_message message;
    enum sb_error error;

    if (ring == NULL || length == NULL || (buffer == NULL && capacity != 0))
        return SB_ERROR_ARGUMENT;
    error = peek_message(ring, &message, &deadline);
    if (error != SB_OK)
        return error;
    *length = message.length;
    if (message.length > capacity)
        return SB_ERROR_REPLY_TOO_SMALL;
    sb_lane_copy(buffer, message.bytes, message.length);
    take_message(ring, &message);
    return SB_OK;
}

enum sb_error sb_ring_peek(struct sb_ring *ring, const void **bytes, size_t *length,
                           uint32_t timeout)
{
    struct deadline deadline = {timeout, 0};
    struct sb_lane_message message;
    enum sb_error error;

    if (ring == NULL || bytes == NULL || length == NULL)
        return SB_ERROR_ARGUMENT;
    error = peek_message(ring, &message, &deadline);
    if (error != SB_OK)
        return error;
    *bytes = message.bytes;
    *length = message.length;
    return SB_OK;
}

void sb_ring_take(struct sb_ring *ring)
{
    struct deadline deadline = {0, 0};
    struct sb_lane_message message;

    if (ring != NULL && peek_message(ring, &message, &deadline) == SB_OK)
        take_message(ring, &message);
}
