/*
 * Calls of commands by the ring. The answer comes among the driver's messages, which are kept in
 * their order for whoever receives next.
 */
#include "ring.h"

#include <stdlib.h>

static enum sb_error keep(struct sb_ring *ring, const struct sb_lane_message *message)
{
    struct kept_message *kept = malloc(sizeof(*kept) + message->length);

    if (kept == NULL)
        return SB_ERROR_NO_MEMORY;
    kept->next = NULL;
    kept->length = message->length;
    memcpy(kept->bytes, message->bytes, message->length);
    *ring->kept_end = kept;
    ring->kept_end = &kept->next;
    return SB_OK;
}

static enum sb_error send_call(struct sb_ring *ring, const struct sb_ring_call *call,
                               const void *input, size_t input_length, struct deadline *deadline)
{
    uint32_t length = (uint32_t)(sizeof(*call) + input_length);
    enum sb_error error;
    void *room;

    error = sb_ring_reserve_until(ring, length, &room, deadline);
    if (error != SB_OK)
        return error;
    memcpy(room, call, sizeof(*call));
    if (input_length != 0)
        memcpy((unsigned char *)room + sizeof(*call), input, input_length);
    sb_ring_commit_kind(ring, length, SB_RING_CALL);
    sb_ring_flush(ring);
    return SB_OK;
}

/* Takes what comes until it is the answer; that one is still the next then. */
static enum sb_error wait_for_answer(struct sb_ring *ring, uint64_t tag,
                                     struct sb_lane_message *message, struct deadline *deadline)
{
    struct sb_ring_answer answer;
    enum sb_error error;

    for (;;) {
        error = sb_ring_peek_lane(ring, message, deadline);
        if (error != SB_OK)
            return error == SB_ERROR_RING_EMPTY ? SB_ERROR_TIMEOUT : error;
        if (message->kind == SB_RING_REPLY && message->length >= sizeof(answer)) {
            memcpy(&answer, message->bytes, sizeof(answer));
            if (answer.tag == tag)
                return SB_OK;
        } else if (message->kind == SB_RING_MESSAGE) {
            error = keep(ring, message);
            if (error != SB_OK)
                return error;
        }
        sb_ring_take_lane(ring, message);
    }
}

/* The error of an answer; its output where there is one. */
static enum sb_error read_answer(const struct sb_lane_message *message, void *output,
                                 size_t output_capacity, size_t *reply_length)
{
    struct sb_ring_answer answer;
    enum sb_error error;
    size_t length;

    memcpy(&answer, message->bytes, sizeof(answer));
    length = message->length - sizeof(answer);
    if (length > output_capacity)
        length = output_capacity;
    error = sb_ring_status_error(answer.status);
    if (error != SB_OK && error != SB_ERROR_TRUNCATED)
        return error;
    if (length != 0)
        memcpy(output, (const unsigned char *)message->bytes + sizeof(answer), length);
    if (reply_length != NULL)
        *reply_length = length;
    return error;
}

static bool fits(const struct sb_ring *ring, const void *buffer, size_t length)
{
    return length <= ring->message_maximum - sizeof(struct sb_ring_call) &&
           (buffer != NULL || length == 0);
}

enum sb_error sb_ring_call(struct sb_ring *ring, uint32_t code, const void *input,
                           size_t input_length, void *output, size_t output_capacity,
                           size_t *reply_length, uint32_t timeout)
{
    struct deadline deadline = {timeout, 0};
    struct sb_lane_message message;
    struct sb_ring_call call;
    enum sb_error error;

    if (ring == NULL || !fits(ring, input, input_length) || !fits(ring, output, output_capacity))
        return SB_ERROR_ARGUMENT;
    call = (struct sb_ring_call){code, (uint32_t)output_capacity, ++ring->next_tag};
    error = send_call(ring, &call, input, input_length, &deadline);
    if (error == SB_OK)
        error = wait_for_answer(ring, call.tag, &message, &deadline);
    if (error != SB_OK)
        return error;
    error = read_answer(&message, output, output_capacity, reply_length);
    sb_ring_take_lane(ring, &message);
    return error;
}
