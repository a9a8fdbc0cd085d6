/*
 * Requests on a device in the program's own machine: commands, reads, writes, each waited for, and
 * operations that go on by themselves.
 */
#include "device_host.h"
#include "operation.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

enum kind { COMMAND, READ, WRITE };

struct request {
    enum kind kind;
    uint32_t code;
    uint64_t offset;
    const void *input;
    uint32_t input_length;
    const void *data; /* METHOD_IN_DIRECT: what the output's memory holds at the start, or NULL */
    void *output;
    uint32_t output_capacity;
};

static bool begin_call(struct sb_client *client)
{
    bool open;

    pthread_mutex_lock(&client->lock);
    open = !client->closing;
    if (open)
        client->calls++;
    pthread_mutex_unlock(&client->lock);
    return open;
}

static void end_call(struct sb_client *client)
{
    pthread_mutex_lock(&client->lock);
    if (--client->calls == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

/* The second buffer, behind the request's input in the block and aligned as pool would be. */
static size_t second_offset(const struct request *request)
{
    return ((size_t)request->input_length + 15) & ~(size_t)15;
}

/* Sends what is in the block. A read's room and a write's bytes are in the block alone. */
static sb_status send_request(struct sb_client *client, struct sb_block *block,
                              const struct request *request)
{
    void *input = request->input_length != 0 ? block->memory : NULL;
    void *second = request->output_capacity != 0 ? block->memory + second_offset(request) : NULL;

    if (request->kind == READ)
        return sb_process_read(client->process, client->file, block->event, &block->result, second,
                               request->output_capacity, (int64_t)request->offset);
    if (request->kind == WRITE)
        return sb_process_write(client->process, client->file, block->event, &block->result, input,
                                request->input_length, (int64_t)request->offset);
    return sb_process_ioctl(client->process, client->file, block->event, &block->result,
                            request->code, input, request->input_length, second,
                            request->output_capacity);
}

static void fill_block(struct sb_block *block, const struct request *request)
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
                              const struct request *request, uint32_t timeout, bool *ended)
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
static size_t transferred(const struct sb_block *block, const struct request *request)
{
    size_t limit = request->kind == WRITE ? request->input_length : request->output_capacity;

    return block->result.information < limit ? (size_t)block->result.information : limit;
}

static enum sb_error call_device(struct sb_client *client, const struct request *request,
                                 size_t *length, uint32_t timeout)
{
    size_t offset = second_offset(request);
    struct sb_block *block = sb_take_block(client, offset + request->output_capacity);
    enum sb_error error;
    bool ended;

    if (block == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, STATUS_NO_MEMORY);
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

static enum sb_error run_request(struct sb_client *client, const struct request *request,
                                 size_t *length, uint32_t timeout)
{
    enum sb_error error;

    if (sb_client_socket(client) != NULL) /* a socket carries sb_call()'s commands alone */
        return sb_fail(SB_ERROR_UNKNOWN_COMMAND, STATUS_NOT_SUPPORTED);
    if (!begin_call(client))
        return sb_fail(SB_ERROR_CLOSED, STATUS_CANCELLED);
    error = call_device(client, request, length, timeout);
    end_call(client);
    return error;
}

static bool fits(const void *buffer, size_t length)
{
    return length <= UINT32_MAX && (buffer != NULL || length == 0);
}

enum sb_error sb_call(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, void *output, size_t output_capacity,
                      size_t *reply_length, uint32_t timeout)
{
    const struct request request = {.kind = COMMAND,
                                    .code = code,
                                    .input = input,
                                    .input_length = (uint32_t)input_length,
                                    .output = output,
                                    .output_capacity = (uint32_t)output_capacity};

    if (client == NULL || !fits(input, input_length) || !fits(output, output_capacity) ||
        SB_CONTROL_CODE_METHOD(code) == SB_METHOD_IN_DIRECT)
        return sb_fail(SB_ERROR_ARGUMENT, STATUS_INVALID_PARAMETER);
    if (sb_client_socket(client) != NULL)
        return sb_socket_call(sb_client_socket(client), code, input, input_length, output,
                              output_capacity, reply_length, timeout);
    return run_request(client, &request, reply_length, timeout);
}

enum sb_error sb_send(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, const void *data, size_t data_length, uint32_t timeout)
{
    const struct request request = {.kind = COMMAND,
                                    .code = code,
                                    .input = input,
                                    .input_length = (uint32_t)input_length,
                                    .data = data_length != 0 ? data : NULL,
                                    .output_capacity = (uint32_t)data_length};

    if (client == NULL || !fits(input, input_length) || !fits(data, data_length) ||
        SB_CONTROL_CODE_METHOD(code) != SB_METHOD_IN_DIRECT)
        return sb_fail(SB_ERROR_ARGUMENT, STATUS_INVALID_PARAMETER);
    return run_request(client, &request, NULL, timeout);
}

enum sb_error sb_read(struct sb_client *client, uint64_t offset, void *buffer, size_t length,
                      size_t *received, uint32_t timeout)
{
    const struct request request = {
        .kind = READ, .offset = offset, .output = buffer, .output_capacity = (uint32_t)length};

    if (client == NULL || !fits(buffer, length) || offset > INT64_MAX)
        return sb_fail(SB_ERROR_ARGUMENT, STATUS_INVALID_PARAMETER);
    return run_request(client, &request, received, timeout);
}

enum sb_error sb_write(struct sb_client *client, uint64_t offset, const void *buffer, size_t length,
                       size_t *sent, uint32_t timeout)
{
    const struct request request = {
        .kind = WRITE, .offset = offset, .input = buffer, .input_length = (uint32_t)length};

    if (client == NULL || !fits(buffer, length) || offset > INT64_MAX)
        return sb_fail(SB_ERROR_ARGUMENT, STATUS_INVALID_PARAMETER);
    return run_request(client, &request, sent, timeout);
}

/* ---- operations ---- */

struct sb_operation {
    struct sb_client *client;
    struct sb_block *block;
    uint32_t capacity;
    bool pends;       /* under way since it was started */
    sb_status status; /* how it ended, unless it pends */
};

enum sb_error sb_operation_create(struct sb_client *client, size_t capacity,
                                  struct sb_operation **operation)
{
    struct sb_operation *made;

    if (sb_client_socket(client) != NULL)
        return sb_fail(SB_ERROR_UNKNOWN_COMMAND, STATUS_NOT_SUPPORTED);
    made = calloc(1, sizeof(*made));
    if (made != NULL && capacity <= UINT32_MAX)
        made->block = sb_take_block(client, capacity);
    if (made == NULL || made->block == NULL) {
        free(made);
        return sb_fail(SB_ERROR_NO_MEMORY, STATUS_NO_MEMORY);
    }
    made->client = client;
    made->capacity = (uint32_t)capacity;
    *operation = made;
    return SB_OK;
}

void sb_operation_start(struct sb_operation *operation, uint32_t code)
{
    const struct request request = {
        .kind = COMMAND, .code = code, .output_capacity = operation->capacity};

    operation->status = send_request(operation->client, operation->block, &request);
    operation->pends = operation->status == SB_STATUS_PENDING;
}

bool sb_operation_wait(struct sb_operation *operation, uint32_t timeout)
{
    if (!operation->pends)
        return true;
    if (!sb_block_is_signalled(operation->client, operation->block, timeout))
        return false;
    operation->pends = false;
    operation->status = operation->block->result.status;
    return true;
}

enum sb_error sb_operation_result(struct sb_operation *operation, const void **reply,
                                  size_t *length)
{
    const struct request request = {.kind = COMMAND, .output_capacity = operation->capacity};
    enum sb_error error = named(operation->status);

    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        *reply = operation->block->memory;
        *length = transferred(operation->block, &request);
    }
    return error;
}

void sb_operation_delete(struct sb_operation *operation)
{
    bool ended = true;

    if (operation == NULL)
        return;
    if (operation->pends && !sb_block_is_signalled(operation->client, operation->block, 0))
        ended = sb_block_cancel(operation->client, operation->block);
    sb_keep_block(operation->client, operation->block, ended);
    free(operation);
}
