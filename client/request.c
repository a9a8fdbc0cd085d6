/* Requests that are waited for: their arguments are checked here, the system's file runs them. */
#include "calls.h"
#include "operation.h"
#include "request.h"

static bool fits(const void *buffer, size_t length)
{
    return length <= UINT32_MAX && (buffer != NULL || length == 0);
}

static struct sb_calls *calls_of(struct sb_client *device)
{
    return &((struct sb_device *)device)->calls;
}

static enum sb_error run_request(struct sb_client *device, const struct sb_request *request,
                                 size_t *length, uint32_t timeout)
{
    enum sb_error error;

    if (!sb_calls_begin(calls_of(device)))
        return sb_refuse(SB_ERROR_CLOSED);
    error = sb_device_call(device, request, length, timeout);
    sb_calls_end(calls_of(device));
    return error;
}

/* A socket carries sb_call()'s commands alone. */
static enum sb_error run_on_device(struct sb_client *client, const struct sb_request *request,
                                   size_t *length, uint32_t timeout)
{
    if (sb_client_socket(client) != NULL)
        return sb_refuse(SB_ERROR_UNKNOWN_COMMAND);
    return run_request(client, request, length, timeout);
}

enum sb_error sb_call(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, void *output, size_t output_capacity,
                      size_t *reply_length, uint32_t timeout)
{
    const struct sb_request request = {.kind = SB_REQUEST_COMMAND,
                                       .code = code,
                                       .input = input,
                                       .input_length = (uint32_t)input_length,
                                       .output = output,
                                       .output_capacity = (uint32_t)output_capacity};

    if (client == NULL || !fits(input, input_length) || !fits(output, output_capacity) ||
        SB_CONTROL_CODE_METHOD(code) == SB_METHOD_IN_DIRECT)
        return sb_refuse(SB_ERROR_ARGUMENT);
    if (sb_client_socket(client) != NULL)
        return sb_socket_call(sb_client_socket(client), code, input, input_length, output,
                              output_capacity, reply_length, timeout);
    return run_request(client, &request, reply_length, timeout);
}

enum sb_error sb_send(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, const void *data, size_t data_length, uint32_t timeout)
{
    const struct sb_request request = {.kind = SB_REQUEST_COMMAND,
                                       .code = code,
                                       .input = input,
                                       .input_length = (uint32_t)input_length,
                                       .data = data_length != 0 ? data : NULL,
                                       .output_capacity = (uint32_t)data_length};

    if (client == NULL || !fits(input, input_length) || !fits(data, data_length) ||
        SB_CONTROL_CODE_METHOD(code) != SB_METHOD_IN_DIRECT)
        return sb_refuse(SB_ERROR_ARGUMENT);
    return run_on_device(client, &request, NULL, timeout);
}

enum sb_error sb_read(struct sb_client *client, uint64_t offset, void *buffer, size_t length,
                      size_t *received, uint32_t timeout)
{
    const struct sb_request request = {.kind = SB_REQUEST_READ,
                                       .offset = offset,
                                       .output = buffer,
                                       .output_capacity = (uint32_t)length};

    if (client == NULL || !fits(buffer, length) || offset > INT64_MAX)
        return sb_refuse(SB_ERROR_ARGUMENT);
    return run_on_device(client, &request, received, timeout);
}

enum sb_error sb_write(struct sb_client *client, uint64_t offset, const void *buffer, size_t length,
                       size_t *sent, uint32_t timeout)
{
    const struct sb_request request = {.kind = SB_REQUEST_WRITE,
                                       .offset = offset,
                                       .input = buffer,
                                       .input_length = (uint32_t)length};

    if (client == NULL || !fits(buffer, length) || offset > INT64_MAX)
        return sb_refuse(SB_ERROR_ARGUMENT);
    return run_on_device(client, &request, sent, timeout);
}

enum sb_error sb_operation_create(struct sb_client *client, size_t capacity,
                                  struct sb_operation **operation)
{
    if (sb_client_socket(client) != NULL)
        return sb_socket_operation_create(sb_client_socket(client), capacity, operation);
    return sb_device_operation_create(client, capacity, operation);
}

static void end_device_calls(struct sb_client *device)
{
    sb_calls_close(calls_of(device), sb_device_cancel, device);
    /* Nothing is sent any more: what subscriptions have sent ends with this. */
    sb_device_cancel(device);
}

void sb_end_calls(struct sb_client *client)
{
    if (client == NULL)
        return;
    if (sb_client_socket(client) != NULL)
        sb_socket_end_calls(sb_client_socket(client));
    else
        end_device_calls(client);
}

void sb_close(struct sb_client *client)
{
    if (client == NULL)
        return;
    if (sb_client_socket(client) != NULL) {
        sb_socket_close(sb_client_socket(client));
        return;
    }
    end_device_calls(client);
    sb_device_close(client);
}
