/*
 * Requests on a device in the program's own machine: commands, reads, writes, each waited for, and
 * operations that go on by themselves.
 */
#include "device_host.h"
#include "operation.h"
#include "request.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

/* The second buffer, behind the request's input in the block and aligned as pool would be. */
static size_t second_offset(const struct sb_request *request)
{
    return ((size_t)request->input_length + 15) & ~(size_t)15;
}

/* Sends what is in the block. A read's room and a write's bytes are in the block alone. */
static sb_status send_request(struct sb_client *client, struct sb_block *block,
                              const struct sb_request *request)
{
    void *input = request->input_length != 0 ? block->memory : NULL;
    void *second = request->output_capacity != 0 ? block->memory + second_offset(request) : NULL;

    if (request->kind == SB_REQUEST_READ)
        return sb_process_read(client->process, client->file, block->event, &block->result, second,
                               request->output_capacity, (int64_t)request->offset);
    if (request->kind == SB_REQUEST_WRITE)
        return sb_process_write(client->process, client->file, block->event, &block->result, input,
                                request->input_length, (int64_t)request->offset);
    return sb_process_ioctl(client->process, client->file, block->event, &block->result,
                            request->code, input, request->input_length, second,
                            request->output_capacity);
}

static void fill_block(struct sb_block *block, const struct sb_request *request)
{
    if (request->input_length != 0)
        memcpy(block->memory, request->input, request->input_length);
    if (request->data != NULL)
        memcpy(block->memory + second_offset(request), request->data, request->output_capacity);
}

static enum sb_error named(sb_status status)
{
    enum sb_error error = sb_status_error((uint32_t)status);

    return error == SB_OK ? SB_OK : sb_fail(error, status);
}

/* Runs one call to its end, or to where it is given up. */
static enum sb_error run_call(struct sb_client *client, struct sb_block *block,
                              const struct sb_request *request, uint32_t timeout, bool *ended)
{
    bool timed_out = false;
    sb_status status;

    *ended = true;
    fill_block(block, request);
    status = send_request(client, block, request);
    if (status == SB_STATUS_PENDING) {
        timed_out = !sb_block_is_signalled(client, block, timeout);
        if (timed_out)
            *ended = sb_block_cancel(client, block);
        status = *ended ? block->result.status : SB_STATUS_TIMEOUT;
    }
    if (timed_out && (!*ended || status == STATUS_CANCELLED))
        return sb_fail(SB_ERROR_TIMEOUT, status);
    return named(status);
}

/* The bytes that came, or of a write, that went. */
static size_t transferred(const struct sb_block *block, const struct sb_request *request)
{
    size_t limit =
        request->kind == SB_REQUEST_WRITE ? request->input_length : request->output_capacity;

    return block->result.information < limit ? (size_t)block->result.information : limit;
}

enum sb_error sb_device_call(struct sb_client *client, const struct sb_request *request,
                             size_t *length, uint32_t timeout)
{
    size_t offset = second_offset(request);
    struct sb_block *block = sb_take_block(client, offset + request->output_capacity);
    enum sb_error error;
    bool ended;

    if (block == NULL)
        return sb_refuse(SB_ERROR_NO_MEMORY);
    error = run_call(client, block, request, timeout, &ended);
    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        if (request->output != NULL && transferred(block, request) != 0)
            memcpy(request->output, block->memory + offset, transferred(block, request));
        if (length != NULL)
            *length = transferred(block, request);
    }
    sb_keep_block(client, block, ended);
    return error;
}

/* ---- operations ---- */

struct device_operation {
    struct sb_operation head;
    struct sb_client *client;
    struct sb_block *block;
    uint32_t capacity;
    bool pends;       /* under way since it was started */
    sb_status status; /* how it ended, unless it pends */
};

static struct device_operation *of_device(struct sb_operation *operation)
{
    return (struct device_operation *)operation;
}

static void start(struct sb_operation *started, uint32_t code)
{
    struct device_operation *operation = of_device(started);
    const struct sb_request request = {
        .kind = SB_REQUEST_COMMAND, .code = code, .output_capacity = operation->capacity};

    operation->status = STATUS_CANCELLED;
    if (sb_calls_begin(&operation->client->device
                            .calls)) { /* while it is sent: who ends the calls cancels it then */
        operation->status = send_request(operation->client, operation->block, &request);
        sb_calls_end(&operation->client->device.calls);
    }
    operation->pends = operation->status == SB_STATUS_PENDING;
}

static bool wait(struct sb_operation *awaited, uint32_t timeout)
{
    struct device_operation *operation = of_device(awaited);

    if (!operation->pends)
        return true;
    if (!sb_block_is_signalled(operation->client, operation->block, timeout))
        return false;
    operation->pends = false;
    operation->status = operation->block->result.status;
    return true;
}

static enum sb_error result(struct sb_operation *ended, const void **reply, size_t *length)
{
    struct device_operation *operation = of_device(ended);
    const struct sb_request request = {.kind = SB_REQUEST_COMMAND,
                                       .output_capacity = operation->capacity};
    enum sb_error error = named(operation->status);

    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        *reply = operation->block->memory;
        *length = transferred(operation->block, &request);
    }
    return error;
}

static void discard(struct sb_operation *discarded)
{
    struct device_operation *operation = of_device(discarded);
    bool ended = true;

    if (operation->pends && !sb_block_is_signalled(operation->client, operation->block, 0))
        ended = sb_block_cancel(operation->client, operation->block);
    sb_keep_block(operation->client, operation->block, ended);
    free(operation);
}

static const struct sb_operation_methods methods = {start, wait, result, discard};

enum sb_error sb_device_operation_create(struct sb_client *client, size_t capacity,
                                         struct sb_operation **operation)
{
    struct device_operation *made;

    made = calloc(1, sizeof(*made));
    if (made != NULL && capacity <= UINT32_MAX)
        made->block = sb_take_block(client, capacity);
    if (made == NULL || made->block == NULL) {
        free(made);
        return sb_refuse(SB_ERROR_NO_MEMORY);
    }
    made->client = client;
    made->capacity = (uint32_t)capacity;
    made->head.methods = &methods;
    *operation = &made->head;
    return SB_OK;
}
