/*
 * A batch as the application builds it, and as it goes to the driver: include/sysbuf/protocol.h
 * says how it is laid out.
 */
#include "status.h"

#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAXIMUM 4096u

struct command {
    struct sb_batch_item item; /* input_offset is from the start of inputs here */
};

struct sb_batch {
    struct command *commands;
    size_t count;
    size_t command_room;
    unsigned char *inputs;
    size_t input_length; /* a multiple of 8 */
    size_t input_room;
    uint64_t reply_length; /* of all replies */
    unsigned char *answer; /* of the last call, NULL if there was none */
    size_t answer_length;
};

struct sb_batch *sb_batch_create(void)
{
    return calloc(1, sizeof(struct sb_batch));
}

static void forget_answer(struct sb_batch *batch)
{
    free(batch->answer);
    batch->answer = NULL;
}

void sb_batch_delete(struct sb_batch *batch)
{
    if (batch == NULL)
        return;
    forget_answer(batch);
    free(batch->commands);
    free(batch->inputs);
    free(batch);
}

/* The memory with room for needed elements, perhaps elsewhere; NULL, and it is as before, if there
   is none. Grows by half, so that adding takes constant time in the mean. */
static void *reserve(void *memory, size_t *room, size_t needed, size_t size)
{
    size_t wanted = *room + *room / 2;
    void *grown;

    if (needed <= *room)
        return memory;
    if (wanted < needed)
        wanted = needed;
    grown = realloc(memory, wanted * size);
    if (grown != NULL)
        *room = wanted;
    return grown;
}

static bool reserve_for(struct sb_batch *batch, size_t input_length)
{
    void *memory =
        reserve(batch->commands, &batch->command_room, batch->count + 1, sizeof(*batch->commands));

    if (memory == NULL)
        return false;
    batch->commands = memory;
    if (input_length == 0)
        return true;
    memory = reserve(batch->inputs, &batch->input_room, batch->input_length + input_length, 1);
    if (memory == NULL)
        return false;
    batch->inputs = memory;
    return true;
}

static size_t request_length(size_t count)
{
    return sizeof(struct sb_batch_request) + count * sizeof(struct sb_batch_item);
}

/* Does all fit into a request and an answer of less than 4 GiB with one more command? */
static bool fits(const struct sb_batch *batch, size_t input_length, size_t output_capacity)
{
    uint64_t request = (uint64_t)request_length(batch->count + 1) + batch->input_length;
    uint64_t answer = SB_BATCH_OUTPUT_FIXED(batch->count + 1) + batch->reply_length;

    if (batch->count == COMMANDS_MAXIMUM || input_length >= UINT32_MAX ||
        output_capacity >= UINT32_MAX)
        return false;
    return request + SB_BATCH_ALIGN(input_length) < UINT32_MAX &&
           answer + SB_BATCH_ALIGN(output_capacity) < UINT32_MAX;
}

enum sb_error sb_batch_add(struct sb_batch *batch, uint32_t code, const void *input,
                           size_t input_length, size_t output_capacity)
{
    size_t aligned = (size_t)SB_BATCH_ALIGN(input_length);
    struct command *command;

    if (batch == NULL || (input == NULL && input_length != 0) ||
        !fits(batch, input_length, output_capacity))
        return SB_ERROR_ARGUMENT;
    if (!reserve_for(batch, aligned))
        return SB_ERROR_NO_MEMORY;
    command = &batch->commands[batch->count++];
    command->item.code = code;
    command->item.input_offset = (uint32_t)batch->input_length;
    command->item.input_length = (uint32_t)input_length;
    command->item.output_capacity = (uint32_t)output_capacity;
    if (aligned != 0) {
        memset(batch->inputs + batch->input_length + aligned - 8, 0, 8);
        memcpy(batch->inputs + batch->input_length, input, input_length);
    }
    batch->input_length += aligned;
    batch->reply_length += SB_BATCH_ALIGN(output_capacity);
    forget_answer(batch);
    return SB_OK;
}

static unsigned char *build_request(const struct sb_batch *batch, uint32_t flags, size_t length)
{
    const struct sb_batch_request head = {1, flags, (uint32_t)batch->count, 0};
    uint32_t inputs = (uint32_t)request_length(batch->count);
    unsigned char *request = malloc(length);
    struct sb_batch_item item;
    size_t index;

    if (request == NULL)
        return NULL;
    memcpy(request, &head, sizeof(head));
    for (index = 0; index < batch->count; index++) {
        item = batch->commands[index].item;
        item.input_offset += inputs;
        memcpy(request + request_length(index), &item, sizeof(item));
    }
    if (batch->input_length != 0)
        memcpy(request + inputs, batch->inputs, batch->input_length);
    return request;
}

/* A driver is believed no more than a client: what does not hold together is no answer. */
static bool is_sound(const struct sb_batch *batch, const unsigned char *answer, size_t length)
{
    const struct sb_batch_reply *head = (const void *)answer;
    const struct sb_batch_result *result = (const void *)(head + 1);
    size_t index;

    if (length < SB_BATCH_OUTPUT_FIXED(batch->count) || head->format != 1 ||
        head->count != batch->count)
        return false;
    for (index = 0; index < batch->count; index++)
        if (result[index].reply_length > batch->commands[index].item.output_capacity ||
            result[index].reply_offset > length ||
            result[index].reply_length > length - result[index].reply_offset)
            return false;
    return true;
}

static enum sb_error call(struct sb_client *client, struct sb_batch *batch,
                          const unsigned char *request, size_t length, uint32_t timeout)
{
    size_t capacity = (size_t)(SB_BATCH_OUTPUT_FIXED(batch->count) + batch->reply_length);
    unsigned char *answer = malloc(capacity);
    enum sb_error error;
    size_t received;

    if (answer == NULL)
        return SB_ERROR_NO_MEMORY;
    error = sb_call(client, SB_BATCH, request, length, answer, capacity, &received, timeout);
    if (error == SB_OK && !is_sound(batch, answer, received))
        error = SB_ERROR_SYSTEM;
    if (error != SB_OK) {
        free(answer);
        return error;
    }
    forget_answer(batch);
    batch->answer = answer;
    batch->answer_length = received;
    return SB_OK;
}

enum sb_error sb_batch_call(struct sb_client *client, struct sb_batch *batch, uint32_t flags,
                            uint32_t timeout)
{
    unsigned char *request;
    enum sb_error error;
    size_t length;

    if (client == NULL || batch == NULL || batch->count == 0)
        return SB_ERROR_ARGUMENT;
    length = request_length(batch->count) + batch->input_length;
    request = build_request(batch, flags, length);
    if (request == NULL)
        return SB_ERROR_NO_MEMORY;
    error = call(client, batch, request, length, timeout);
    free(request);
    return error;
}

enum sb_error sb_batch_result(const struct sb_batch *batch, size_t index, const void **reply,
                              size_t *reply_length)
{
    const struct sb_batch_result *results;
    enum sb_error error;

    if (batch == NULL || batch->answer == NULL || index >= batch->count)
        return SB_ERROR_ARGUMENT;
    results = (const void *)(batch->answer + sizeof(struct sb_batch_reply));
    error = sb_status_error(results[index].status);
    if (error != SB_OK && error != SB_ERROR_TRUNCATED)
        return error;
    if (reply != NULL)
        *reply = batch->answer + results[index].reply_offset;
    if (reply_length != NULL)
        *reply_length = results[index].reply_length;
    return error;
}
